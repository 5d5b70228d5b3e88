// Has something to do behind `await server.run()`.

import { WebResponse, WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.text("hello"));

await server.run(options.run ?? {});
// A turn of the loop, as closing a database would take it.
await new Promise((resolve) => setTimeout(resolve));
console.log(WebServer.isWorker ? "farewell of a worker" : "farewell of the main thread");
