// Has its workers wait at a gate before they serve.

import { WebResponse, WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import { passGate } from "../servers/gate.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.text("hello"));

if (WebServer.isWorker && options.gatePort !== undefined) await passGate(options.gatePort);
await server.run(options.run ?? {});
