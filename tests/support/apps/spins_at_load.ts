// Spins in the worker, behind a run() that nobody awaits: the worker never comes to accept.

import { WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

const finished = server.run(options.run ?? {});
if (WebServer.isWorker) {
  for (;;);
}
await finished;
