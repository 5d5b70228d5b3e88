// A Web Worker that opens a link to its parent as a worker of the server does, and posts what comes.

import { ownWorkerName, SupervisorLink } from "../../../src/worker/supervisor_link.ts";

const scope = globalThis as unknown as { postMessage(message: unknown): void };
const post = (seen: string) => scope.postMessage({ seen });

post(`number ${ownWorkerName()?.worker}`);
const link = new SupervisorLink();
link.onDrain = (order) => post(`drain for ${order.reason}`);
link.moduleHasRun.then((isKnown) => post(`module has run: ${isKnown}`));
const app = await link.app;
if (app === "asks for an address") {
  const introduction = {
    servedBy: "Deno.serve()",
    routes: [],
    runOptions: {},
    hasOnEvent: false,
  } as const;
  const result = link.introduceAndWait(introduction, () => post("prepared"));
  post(`address ${result.kind}`);
}
post(`loads ${app}, first: ${link.isFirst}, place: ${link.place}, running: ${link.isRunning}`);
link.noteRun();
post(`running: ${link.isRunning}`);
link.close("shutdown()");
link.send({ kind: "accepting" });
