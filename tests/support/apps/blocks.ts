// Blocks its thread for as long as a request asks, as a debugger at a breakpoint does.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/worker", tellWorker);
server.addExactPath("/block/:ms", (req) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(req.params.ms));
  return WebResponse.text("blocked");
});

await server.run(options.run ?? {});
