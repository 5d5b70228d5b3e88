// Ends its own thread without a word, in each of the ways that there are, while it may have other requests in flight.

import process from "node:process";
import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../app.ts";
import { passGate } from "../gate.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath(
  "/worker",
  () => WebResponse.text((globalThis as { name?: string }).name ?? ""),
);
/** Answers with what the test says at the gate. */
server.addExactPath(
  "/gate/:port",
  async (req) => WebResponse.text(await passGate(Number(req.params.port))),
);
server.addExactPath("/close", () => {
  (globalThis as unknown as { close(): void }).close();
  return WebResponse.text("closing");
});
server.addExactPath("/deno-exit", () => Deno.exit(7));
server.addExactPath("/process-exit", () => process.exit(7));

await server.run(options.run ?? {});
