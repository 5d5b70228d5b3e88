import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  currentSocketOwner,
  SocketActivity,
  type SocketOwner,
} from "../../src/connection/socket_activity.ts";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import { NO_WEB_SOCKETS } from "../../src/ipc/web_socket_counters.ts";

function openActivity(target = "/chat?room=1") {
  const parts = { scoreboard: new Scoreboard(), inFlightRequests: new InFlightRequests() };
  const owner: SocketOwner = { target, onCallbackFailed: () => {} };
  return { ...parts, owner, activity: new SocketActivity(parts, owner) };
}

describe("SocketActivity", () => {
  it("SocketActivity counts one open WebSocket when it begins, and its code when it ends", () => {
    const { activity, scoreboard } = openActivity();
    assertEquals(scoreboard.readWebSockets(), { ...NO_WEB_SOCKETS, open: 1, opened: 1 });
    activity.end(1012);
    assertEquals(scoreboard.readWebSockets(), {
      ...NO_WEB_SOCKETS,
      opened: 1,
      closes: { "1012": 1 },
    });
  });

  it("SocketActivity counts messages and bytes of each direction, its own and the worker's", () => {
    const { activity, scoreboard } = openActivity();
    activity.noteReceived(5);
    activity.noteReceived(0);
    activity.noteSent(7);
    const { messagesReceived, messagesSent, bytesReceived, bytesSent } = activity;
    const own = { messagesReceived, messagesSent, bytesReceived, bytesSent };
    assertEquals(own, { messagesReceived: 2, messagesSent: 1, bytesReceived: 5, bytesSent: 7 });
    assertEquals(scoreboard.readWebSockets(), { ...NO_WEB_SOCKETS, ...own, open: 1, opened: 1 });
  });
});

describe("SocketActivity.call()", () => {
  const lines: readonly { target: string; event: "open" | "message"; path: string }[] = [
    { target: "/chat?room=1", event: "message", path: "/chat" },
    { target: "/", event: "open", path: "/" },
    { target: "/" + "a".repeat(200), event: "message", path: "/" + "a".repeat(81) },
  ];
  for (const { target, event, path } of lines) {
    it(`SocketActivity.call() enters ${event} of ${target.slice(0, 20)} in the requests in flight`, () => {
      const { activity, inFlightRequests } = openActivity(target);
      let during: readonly unknown[] = [];
      activity.call(event, () => {
        during = inFlightRequests.read(0);
      });
      assertEquals(during, [{ method: `websocket.${event}`, path, ageMs: 0 }]);
      assertEquals(inFlightRequests.read(0), []);
    });
  }

  it("SocketActivity.call() removes the entry if the callback throws", () => {
    const { activity, inFlightRequests } = openActivity();
    assertThrows(() =>
      activity.call("message", () => {
        throw new Error("boom");
      })
    );
    assertEquals(inFlightRequests.read(0), []);
  });
});

describe("SocketActivity.run()", () => {
  it("SocketActivity.run() has a loop call its callbacks in their context, also after an await", async () => {
    const { activity, owner } = openActivity();
    const seen: unknown[] = [];
    await activity.run(async () => {
      await new Promise((done) => setTimeout(done));
      activity.callInContext("message", () => seen.push(currentSocketOwner()));
    });
    assertEquals([seen, currentSocketOwner()], [[owner], undefined]);
  });
});

describe("currentSocketOwner()", () => {
  it("currentSocketOwner() returns the WebSocket whose callback runs, also after an await", async () => {
    const { activity, owner } = openActivity();
    const seen: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    activity.call("message", async () => {
      seen.push(currentSocketOwner());
      await new Promise((done) => setTimeout(done));
      seen.push(currentSocketOwner());
      resolve();
    });
    seen.push(currentSocketOwner());
    await promise;
    assertEquals(seen, [owner, undefined, owner]);
  });
});
