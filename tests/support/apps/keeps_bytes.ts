// Keeps what it should let go of: memory of the heap, or of ArrayBuffers, which are outside of it.

import { WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

const kept: unknown[] = [];

server.addExactPath("/worker", tellWorker);
server.addExactPath("/gate/:port", answerFromGate);
/** Keeps so many bytes in an ArrayBuffer. */
server.addExactPath("/keep-bytes/:count", (req) => {
  kept.push(new Uint8Array(Number(req.params.count)).fill(1));
  return WebResponse.text((globalThis as { name?: string }).name ?? "");
});
/** Allocates on the heap without end. */
server.addExactPath("/allocate", () => {
  for (;;) kept.push(Array(10_000).fill(kept.length));
});

await server.run(options.run ?? {});
