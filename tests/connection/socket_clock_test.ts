// What is due on a WebSocket, and when: tables of events with a number for the time.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  CLOSE_TIMEOUT_MS,
  SocketClock,
  type SocketLimits,
} from "../../src/connection/socket_clock.ts";

const LIMITS: SocketLimits = { pingInterval: 100, pongTimeout: 30, writeTimeout: 50 };

/** A clock that the test moves. */
function at(limits: SocketLimits = LIMITS) {
  const time = {
    now: 0,
    after: (limit: number) => limit === 0 ? Infinity : time.now + limit,
  };
  return { time, clock: new SocketClock(time, limits) };
}

describe("SocketClock", () => {
  it("has a ping due after pingInterval of silence, and nothing before", () => {
    const { time, clock } = at();
    assertEquals(clock.deadline, 100);
    time.now = 99;
    assertEquals(clock.due(), "nothing");
    clock.noteHeard();
    time.now = 198;
    assertEquals(clock.due(), "nothing");
    time.now = 199;
    assertEquals([clock.deadline, clock.due()], [199, "ping"]);
  });

  it("finds the client silent pongTimeout after a ping, unless it has sent anything", () => {
    const { time, clock } = at();
    time.now = 100;
    assertEquals([clock.due(), clock.deadline], ["ping", 130]);
    clock.noteHeard();
    time.now = 150;
    assertEquals(clock.due(), "nothing");
    time.now = 200;
    assertEquals(clock.due(), "ping");
    time.now = 230;
    assertEquals(clock.due(), "silent");
  });

  it("sends pings alone without a pongTimeout, and none without a pingInterval", () => {
    const { time, clock } = at({ ...LIMITS, pongTimeout: 0 });
    for (time.now = 100; time.now <= 500; time.now += 100) assertEquals(clock.due(), "ping");
    assertEquals(at({ ...LIMITS, pingInterval: 0 }).clock.deadline, Infinity);
  });

  it("finds the client stuck writeTimeout after a write has begun, until all is written", () => {
    const { time, clock } = at();
    clock.noteWriteBegun();
    assertEquals(clock.deadline, 50);
    clock.noteWritten();
    time.now = 50;
    assertEquals(clock.due(), "nothing");
    clock.noteWriteBegun();
    time.now = 99;
    assertEquals(clock.due(), "nothing");
    time.now = 100;
    assertEquals(clock.due(), "stuck");
  });

  it("waits for an answer to a Close frame, whatever the client sends, and sends no pings", () => {
    const { time, clock } = at();
    clock.noteClosing();
    assertEquals(clock.deadline, CLOSE_TIMEOUT_MS);
    time.now = CLOSE_TIMEOUT_MS - 1;
    clock.noteHeard();
    assertEquals([clock.due(), clock.deadline], ["nothing", CLOSE_TIMEOUT_MS]);
    time.now = CLOSE_TIMEOUT_MS;
    assertEquals(clock.due(), "unanswered");
  });
});
