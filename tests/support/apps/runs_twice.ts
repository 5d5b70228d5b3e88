// Calls run() while it runs.

import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.run(options.run ?? {});
await server.run(options.run ?? {});
