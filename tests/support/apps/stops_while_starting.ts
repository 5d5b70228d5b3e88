// Is told to stop when the first of its workers accepts, and the others do not yet.

import { WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

let isTold = false;
await server.run({
  ...options.run,
  onEvent: ({ kind }) => {
    if (kind !== "accepting" || isTold) return;
    isTold = true;
    Deno.kill(Deno.pid, "SIGTERM");
  },
});
if (!WebServer.isWorker) console.log("behind run()");
