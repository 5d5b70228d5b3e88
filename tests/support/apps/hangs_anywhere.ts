// Hangs in each of the places where a worker can: in a handler, for a time or for ever, and in the module behind run(). Which
// place it is comes with the request.

import { WebResponse, WebServer } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer, tellWorker } from "../servers/app.ts";
import { passGate } from "../servers/gate.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);
const moduleMaySpin = Promise.withResolvers<void>();

function spin(): never {
  for (;;);
}

server.addExactPath("/worker", tellWorker);
server.addExactPath("/gate/:port", answerFromGate);
/** Spins as soon as the gate opens, for ever. */
server.addExactPath("/spin-behind-gate/:port", async (req) => {
  await passGate(Number(req.params.port));
  spin();
});
/** Blocks its worker for that many milliseconds. */
server.addExactPath("/block/:milliseconds", (req) => {
  const until = performance.now() + Number(req.params.milliseconds);
  while (performance.now() < until);
  return WebResponse.text("blocked for a while");
});
/** Answers, and has the module spin as soon as the answer has been written. */
server.addExactPath("/spin-in-module", () => {
  setTimeout(() => moduleMaySpin.resolve());
  return WebResponse.text("the module is going to spin");
});

const finished = server.run(options.run ?? {});
if (WebServer.isWorker) moduleMaySpin.promise.then(spin);
await finished;
