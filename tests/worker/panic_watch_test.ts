// The panics of one worker: counted, reported once, logged each.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { noteBodyFault } from "../../src/handler/body_faults.ts";
import { HttpError } from "../../src/handler/errors.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import type { WorkerMessage } from "../../src/ipc/messages.ts";
import { SocketActivity } from "../../src/connection/socket_activity.ts";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import { counterIndex, Scoreboard } from "../../src/ipc/scoreboard.ts";
import { SocketPanicHold } from "../../src/ipc/socket_panic_hold.ts";
import { PanicWatch } from "../../src/worker/panic_watch.ts";
import { settle } from "../support/connections/fake_conn.ts";

const REQUEST = { method: "GET", target: "/a" } as WebRequest;

function startWatch(onPanic: "replace" | "keep", { webSocketsOpen = 0, isHeld = false } = {}) {
  const said: WorkerMessage[] = [];
  const lines: string[] = [];
  const scoreboard = new Scoreboard();
  const hold = new SocketPanicHold();
  scoreboard.set(counterIndex("webSocketsOpen"), webSocketsOpen);
  hold.isOn = isHeld;
  const watch = new PanicWatch({
    worker: "worker 3",
    onPanic,
    scoreboard,
    socketPanicHold: hold,
    link: { send: (message) => void said.push(message) },
    log: (line) => void lines.push(line),
  });
  return { watch, said, lines, hold, scoreboard, panics: () => scoreboard.read().panics };
}

function connectionField(fields: HeadersInit | undefined): string | null {
  return new Headers(fields).get("connection");
}

describe("PanicWatch", () => {
  it("counts and logs each panic, and reports the first one to the supervisor", () => {
    const { watch, said, lines, panics } = startWatch("replace");
    const [first, second] = [new Error("first"), new Error("second")];
    watch.note("on a connection", first);
    watch.note("on a connection", second);
    assertEquals(panics(), 2);
    assertEquals(said.map(({ kind }) => kind), ["panicked"]);
    assertEquals(watch.fatal, { error: first });
    assertMatch(lines[0], /^worker 3: panic on a connection: Error: first/);
    assertMatch(lines[1], /^worker 3: panic on a connection: Error: second/);
  });

  it("reports no panic, and has no fatal one, if onPanic is keep", () => {
    const { watch, said, lines, panics } = startWatch("keep");
    watch.note("on a connection", new Error("a"));
    assertEquals([panics(), said, watch.fatal, lines.length], [1, [], undefined, 1]);
  });

  for (const [onPanic, connection] of [["replace", "close"], ["keep", null]] as const) {
    it(`PanicWatch has the 500 of a handler's panic go with Connection: ${connection} for ${onPanic}`, () => {
      const { watch, lines } = startWatch(onPanic);
      assertEquals(connectionField(watch.noteHandler(new Error("a"), REQUEST)), connection);
      assertStringIncludes(lines[0], "panic in GET /a: Error: a");
    });
  }

  const held = { webSocketsOpen: 5, isHeld: true };

  it("PanicWatch answers as under keep, and reports once, if open WebSockets keep the worker", () => {
    const { watch, said, lines, panics } = startWatch("replace", held);
    for (let i = 0; i < 3; i++) {
      assertEquals(connectionField(watch.noteHandler(new Error("a"), REQUEST)), null);
    }
    assertEquals([panics(), lines.length, watch.fatal], [3, 3, undefined]);
    assertEquals(said.map(({ kind }) => kind), ["panicked"]);
  });

  it("PanicWatch ends the worker of the postponed panic when that is the reason of the drain", () => {
    const error = new Error("a");
    for (const [reason, fatal] of [["panic", { error }], ["reload", undefined]] as const) {
      const { watch } = startWatch("replace", held);
      watch.note("in GET /", error);
      watch.noteDrain(reason);
      assertEquals(watch.fatal, fatal);
    }
  });

  for (const but of [{ webSocketsOpen: 0, isHeld: true }, { webSocketsOpen: 5, isHeld: false }]) {
    it(`PanicWatch ends the worker at its first panic with ${JSON.stringify(but)}`, () => {
      const { watch, hold } = startWatch("replace", but);
      const error = new Error("a");
      assertEquals(connectionField(watch.noteHandler(error, REQUEST)), "close");
      assertEquals(watch.fatal, { error });
      // The supervisor replaces this worker, and so holds the others.
      hold.isOn = true;
      assertEquals(connectionField(watch.noteHandler(error, REQUEST)), "close");
    });
  }

  const throws: readonly { what: string; callback: () => unknown }[] = [
    {
      what: "a listener that throws",
      callback: () => {
        const target = new EventTarget();
        target.addEventListener("message", () => {
          throw new Error("boom");
        });
        target.dispatchEvent(new Event("message"));
      },
    },
    {
      what: "an async listener that rejects later",
      callback: async () => {
        await new Promise((resolve) => setTimeout(resolve));
        throw new Error("boom");
      },
    },
  ];
  for (const { what, callback } of throws) {
    it(`PanicWatch charges ${what} to its WebSocket, and reports nothing`, async () => {
      const { watch, said, lines, scoreboard, panics } = startWatch("replace");
      const failed = Promise.withResolvers<void>();
      const owner = { target: "/chat?room=1", onCallbackFailed: failed.resolve };
      const parts = { scoreboard, inFlightRequests: new InFlightRequests() };
      watch.start();
      new SocketActivity(parts, owner).call("message", () => void callback());
      await failed.promise;
      watch.stop();
      assertEquals([panics(), scoreboard.readWebSockets().panics], [1, 1]);
      assertEquals([said, watch.fatal], [[], undefined]);
      assertMatch(
        lines[0],
        /^worker 3: panic in a callback of the WebSocket at \/chat\?room=1: Error: boom/,
      );
    });
  }

  it("counts an error that goes uncaught while it watches, as a panic", async () => {
    const { watch, panics } = startWatch("replace");
    watch.start();
    globalThis.dispatchEvent(new ErrorEvent("error", { error: new Error("a"), cancelable: true }));
    await settle();
    watch.stop();
    watch.stop();
    assertEquals(panics(), 1);
  });

  it("logs a client's bad body that goes uncaught, and counts no panic", async () => {
    const { watch, said, lines, panics } = startWatch("replace");
    const error = new SyntaxError("bad JSON");
    noteBodyFault(error, { of: { method: "POST", target: "/b" }, answer: new HttpError(400) });
    watch.start();
    globalThis.dispatchEvent(new ErrorEvent("error", { error, cancelable: true }));
    await settle();
    watch.stop();
    assertEquals([panics(), said, watch.fatal], [0, [], undefined]);
    assertMatch(lines[0], /^worker 3: POST \/b has a body that cannot be read: /);
  });
});
