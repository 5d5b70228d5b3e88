// A program whose responses the runtime compresses.

const text = "a line that comes often\n".repeat(100);

// The types do not have the option yet.
const options: Deno.ServeTcpOptions & { automaticCompression: boolean } = {
  automaticCompression: true,
};

Deno.serve(options, ({ url }) => {
  if (url.endsWith("/short")) return new Response("short");
  if (url.endsWith("/image")) {
    return new Response(text, { headers: { "content-type": "image/png" } });
  }
  return new Response(text, { headers: { etag: '"1"' } });
});
