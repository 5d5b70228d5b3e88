// The accept loop, with a listener that gives what the test says.

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ConnectionBudget } from "../../src/ipc/connection_budget.ts";
import { AcceptLoop } from "../../src/worker/accept_loop.ts";
import { ConnectionLimit } from "../../src/worker/connection_limit.ts";
import { eventually, within } from "../support/deadline.ts";
import { settle } from "../support/connections/fake_conn.ts";

/** A listener whose queue is the test's. */
class FakeListener {
  /** How often it was asked for a connection. */
  accepts = 0;
  isClosed = false;
  readonly #queue: (Deno.TcpConn | Error)[] = [];
  #waiting: PromiseWithResolvers<Deno.TcpConn> | undefined;

  accept(): Promise<Deno.TcpConn> {
    this.accepts++;
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#deliver();
    return promise;
  }

  close(): void {
    assert(!this.isClosed, "it is closed twice");
    this.isClosed = true;
    this.#waiting?.reject(new Deno.errors.BadResource("Listener has been closed"));
  }

  /** A client connects, or the system has an error to tell of. */
  offer(...what: (Deno.TcpConn | Error)[]): void {
    this.#queue.push(...what);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#waiting === undefined) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (next instanceof Error) waiting.reject(next);
    else waiting.resolve(next);
  }
}

function connections(count: number): Deno.TcpConn[] {
  return Array.from({ length: count }, (_, id) => ({ id } as unknown as Deno.TcpConn));
}

function start(
  maxConnections = Infinity,
  budget = ConnectionBudget.of(undefined, 1),
  isQueueShared = false,
) {
  const listener = new FakeListener();
  const limit = new ConnectionLimit(maxConnections, budget);
  const served: Deno.TcpConn[] = [];
  const troubles: unknown[] = [];
  const shortages: unknown[] = [];
  const fullAt: number[] = [];
  const loop = new AcceptLoop(listener as unknown as Deno.TcpListener, {
    limit,
    isQueueShared,
    serve: (connection) => {
      limit.enter();
      served.push(connection as Deno.TcpConn);
    },
    onFull: () => fullAt.push(served.length),
    onTrouble: (error, isShortage) => {
      troubles.push(error);
      if (isShortage) shortages.push(error);
    },
  });
  const ended = loop.run();
  return { listener, limit, served, troubles, shortages, fullAt, loop, ended };
}

describe("AcceptLoop", () => {
  it("serves every connection, in their order", async () => {
    const { listener, served, loop, ended } = start();
    const [first, second, third] = connections(3);
    listener.offer(first, second);
    await settle();
    listener.offer(third);
    await settle();
    assertEquals(served, [first, second, third]);
    loop.stop();
    await within(ended, "a loop that has been stopped");
  });

  it("stops when it is told to, and closes the listener once", async () => {
    const { listener, served, loop, ended } = start();
    await settle();
    loop.stop();
    loop.stop();
    await within(ended, "a loop that has been stopped");
    assert(listener.isClosed);
    assertEquals(served, []);
  });

  it("accepts what waits in the queue before it closes, whatever the limit says", async () => {
    const { listener, served, loop, ended } = start(1);
    await settle();
    const waiting = connections(20);
    const error = new Deno.errors.ConnectionReset("reset");
    listener.offer(waiting[0], waiting[1], error, ...waiting.slice(2));
    loop.stop();
    await within(ended, "a loop that has been stopped");
    assertEquals(served, waiting);
    assert(listener.isClosed);
  });

  it("closes when nobody has come for a moment", async () => {
    const { listener, served, loop, ended } = start();
    await settle();
    loop.stop();
    assert(!listener.isClosed, "nobody was waited for");
    const [late, later] = connections(2);
    listener.offer(late);
    await within(ended, "a loop that has been stopped");
    assertEquals(served, [late]);
    assert(listener.isClosed);
    listener.offer(later);
    await settle();
    assertEquals(served, [late]);
  });

  it("closes only when a burst is over", async () => {
    const { listener, served, loop, ended } = start();
    await settle();
    loop.stop();
    const burst = connections(5);
    for (const connection of burst) {
      listener.offer(connection);
      // Less than the moment that it waits, each, and more than that all together.
      await new Promise((resolve) => setTimeout(resolve, 4));
      assert(!listener.isClosed);
    }
    await within(ended, "a loop that has been stopped");
    assertEquals(served, burst);
  });

  it("closes in the middle of a stream that does not end", async () => {
    const { listener, served, loop, ended } = start();
    await settle();
    loop.stop();
    const stream = setInterval(() => {
      if (!listener.isClosed) listener.offer(...connections(1));
    }, 1);
    await within(ended, "a loop that has been stopped");
    clearInterval(stream);
    assert(listener.isClosed);
    assertGreater(served.length, 3);
  });

  it("accepts all that waits when it closes in the middle of a stream", async () => {
    const { listener, served, loop, ended } = start();
    await settle();
    loop.stop();
    const offered: Deno.TcpConn[] = [];
    const stream = setInterval(() => {
      if (listener.isClosed) return;
      const group = connections(10);
      offered.push(...group);
      listener.offer(...group);
    }, 1);
    await within(ended, "a loop that has been stopped");
    clearInterval(stream);
    assertEquals(served, offered);
  });

  it("closes in the middle of the queue where there are no descriptors for the rest", async () => {
    const { listener, served, loop, ended } = start();
    await settle();
    const [first, second] = connections(2);
    listener.offer(first, new Error("Too many open files (os error 24)"), second);
    loop.stop();
    await within(ended, "a loop that has been stopped");
    assertEquals(served, [first]);
    assert(listener.isClosed);
  });

  it("does not go on for ever when others keep coming", async () => {
    const { listener, loop, ended } = start();
    await settle();
    listener.offer(...connections(5_000));
    loop.stop();
    await within(ended, "a loop that has been stopped");
    assert(listener.isClosed);
  });

  it("goes on at once after an error that is about one connection", async () => {
    const { listener, served, troubles, loop, ended } = start();
    const [connection] = connections(1);
    listener.offer(
      new Deno.errors.ConnectionReset("reset"),
      new Deno.errors.ConnectionAborted("aborted"),
      new Error("Protocol error (os error 71)"),
      new Deno.errors.PermissionDenied("Operation not permitted (os error 1)"),
      connection,
    );
    await settle();
    assertEquals([served, troubles], [[connection], []]);
    loop.stop();
    await within(ended, "a loop that has been stopped");
  });

  for (const number of [24, 23, 12, 105]) {
    it(`tells of a lack of resources (os error ${number}) and waits before it tries again`, async () => {
      const { listener, served, troubles, shortages, loop, ended } = start();
      const error = new Error(`Too much of something (os error ${number})`);
      const [connection] = connections(1);
      listener.offer(error, connection);
      await settle();
      // Out of descriptors accept() rejects at once and for ever: trying at once would burn a core.
      assertEquals([listener.accepts, served, troubles], [1, [], [error]]);
      await eventually(() => served.length === 1, "a connection that is served after all");
      assertEquals([troubles, shortages], [[error], [error]]);
      loop.stop();
      await within(ended, "a loop that has been stopped");
    });
  }

  it("tells of errors without end and waits, whatever they are about", async () => {
    const { listener, troubles, shortages, loop, ended } = start();
    const error = new Deno.errors.ConnectionReset("reset");
    listener.offer(...Array<Error>(5_000).fill(error));
    await settle();
    assertEquals([troubles, shortages], [[error], []]);
    assertLess(listener.accepts, 2_000);
    loop.stop();
    await within(ended, "a loop that has been stopped");
  });

  it("stops while it waits after an error", async () => {
    const { listener, loop, ended } = start();
    listener.offer(new Error("Too many open files (os error 24)"));
    await settle();
    loop.stop();
    await within(ended, "a loop that has been stopped");
    assertEquals(listener.accepts, 1);
  });

  it("does not accept while there are as many connections as it takes", async () => {
    const { listener, limit, served, fullAt, loop, ended } = start(2);
    const offered = connections(4);
    listener.offer(...offered);
    await settle();
    assertEquals([served.length, listener.accepts, fullAt], [2, 2, [2]]);
    limit.leave();
    await settle();
    assertEquals([served.length, listener.accepts], [3, 3]);
    limit.leave();
    limit.leave();
    await settle();
    assertEquals(served, offered);
    loop.stop();
    await within(ended, "a loop that has been stopped");
  });

  it("does not accept while all workers together have as many connections as they may", async () => {
    const budget = ConnectionBudget.of(3, 2);
    const { listener, limit, served, fullAt, loop, ended } = start(Infinity, budget);
    budget.enter();
    const offered = connections(4);
    listener.offer(...offered);
    await settle();
    assertEquals([served.length, listener.accepts, fullAt], [2, 2, [2]]);
    limit.leave();
    await settle();
    assertEquals([served.length, listener.accepts], [3, 3]);
    // Nobody can tell this worker that another one has made room.
    budget.leave();
    await eventually(() => served.length === 4, "a connection that is served when there is room");
    assertEquals(budget.open, 3);
    loop.stop();
    await within(ended, "a loop that has been stopped");
  });

  it("lets others go first when it has more than its share of a shared queue", async () => {
    const budget = ConnectionBudget.of(undefined, 2);
    const { listener, served, loop, ended } = start(Infinity, budget, true);
    const offered = connections(40);
    listener.offer(...offered);
    await settle();
    // A quarter more than half of all that there are, and four: then the others come first.
    assertGreater(served.length, 10);
    assertLess(served.length, 40);
    await eventually(() => served.length === 40, "the rest, for which nobody else has come");
    assertEquals(served, offered);
    loop.stop();
    await within(ended, "a loop that has been stopped");
  });

  it("takes all that comes to a queue of its own, and all that comes when others have as many", async () => {
    const others = ConnectionBudget.of(undefined, 2);
    for (let i = 0; i < 40; i++) others.enter();
    for (const [budget, isShared] of [[ConnectionBudget.of(undefined, 2), false], [others, true]]) {
      const { listener, served, loop, ended } = start(
        Infinity,
        budget as ConnectionBudget,
        isShared as boolean,
      );
      listener.offer(...connections(40));
      await settle();
      assertEquals(served.length, 40);
      loop.stop();
      await within(ended, "a loop that has been stopped");
    }
  });

  it("stops while all workers together have no room", async () => {
    const { listener, loop, ended } = start(Infinity, ConnectionBudget.of(0, 1));
    await settle();
    loop.stop();
    await within(ended, "a loop that has been stopped");
    assertEquals(listener.accepts, 0);
  });

  it("stops while it has no room, and leaves nobody who waits", async () => {
    const { listener, served, loop, ended } = start(1);
    listener.offer(...connections(2));
    await settle();
    assertEquals(served.length, 1);
    loop.stop();
    await within(ended, "a loop that has been stopped");
    assertEquals(served.length, 2);
    assert(listener.isClosed);
  });
});
