// What clients ask for by the thousand: an answer that names its worker, and all that can end a worker meanwhile.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import { passGate } from "../servers/gate.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

/** Which worker this is; every answer has it, since a client can only tell connections apart. */
const headers = { "x-worker": (globalThis as { name?: string }).name ?? "thread" };
const respond = (text: string) => WebResponse.text(text, { headers });

server.addExactPath("/hello", () => respond("Hello World!"));
server.addExactPath("/moment", async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return respond("a moment later");
});
/** Answers with what the test says at the gate. */
server.addPath("/gate/:port", async (req) => respond(await passGate(Number(req.params.port))));

server.addExactPath("/throw", () => {
  throw new Error("thrown by the handler");
});
server.addExactPath("/reject", async () => {
  await Promise.resolve();
  throw new Error("rejected by the handler");
});
server.addExactPath("/timer", () => {
  setTimeout(() => {
    throw new Error("thrown by a timer");
  });
  return respond("answered");
});
server.addExactPath("/floating", () => {
  Promise.reject(new Error("rejected, and nobody awaits it"));
  return respond("answered");
});

server.addExactPath("/close", () => {
  (globalThis as unknown as { close(): void }).close();
  return respond("closing");
});
server.addExactPath("/exit", () => Deno.exit(7));
server.addExactPath("/spin", () => {
  for (;;);
});

const LEAK_BYTES = 20_000;
const leaked: Uint8Array[] = [];
server.addExactPath("/leak", () => {
  leaked.push(new Uint8Array(LEAK_BYTES).fill(leaked.length));
  return respond("leaked");
});

await server.run(options.run ?? {});
