// The workers of a fleet without threads: slots, heartbeats, counters, and the threads that still end.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ConnectionBudget } from "../../src/ipc/connection_budget.ts";
import { SocketPanicHold } from "../../src/ipc/socket_panic_hold.ts";
import { closesIndex, type Counter, counterIndex } from "../../src/ipc/scoreboard.ts";
import { NO_WEB_SOCKETS } from "../../src/ipc/web_socket_counters.ts";
import type { FleetInput, WorkerState } from "../../src/supervisor/fleet_protocol.ts";
import { WorkerPool } from "../../src/supervisor/worker_pool.ts";
import { fakeAddress, type FakeWorker, FakeWorkers } from "../support/workers/fake_workers.ts";

const ORDER = { reason: "reload", connectionsMs: 1, workMs: 2 } as const;

/** States of workers by number: those named accept, the others are retiring. */
function states(accepting: readonly number[], retiring: readonly number[] = []) {
  const times = { since: 0, lastHeartbeat: 0 };
  return new Map<number, WorkerState>([
    ...accepting.map((worker) => [worker, { kind: "accepting", ...times }] as const),
    ...retiring.map((worker) => [worker, { kind: "retiring", cause: "reload", ...times }] as const),
  ]);
}

function count(worker: FakeWorker, counter: Counter, amount: number): void {
  worker.scoreboard.add(counterIndex(counter), amount);
}

/** A pool whose workers 1, 2, ... were spawned at 0. */
function poolOf(workers: number, countsByRoute = false) {
  const fakes = new FakeWorkers();
  const address = fakeAddress();
  const budget = ConnectionBudget.of(100, workers);
  const gone: FleetInput[] = [];
  const pool = new WorkerPool({
    spawn: fakes.spawn,
    isolation: "web",
    fastResponse: true,
    heapLimitBytes: 0,
    countsByRoute,
    address,
    budget,
    configuration: {
      heartbeatMs: 1,
      mainStartupMs: 2,
      serverOptions: {},
      socketPanicHold: new SocketPanicHold().memory,
    },
    onMessage: () => {},
    onGone: (worker, end, handling) => void gone.push({ kind: "gone", worker, ...end, handling }),
  });
  for (let worker = 1; worker <= workers; worker++) {
    pool.spawn(worker, { entry: "file:///app.ts", isStandby: false }, 0);
  }
  return { pool, fakes: fakes.all, address, budget, gone };
}

describe("WorkerPool.configure()", () => {
  it("gives each worker the lowest slot that no worker has that stays", () => {
    const { pool, fakes } = poolOf(4);
    assertEquals(pool.configure(1, undefined, states([])), 1);
    assertEquals(pool.configure(2, "file:///served.ts", states([1])), 2);
    assertEquals(pool.configure(3, undefined, states([2], [1])), 1);
    assertEquals(pool.configure(4, undefined, states([2, 3], [1])), 3);
    const [message] = fakes[1].sent;
    assert(message.kind === "configure");
    assertEquals(message.configuration.app, "file:///served.ts");
    assert(message.configuration.inFlightRequests === fakes[1].inFlightRequests.memory);
  });

  it("does nothing for a worker that does not exist", () => {
    assertEquals(poolOf(1).pool.configure(7, undefined, states([])), undefined);
  });
});

describe("WorkerPool.promote()", () => {
  const standby = { kind: "starting", hasLoaded: true, isStandby: true } as const;

  it("gives a standby its slot and its address only then", () => {
    const { pool, fakes, address } = poolOf(2);
    assertEquals(pool.configure(1, undefined, states([])), 1);
    assertEquals(pool.configure(2, undefined, new Map([...states([1]), [2, standby]])), undefined);
    const [configured] = fakes[1].sent;
    assert(configured.kind === "configure");
    assertEquals(configured.configuration.place, undefined);
    address.log.length = 0;

    const promoted = new Map([...states([], [1]), [2, { ...standby, isStandby: false }]] as const);
    assertEquals(pool.promote(2, promoted, 5), 1);
    assertEquals(fakes[1].sent.at(-1), {
      kind: "promote",
      assignment: { address: configured.configuration.address, place: 1 },
    });
    assertEquals(address.log, ["slot 1"]);
    const [, { heartbeatAgeMs }] = pool.stats(states([1, 2]), 7).workers;
    assertEquals(heartbeatAgeMs, 2);
  });

  it("leaves the slot of a standby that has not loaded to its configuration", () => {
    const { pool, fakes } = poolOf(1);
    assertEquals(pool.promote(1, states([]), 5), undefined);
    assertEquals(fakes[0].sent, []);
    assertEquals(pool.promote(7, states([]), 5), undefined);
  });

  it("vacates no slot when a standby ends that has none", () => {
    const { pool, address } = poolOf(1);
    pool.configure(1, undefined, new Map([[1, standby]]));
    address.log.length = 0;
    pool.drain(1, ORDER, states([]));
    assertEquals(address.log, []);
  });
});

describe("WorkerPool.drain()", () => {
  it("vacates the slot of a worker that has no replacement", () => {
    const { pool, fakes, address } = poolOf(1);
    pool.configure(1, undefined, states([]));
    pool.drain(1, ORDER, states([]));
    assertEquals(address.log, ["slot 1", "vacate 1"]);
    assertEquals(fakes[0].sent.at(-1), { kind: "drain", order: ORDER });
  });

  it("leaves the slot to the replacement that has it", () => {
    const { pool, address } = poolOf(2);
    pool.configure(1, undefined, states([]));
    pool.configure(2, undefined, states([], [1]));
    pool.drain(1, ORDER, states([2]));
    assertEquals(address.log, ["slot 1", "slot 1"]);
  });
});

describe("WorkerPool.heartbeats()", () => {
  it("returns the workers whose number of heartbeats has grown since the last call", () => {
    const { pool, fakes } = poolOf(2);
    count(fakes[1], "heartbeats", 1);
    count(fakes[1], "requests", 5);
    count(fakes[1], "heapBytes", 9);
    count(fakes[1], "webSocketsOpen", 3);
    assertEquals(pool.heartbeats(10), [
      { kind: "heartbeat", worker: 2, requests: 5, heapBytes: 9, webSocketsOpen: 3 },
    ]);
    assertEquals(pool.heartbeats(20), []);
    const ages = pool.stats(states([1, 2]), 30).workers.map(({ heartbeatAgeMs }) => heartbeatAgeMs);
    assertEquals(ages, [30, 20]);
  });
});

describe("WorkerPool.stats()", () => {
  it("shows a standby as if its heartbeat were new, because it has none", () => {
    const { pool } = poolOf(1);
    const standby = new Map([[1, { kind: "standby", since: 0 }]] as const);
    assertEquals(pool.stats(standby, 9).workers[0].heartbeatAgeMs, 0);
  });

  it("keeps what workers that are gone have counted, and forgets what they have open", () => {
    const { pool, fakes, gone } = poolOf(3);
    for (const worker of fakes) {
      for (const counter of ["requests", "panics", "connectionsOpen", "heapBytes"] as const) {
        count(worker, counter, 2);
      }
    }
    pool.terminate(1);
    fakes[1].end({ hasThrown: true, detail: "boom" });
    assertEquals(gone, [
      { kind: "gone", worker: 2, hasThrown: true, detail: "boom", handling: [] },
    ]);
    const { workers, total } = pool.stats(states([3]), 5);
    assertEquals(workers.map(({ worker, status, ageMs }) => [worker, status, ageMs]), [
      [3, "accepting", 5],
    ]);
    assertEquals([total.requests, total.panics], [6, 6]);
    assertEquals([total.connectionsOpen, total.heapBytes], [2, 2]);
  });

  it("WorkerPool.stats() counts the open WebSockets of a worker that is gone as closed with 1006", () => {
    const { pool, fakes } = poolOf(2);
    for (const { scoreboard } of fakes) {
      scoreboard.add(counterIndex("webSocketsOpened"), 3);
      scoreboard.add(counterIndex("webSocketsOpen"), 2);
      scoreboard.add(closesIndex(1000), 1);
    }
    pool.terminate(1);
    const { workers, total } = pool.stats(states([2]), 5);
    assertEquals(workers[0].webSockets.closes, { "1000": 1 });
    assertEquals(total.webSockets, {
      ...NO_WEB_SOCKETS,
      open: 2,
      opened: 6,
      closes: { "1000": 2, "1006": 2 },
    });
  });
});

describe("WorkerPool.endingCount", () => {
  it("counts terminated threads until they have ended", async () => {
    const { pool, fakes } = poolOf(2);
    pool.terminate(1);
    pool.terminate(2);
    pool.terminate(2);
    assert(fakes[0].isTerminated && fakes[1].isTerminated);
    assertEquals(pool.endingCount, 2);
    fakes[0].isGone = true;
    pool.forgetEnded();
    assertEquals(pool.endingCount, 1);
    const stuck = pool.waitForEnds();
    fakes[1].isGone = true;
    assertEquals(await stuck, 0);
  });

  it("still counts a thread that spins, after the wait for its end", async () => {
    const { pool } = poolOf(1);
    pool.terminate(1);
    assertEquals(await pool.waitForEnds(), 1);
  });
});

describe("WorkerPool", () => {
  it("returns the connections of a worker to the budget when its thread has ended", () => {
    const { pool, fakes, budget } = poolOf(2);
    for (const worker of fakes) {
      count(worker, "connectionsOpen", 3);
      for (let i = 0; i < 3; i++) budget.enter();
    }
    fakes[0].end({ hasThrown: true, detail: "boom" });
    assertEquals(budget.open, 3);
    pool.terminate(2);
    pool.forgetEnded();
    assertEquals(budget.open, 3);
    fakes[1].isGone = true;
    pool.forgetEnded();
    assertEquals(budget.open, 0);
  });

  it("injects a fault into the worker that a test names", () => {
    const { pool, fakes } = poolOf(2);
    pool.injectFault(2, "crash");
    assertEquals(fakes.map(({ sent }) => sent), [[], [{ kind: "inject_fault", fault: "crash" }]]);
  });
});
