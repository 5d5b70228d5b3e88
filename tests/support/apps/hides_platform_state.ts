// An application on a platform that shows nothing of the state of its objects, as another version of
// Deno may.

import { fetchHandler } from "../../../mod.ts";
import { reportRequest } from "../fetch_apps/request_report.ts";
import { appOptions, appServer } from "../servers/app.ts";

Object.getOwnPropertySymbols = () => [];

const server = appServer(appOptions(import.meta.url));
server.addPath("/echo", fetchHandler(reportRequest));
await server.run();
