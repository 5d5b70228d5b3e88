// Adds a path while it runs.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

const finished = server.run(options.run ?? {});
server.addPath("/late", () => WebResponse.text("too late"));
await finished;
