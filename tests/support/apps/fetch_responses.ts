// The application of fetch_apps/responses.ts in workers. It is loaded before the library.

import { app } from "../fetch_apps/responses.ts";
import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const server = appServer(appOptions(import.meta.url));
server.addPath("/", fetchHandler(app.fetch));
await server.run();
