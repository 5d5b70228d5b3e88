// Has code after `await server.run()`.

import { WebResponse, WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.text("hello"));

await server.run(options.run ?? {});
// A turn of the event loop, as closing a database takes one.
await new Promise((resolve) => setTimeout(resolve));
console.log(WebServer.isWorker ? "final message of a worker" : "final message of the main thread");
