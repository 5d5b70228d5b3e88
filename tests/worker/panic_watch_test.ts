// The panics of one worker: counted, reported once, logged each.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { noteBodyFault } from "../../src/handler/body_faults.ts";
import { HttpError } from "../../src/handler/errors.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import type { WorkerMessage } from "../../src/ipc/messages.ts";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import { PanicWatch } from "../../src/worker/panic_watch.ts";
import { settle } from "../support/connections/fake_conn.ts";

const REQUEST = { method: "GET", target: "/a" } as WebRequest;

function startWatch(onPanic: "replace" | "keep") {
  const said: WorkerMessage[] = [];
  const lines: string[] = [];
  const scoreboard = new Scoreboard();
  const watch = new PanicWatch({
    worker: "worker 3",
    onPanic,
    scoreboard,
    link: { send: (message) => void said.push(message) },
    log: (line) => void lines.push(line),
  });
  return { watch, said, lines, panics: () => scoreboard.read().panics };
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
    it(`answers a handler's panic with 500, and Connection: ${connection} for ${onPanic}`, () => {
      const { watch, lines } = startWatch(onPanic);
      const response = watch.answer(new Error("a"), REQUEST);
      assertEquals([response.status, response.headers.get("connection")], [500, connection]);
      assertStringIncludes(lines[0], "panic in GET /a: Error: a");
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
