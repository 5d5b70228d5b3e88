// The lines on standard error about error responses: one for each reason in a minute.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { LogReason } from "../../src/http1/log_reason.ts";
import { ReasonLog } from "../../src/telemetry/reason_log.ts";

const GET = { method: "GET", target: "/a" };

function makeLog() {
  const lines: string[] = [];
  return { lines, log: new ReasonLog("worker 2", (line) => lines.push(line)) };
}

const OPTIONS: [reason: LogReason, option: string][] = [
  ["head_timeout", "headTimeout"],
  ["body_timeout", "bodyTimeout"],
  ["head_too_large", "maxHeadBytes"],
  ["too_many_fields", "maxHeaderCount"],
  ["target_too_long", "maxTargetBytes"],
  ["body_too_large", "maxBodyBytes"],
  ["handler_timeout", "handlerTimeout"],
  ["write_timeout", "writeTimeout"],
  ["too_many_websockets", "maxWebSockets"],
  ["draining", "drainTimeout"],
];

describe("ReasonLog", () => {
  for (const [reason, option] of OPTIONS) {
    it(`note() names ${option} for ${reason}`, () => {
      const { log, lines } = makeLog();
      log.note(reason, GET, 0);
      assertEquals(lines.length, 1);
      assertMatch(lines[0], new RegExp(`^worker 2: ${reason} of GET /a: .*\\b${option}\\b`));
    });
  }

  for (const reason of ["bad_request", "client_gone", "panic"] as const) {
    it(`note() writes no line for ${reason}, which no option changes`, () => {
      const { log, lines } = makeLog();
      log.note(reason, GET, 0);
      log.flush();
      assertEquals(lines, []);
    });
  }

  it("note() writes one line a minute for each reason, and how many it left out", () => {
    const { log, lines } = makeLog();
    for (let now = 0; now < 60_000; now += 100) log.note("handler_timeout", GET, now);
    log.note("head_timeout", undefined, 59_000);
    assertEquals(lines.length, 2);
    assertMatch(lines[1], /^worker 2: head_timeout of a request: /);
    log.note("handler_timeout", GET, 60_000);
    assertMatch(lines[2], /^worker 2: handler_timeout of 599 more requests: .*handlerTimeout/);
    assertMatch(lines[3], /^worker 2: handler_timeout of GET \/a: /);
  });

  it("tick() reports what was left out when the minute is over, once", () => {
    const { log, lines } = makeLog();
    log.note("draining", GET, 0);
    log.note("draining", GET, 10);
    log.tick(59_999);
    assertEquals(lines.length, 1);
    log.tick(60_000);
    log.tick(120_000);
    assertEquals(lines.length, 2);
    assertMatch(lines[1], /^worker 2: draining of 1 more request: /);
  });

  it("flush() reports what was left out at the end of the worker", () => {
    const { log, lines } = makeLog();
    log.note("draining", GET, 0);
    log.note("draining", GET, 10);
    log.flush();
    log.flush();
    assertEquals(lines.length, 2);
  });

  it("note() escapes a request target, and shortens a long one", () => {
    const { log, lines } = makeLog();
    log.note("handler_timeout", { method: "GET", target: "/\x1b" + "a".repeat(10_000) }, 0);
    assertMatch(lines[0], /^worker 2: handler_timeout of GET \/\\u001ba{198}: /);
  });
});
