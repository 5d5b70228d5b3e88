// Panics, or ends its thread, when it is asked to; and writes each event of the fleet that comes of it to standard output.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.text("hello"));
server.addExactPath("/throw", () => {
  throw new Error("a secret of the handler");
});
server.addExactPath("/exit", () => Deno.exit(7));

await server.run({ ...options.run, onEvent: (event) => console.log(JSON.stringify(event)) });
