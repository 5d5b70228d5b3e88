// A program without a framework, as the manual of Deno begins: a handler alone.

Deno.serve(async (request, info) => {
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case "/":
      return new Response("hello");
    case "/json":
      return Response.json({ name: searchParams.get("name"), peer: info.remoteAddr.hostname });
    case "/echo":
      return new Response(await request.arrayBuffer(), {
        headers: { "content-type": request.headers.get("content-type") ?? "text/plain" },
      });
    case "/form": {
      const form = await request.formData();
      const file = form.get("file") as File;
      return Response.json({ name: form.get("name"), size: file.size, text: await file.text() });
    }
    case "/cookies":
      return new Response(null, {
        status: 204,
        headers: [["set-cookie", "a=1"], ["set-cookie", "b=2; HttpOnly"]],
      });
    case "/stream":
      return new Response(
        ReadableStream.from(["one ", "two"]).pipeThrough(new TextEncoderStream()),
      );
    case "/endless":
      return new Response(
        new ReadableStream({ start: (part) => part.enqueue(new TextEncoder().encode("first")) }),
      );
    case "/redirect":
      return Response.redirect("http://localhost/", 303);
    case "/fails":
      throw new Error("on purpose");
    default:
      return new Response("nowhere", { status: 404 });
  }
});
