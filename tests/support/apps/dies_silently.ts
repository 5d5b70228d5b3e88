// Ends its own thread without a word, in each of the ways that there are, while it may have other requests in flight.

import process from "node:process";
import { WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/worker", tellWorker);
server.addExactPath("/gate/:port", answerFromGate);
server.addExactPath("/close", () => {
  (globalThis as unknown as { close(): void }).close();
  return WebResponse.text("closing");
});
server.addExactPath("/deno-exit", () => Deno.exit(7));
server.addExactPath("/process-exit", () => process.exit(7));

await server.run(options.run ?? {});
