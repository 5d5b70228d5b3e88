// Throws in the worker, before run().

import { WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

if (WebServer.isWorker) throw new Error("no database today");
await server.run(options.run ?? {});
