import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { closesIndex, type Counter, counterIndex, Scoreboard } from "../../src/ipc/scoreboard.ts";
import { NO_WEB_SOCKETS } from "../../src/ipc/web_socket_counters.ts";

const counters: Counter[] = [
  "heartbeats",
  "requests",
  "panics",
  "connectionsAccepted",
  "connectionsUnused",
  "connectionsOpen",
  "requestsInFlight",
  "heapBytes",
  "eventLoopLagMs",
  "webSocketsOpen",
  "webSocketsOpened",
  "webSocketMessagesReceived",
  "webSocketMessagesSent",
  "webSocketBytesReceived",
  "webSocketBytesSent",
  "webSocketPanics",
  "shedByRequestsInFlight",
  "shedByEventLoopLag",
];

describe("Scoreboard", () => {
  it("has every counter at 0 when it is new", () => {
    assertEquals(new Scoreboard().read(), Object.fromEntries(counters.map((name) => [name, 0])));
  });

  it("has a place of its own for each counter", () => {
    const scoreboard = new Scoreboard();
    counters.forEach((name, number) => scoreboard.set(counterIndex(name), number + 1));
    assertEquals(
      scoreboard.read(),
      Object.fromEntries(counters.map((name, number) => [name, number + 1])),
    );
  });

  it("counts up and down", () => {
    const scoreboard = new Scoreboard();
    const open = counterIndex("connectionsOpen");
    scoreboard.add(open, 1);
    scoreboard.add(open, 2);
    scoreboard.add(open, -1);
    assertEquals(scoreboard.read().connectionsOpen, 2);
  });

  it("counts exactly beyond 32 bits", () => {
    const scoreboard = new Scoreboard();
    scoreboard.set(counterIndex("requests"), 2 ** 53 - 2);
    scoreboard.add(counterIndex("requests"), 1);
    assertEquals(scoreboard.read().requests, 2 ** 53 - 1);
  });

  it("is seen by both sides of its memory", () => {
    const worker = new Scoreboard();
    const supervisor = new Scoreboard(worker.memory);
    assertStrictEquals(supervisor.memory, worker.memory);
    worker.add(counterIndex("panics"), 1);
    assertEquals(supervisor.read().panics, 1);
  });

  it("can be handed to another thread, which then counts in the same memory", () => {
    const supervisor = new Scoreboard();
    assert(supervisor.memory instanceof SharedArrayBuffer);
    const worker = new Scoreboard(structuredClone(supervisor.memory));
    worker.set(counterIndex("heapBytes"), 7);
    assertEquals(supervisor.read().heapBytes, 7);
  });

  it("is read as it was: what is counted later changes nothing in it", () => {
    const scoreboard = new Scoreboard();
    const before = scoreboard.read();
    scoreboard.add(counterIndex("requests"), 1);
    assertEquals(before.requests, 0);
  });

  it("Scoreboard.readWebSockets() returns the counters of WebSockets, and the closes by label", () => {
    const scoreboard = new Scoreboard();
    scoreboard.add(counterIndex("webSocketsOpened"), 3);
    scoreboard.add(counterIndex("webSocketBytesSent"), 7);
    scoreboard.add(closesIndex(1001), 1);
    scoreboard.add(closesIndex(4711), 2);
    assertEquals(new Scoreboard(scoreboard.memory).readWebSockets(), {
      ...NO_WEB_SOCKETS,
      opened: 3,
      bytesSent: 7,
      closes: { "1001": 1, "4xxx": 2 },
    });
  });
});
