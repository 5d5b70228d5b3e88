// Spins in the worker behind `await server.run()`: it drains as it should, and then does not end.

import { WebResponse, WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath(
  "/worker",
  () => WebResponse.text((globalThis as { name?: string }).name ?? ""),
);

await server.run(options.run ?? {});
if (WebServer.isWorker) {
  for (;;);
}
