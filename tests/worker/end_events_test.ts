// The events at the end of a worker, in a Web Worker.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canReadTests } from "../support/permissions.ts";
import { endOfWorker } from "../support/workers/end_of_worker.ts";

describe("dispatchEndEvents()", { ignore: !canReadTests }, () => {
  it("dispatches unload, then exit with the code, and leaves no listener of exit", async () => {
    assertEquals(await endOfWorker("dispatches_events", 3), [
      "unload",
      "exit 3",
      "0 listeners left",
    ]);
  });

  it("reports what a listener throws, and goes on", async () => {
    assertEquals(await endOfWorker("has_failing_listeners", 3), [
      "in a listener of unload: of unload",
      "in a listener of process exit: of exit",
      "dispatched",
    ]);
  });
});
