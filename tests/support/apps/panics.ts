// Panics in each of the ways in which JavaScript lets it.

import { WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/worker", tellWorker);
server.addPath("/gate/:port", answerFromGate);

server.addExactPath("/throw", () => {
  throw new Error("a secret of the handler");
});
server.addExactPath("/quote", (req) => {
  throw new Error(`no such user: ${req.query.get("user")}`);
});
server.addExactPath("/reject", async () => {
  await Promise.resolve();
  throw new Error("a secret of the handler");
});
server.addExactPath("/unlogged", () => {
  console.error = () => {
    throw new Error("a secret of the log");
  };
  throw new Error("a secret of the handler");
});
server.addExactPath("/nothing", () => undefined as unknown as WebResponse);
server.addExactPath("/floating", () => {
  Promise.reject(new Error("a secret that nobody awaits"));
  return WebResponse.text("answered");
});
server.addExactPath("/timer", () => {
  setTimeout(() => {
    throw new Error("a secret of the timer");
  });
  return WebResponse.text("answered");
});
/** Posts to the main thread what some libraries do, and what nobody should. */
server.addExactPath("/post", async () => {
  const port = "postMessage" in globalThis
    ? globalThis as unknown as { postMessage(data: unknown): void }
    : (await import("node:worker_threads")).parentPort;
  for (const data of [null, undefined, "text", {}, { kind: "ended" }]) port?.postMessage(data);
  return WebResponse.text("posted");
});

await server.run(options.run ?? {});
