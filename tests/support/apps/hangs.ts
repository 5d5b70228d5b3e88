// Spins for ever.

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
server.addExactPath("/spin", () => {
  for (;;);
});

await server.run(options.run ?? {});
