// Throws in the worker, before run(), after having waited for something.

import { WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

await new Promise((resolve) => setTimeout(resolve, 1));
if (WebServer.isWorker) throw new Error("no database today");
await server.run(options.run ?? {});
