// Mudpie, telling in each answer what it has understood: one of the three servers of the differential run.

import { WebResponse, WebServer } from "../../../mod.ts";
import { answerOf, latin1Of } from "./understood.ts";

const server = new WebServer({ accessLog: "off" });

server.addPath("/", (request) => {
  const { method, target, headers, body } = request;
  const answer = answerOf({
    method,
    target,
    minorVersion: null,
    fields: [...headers],
    body: latin1Of(body),
  });
  return new WebResponse(answer.body, {
    headers: [["content-type", "application/json"], ...answer.fields],
  });
});

if (WebServer.isWorker) {
  await server.run();
} else if (import.meta.main) {
  const running = await server.start({ hostname: "127.0.0.1", port: 0, workers: 1 });
  console.log(`port ${running.addr.port}`);
  await running.finished;
}
