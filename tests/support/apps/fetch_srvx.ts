// The application of fetch_apps/srvx.ts in workers.

import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import { app } from "../fetch_apps/srvx.ts";

const server = appServer(appOptions(import.meta.url));
server.addPath("/", fetchHandler(app.fetch));
await server.run();
