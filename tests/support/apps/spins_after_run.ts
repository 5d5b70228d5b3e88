// Spins in the worker behind `await server.run()`: it drains as it should, and then does not end.

import { WebServer } from "../../../mod.ts";
import { appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/worker", tellWorker);

await server.run(options.run ?? {});
if (WebServer.isWorker) {
  for (;;);
}
