// A worker's link to its supervisor, in a Web Worker.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AddressAnswer } from "../../src/ipc/address_answer.ts";
import { messageIn, type SupervisorMessage } from "../../src/ipc/messages.ts";
import { onLifeLockFree } from "../../src/runtime/life_lock.ts";
import { ownWorkerName } from "../../src/worker/supervisor_link.ts";
import { eventually, within } from "../support/deadline.ts";
import { canReadTests } from "../support/permissions.ts";
import { startWebWorker } from "../support/workers/web_worker.ts";

/** Starts a worker of this name, and collects what it posts: messages to the supervisor by kind. */
function startWorker(name: string) {
  const worker = startWebWorker("links.ts", name);
  const seen: string[] = [];
  let lock = "";
  let memory: SharedArrayBuffer | undefined;
  worker.onmessage = ({ data }) => {
    const message = messageIn(data);
    if (message?.kind === "loaded") lock = message.lock;
    if (message?.kind === "introduced") memory = message.introduction.answer;
    seen.push(message === undefined ? data.seen : `says ${message.kind}`);
  };
  return {
    worker,
    seen,
    lock: () => lock,
    memory: () => memory,
    send: (message: SupervisorMessage) => worker.postMessage(message),
    see: (what: string) => eventually(() => seen.includes(what), what),
  };
}

describe("ownWorkerName()", () => {
  it("is undefined on the main thread", () => {
    assertEquals(ownWorkerName(), undefined);
  });

  for (const [name, number] of [["mudpie:12", 12], ["mudpie:0", undefined], ["other", undefined]]) {
    it(`is ${number} in a worker of the name ${name}`, { ignore: !canReadTests }, async () => {
      const { worker, see } = startWorker(String(name));
      await see(`number ${number}`);
      worker.terminate();
    });
  }
});

describe("SupervisorLink", { ignore: !canReadTests }, () => {
  it("reports that it is loaded, then learns its application and sends messages", async () => {
    const { worker, seen, send, see } = startWorker("mudpie:1");
    await see("says loaded");
    send({ kind: "load", order: { app: "file:///app.ts" } });
    await see("says accepting");
    send({
      kind: "drain",
      order: { reason: "reload", connectionsMs: 0, workMs: 0 },
    });
    await see("drain for reload");
    await see("module has run: true");
    worker.terminate();
    const order = seen.filter((one) => !one.startsWith("module has run"));
    assertEquals(order, [
      "number 1",
      "says loaded",
      "loads file:///app.ts, first: true, place: 1, running: false",
      "running: true",
      "says accepting",
      // The program had closed its server before it accepted.
      "says closing",
      "drain for reload",
    ]);
  });

  it("prepares after it has asked for an address, while it waits for the answer", async () => {
    const { worker, seen, send, see, memory } = startWorker("mudpie:1");
    await see("says loaded");
    send({ kind: "load", order: { app: "asks for an address" } });
    // Only this answer ends the wait.
    await see("prepared");
    new AddressAnswer(memory()).settle({ kind: "failed", name: "AddrInUse", message: "in use" });
    await see("address failed");
    worker.terminate();
    const asked = seen.indexOf("says introduced");
    assertEquals(seen.slice(asked, asked + 3), ["says introduced", "prepared", "address failed"]);
  });

  it("holds the lock that it names, until the thread ends", async () => {
    const { worker, lock, see } = startWorker("mudpie:1");
    await see("says loaded");
    const free = Promise.withResolvers<void>();
    onLifeLockFree(lock(), new AbortController().signal, free.resolve);
    worker.terminate();
    await within(free.promise, "the lock to be free");
  });
});
