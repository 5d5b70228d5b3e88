// The cases of the fidelity suite in a program that calls `run()` with a `fetchHandler()`.

import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import application from "./fetch_fidelity.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);
server.addPath("/", fetchHandler(application.fetch));
await server.run(options.run ?? {});
