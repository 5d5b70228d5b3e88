// One worker as the supervisor sees it: what counts as its end, and what does not.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { WorkerMessage } from "../../src/ipc/messages.ts";
import { spawnWorker } from "../../src/supervisor/worker_handle.ts";
import { within } from "../support/deadline.ts";

/** A worker that answers whatever it is told. */
const ANSWERING = `data:text/javascript,${
  encodeURIComponent(`onmessage = () => postMessage({ mudpie: { kind: "draining" } });`)
}`;

/** The Web Workers that are spawned meanwhile, as the platform has them. */
function spying(): Disposable & { readonly threads: Worker[] } {
  const { Worker: Original } = globalThis;
  const threads: Worker[] = [];
  globalThis.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      threads.push(this);
    }
  };
  return { threads, [Symbol.dispose]: () => void (globalThis.Worker = Original) };
}

describe("spawnWorker()", () => {
  it("takes what cannot be read for nobody's word, and not for the worker's death", async () => {
    using spy = spying();
    const message = Promise.withResolvers<WorkerMessage>();
    const handle = spawnWorker({
      worker: 1,
      entry: ANSWERING,
      isolation: "web",
      fastResponse: true,
      isStandby: false,
      heapLimitBytes: 0,
      countsByRoute: false,
      onMessage: message.resolve,
      onGone: ({ detail }) => message.reject(new Error(`The worker is gone: ${detail}`)),
    });
    try {
      spy.threads[0].dispatchEvent(new MessageEvent("messageerror"));
      handle.send({
        kind: "drain",
        order: { reason: "shutdown", connectionsMs: 0, workMs: 0 },
      });
      assertEquals(await within(message.promise, "an answer"), { kind: "draining" });
    } finally {
      handle.terminate();
    }
  });
});
