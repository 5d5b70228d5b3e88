// Mudpie with its defaults, and no log of requests but where that is what is measured.

import { type ListenMode, WebResponse, WebServer, type WebServerOptions } from "../../../mod.ts";
import { addPaths } from "./mudpie_app.ts";
import { hostname, port, routes, setting, workers } from "./settings.js";

const server = new WebServer({
  accessLog: setting("BENCH_LOG") as WebServerOptions["accessLog"] ?? "off",
});
addPaths((path, handler) => server.addExactPath(path, handler), routes);

/** A panic, for the tail under trouble. */
server.addExactPath("/panic", () => {
  throw new Error("A handler that panics");
});

/** Which worker has got a connection. */
server.addExactPath(
  "/worker",
  () => WebResponse.text((globalThis as { name?: string }).name ?? ""),
);

await server.run({
  hostname,
  port,
  workers,
  listen: setting("BENCH_LISTEN") as ListenMode | undefined,
  admin: setting("BENCH_ADMIN") === undefined ? undefined : { port: 0 },
});
