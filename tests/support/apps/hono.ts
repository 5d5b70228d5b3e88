// The application of examples/hono.ts in workers.

import { app } from "../../../examples/hono.ts";
import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const server = appServer(appOptions(import.meta.url));
server.addPath("/", fetchHandler(app.fetch));
await server.run();
