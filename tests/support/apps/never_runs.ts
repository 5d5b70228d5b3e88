// Does not call run() in the worker.

import { WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

if (!WebServer.isWorker) await server.run(options.run ?? {});
