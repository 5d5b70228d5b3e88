// Gives a value of the request back in the head of its response, in each of the ways of reflections.ts, over its own socket or
// mounted in `Deno.serve`.

import { fetchHandler, type Handler, HttpError, WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import { HONEST_WAYS, HOSTILE_WAYS, RESPONSES, RESULTS } from "../requests/reflections.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

for (const [way, reflect] of Object.entries({ ...HONEST_WAYS, ...HOSTILE_WAYS })) {
  const path = `/way/${encodeURIComponent(way)}` as const;
  server.addExactPath(path, (req) => reflect(req.query.get("value") ?? ""));
}
for (const [name, respond] of Object.entries(RESPONSES)) {
  server.addExactPath(`/response/${name}`, respond);
  server.addExactPath(
    `/fetched/${name}`,
    fetchHandler(respond as () => Response | Promise<Response>),
  );
}
for (const [type, make] of Object.entries(RESULTS)) {
  server.addExactPath(`/result/${type}`, (() => make()) as Handler);
  server.addExactPath(`/result/${type}/later`, (() => Promise.resolve(make())) as Handler);
}
server.addExactPath("/well", () => WebResponse.text("well"));
server.addExactPath("/panic", () => {
  throw new Error("a panic");
});
server.addExactPath("/error", () => {
  throw new HttpError(404, "missing");
});

if (Deno.args[1] === "Deno.serve") {
  Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => console.log(`port ${port}`),
  }, server.fetch);
} else {
  await server.run(options.run ?? {});
}
