import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ConnectionWork } from "../../src/connection/connection.ts";
import { type DrainedWork, DrainProgress } from "../../src/worker/drain_progress.ts";

type Pending = DrainedWork["background"]["pending"];

/** What a worker waits for. */
function work(connections: (ConnectionWork | undefined)[], pending: Pending = []): DrainedWork {
  return { connections: connections.map((work) => ({ work })), background: { pending } };
}

const request = (name: string): ConnectionWork => ({ kind: "request", name });

const progress = () => new DrainProgress({ connectionsMs: 29_000, workMs: 30_000 }, 100);

describe("DrainProgress", () => {
  it("names requests, streams, sockets and background work, and when each is cut off", () => {
    const waits = work([
      request("GET /slow"),
      undefined,
      request("GET /report"),
      { kind: "stream", name: "GET /events" },
      request("GET /report"),
      { kind: "socket" },
      { kind: "socket" },
      { kind: "client" },
    ], [{ kind: "work", name: "POST /orders" }, { kind: "ending", name: "GET /events" }]);
    assertEquals(
      progress().after(5_100, () => waits),
      "draining for 5 s, waits for 3 requests (GET /report 2, GET /slow), 1 stream (GET /events), " +
        "2 WebSockets or other upgraded connections, 1 client that sends or receives, cut off in 24 s; " +
        "1 promise of waitUntil() (POST /orders), 1 source of a stream (GET /events), cut off in 25 s",
    );
  });

  it("returns a line every five seconds, and asks for nothing in between", () => {
    const drain = progress();
    const lines: number[] = [];
    let asked = 0;
    for (let now = 100; now <= 17_000; now += 100) {
      const line = drain.after(now, () => {
        asked++;
        return work([request("GET /slow")]);
      });
      if (line !== undefined) lines.push(now);
    }
    assertEquals([lines, asked], [[5_100, 10_100, 15_100], 3]);
  });

  it("returns one line after a tick that came late", () => {
    const drain = progress();
    const after = (now: number) => drain.after(now, () => work([request("GET /slow")]));
    assertEquals(after(17_000)?.slice(0, 17), "draining for 17 s");
    assertEquals(after(17_100), undefined);
    assertEquals(after(20_100)?.slice(0, 17), "draining for 20 s");
  });

  it("names the program's own end when nothing else is left", () => {
    assertEquals(
      progress().after(5_100, () => work([undefined])),
      "draining for 5 s, waits for the program's own end: onShutdown callbacks and listeners to signals, cut off in 25 s",
    );
  });

  it("names what is about to be cut off, and the most frequent routes alone", () => {
    const names = Array.from({ length: 10 }, (_, index) => request(`GET /${index}`));
    assertEquals(
      progress().after(30_100, () => work([...names, request("GET /9")])),
      "draining for 30 s, waits for 11 requests (GET /9 2, GET /0, GET /1, GET /2, GET /3, GET /4, GET /5, GET /6 " +
        "and 2 more), about to be cut off",
    );
  });
});
