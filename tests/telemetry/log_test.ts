// The lines of the log: what they say, and that no text can forge another line.

import { AsyncLocalStorage } from "node:async_hooks";
import {
  assert,
  assertEquals,
  assertFalse,
  assertLess,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  describeError,
  escapeForLog,
  lastError,
  logToStandardError,
  panicLine,
  PanicLog,
} from "../../src/telemetry/log.ts";
import { assertIsOneLine, hostileText } from "./hostile_text.ts";
import { standardErrorOf } from "../support/standard_error.ts";

describe("escapeForLog()", () => {
  const cases: { what: string; text: string; escaped: string }[] = [
    {
      what: "leaves text as it is",
      text: "Jürgen 日本 🥧 \\u001b %s",
      escaped: "Jürgen 日本 🥧 \\u001b %s",
    },
    { what: "leaves a tab as it is", text: "a\tb", escaped: "a\tb" },
    {
      what: "indents what follows a line end",
      text: "a\nb\n\nc",
      escaped: "a\n    b\n    \n    c",
    },
    { what: "escapes a carriage return", text: "a\r\nb\rc", escaped: "a\\u000d\n    b\\u000dc" },
    {
      what: "escapes NUL, ESC and DEL",
      text: "\0\x1b[2J\x7f",
      escaped: "\\u0000\\u001b[2J\\u007f",
    },
    { what: "escapes the controls above 0x80", text: "\x85\x9b", escaped: "\\u0085\\u009b" },
    {
      what: "escapes other line ends",
      text: "a\u2028b\u2029c\vd\fe",
      escaped: "a\\u2028b\\u2029c\\u000bd\\u000ce",
    },
    {
      what: "escapes what turns the direction around",
      text: "\u202a\u202e\u2066\u2069",
      escaped: "\\u202a\\u202e\\u2066\\u2069",
    },
  ];
  for (const { what, text, escaped } of cases) {
    it(what, () => assertEquals(escapeForLog(text), escaped));
  }

  it("lets no text look like a line of its own", () => {
    fc.assert(fc.property(hostileText, (text) => assertIsOneLine(escapeForLog(text))));
  });
});

describe("describeError()", () => {
  it("tells an error's name, message, stack, causes and properties", () => {
    class DatabaseError extends Error {
      override name = "DatabaseError";
      query = "SELECT 1";
    }
    const cause = new RangeError("behind it");
    const text = describeError(new DatabaseError("it broke", { cause }));
    const parts = [
      "DatabaseError",
      "it broke",
      "RangeError",
      "behind it",
      "SELECT 1",
      "log_test.ts:",
    ];
    for (const part of parts) assertStringIncludes(text, part);
  });

  it("tells an error without a stack in its own words, and no more", () => {
    const error = new RangeError("no room at [a]");
    error.stack = `RangeError: ${error.message}`;
    assertEquals(describeError(error), "RangeError: no room at [a]");
    assertStringIncludes(describeError(Object.assign(error, { code: "E7" })), 'code: "E7"');
  });

  it("tells a text as it is", () => {
    assertEquals(describeError("only words\n"), "only words\n");
  });

  it("tells every other value in some way", () => {
    const values = [undefined, null, 0, 1n, Symbol("a"), {}, [], () => {}, new Map([["a", 1]])];
    for (const value of values) assert(describeError(value).length > 0);
    assertStringIncludes(describeError({ code: "E7" }), "E7");
  });

  it("tells every cause, however many stand behind each other", () => {
    let error = new Error("cause 0");
    for (let i = 1; i < 12; i++) error = new Error(`cause ${i}`, { cause: error });
    const text = describeError(error);
    for (let i = 0; i < 12; i++) assertStringIncludes(text, `cause ${i}`);
  });

  it("tells of an error that carries a graph in a bounded text", () => {
    let node: unknown = {};
    // Written out as a tree, it has as many leaves as 2 to the power of its height.
    for (let height = 0; height < 14; height++) node = { left: node, right: node };
    assertLess(describeError(Object.assign(new Error("a"), { node })).length, 100_000);
  });

  it("has no colours, which a file would keep", () => {
    assertFalse(describeError({ a: 1, b: "text", c: new Error("d") }).includes("\x1b["));
  });

  it("never throws, whatever it is given", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throws = () => {
      throw new Error("not with me");
    };
    const circle: Error = new Error("round");
    circle.cause = circle;
    const hostile = [
      proxy,
      new Proxy({}, { get: throws, ownKeys: throws, getPrototypeOf: throws }),
      {
        get a() {
          return throws();
        },
      },
      { [Symbol.for("Deno.customInspect")]: throws },
      Object.defineProperty(new Error("a"), "stack", { get: throws }),
      circle,
    ];
    for (const value of hostile) assert(describeError(value).length > 0);
  });
});

describe("PanicLog", () => {
  /** The lines of so many panics, each at its time. */
  function linesOf(error: unknown, times: readonly number[]): string[] {
    const lines: string[] = [];
    const log = new PanicLog("worker 3", (line) => lines.push(line));
    for (const now of times) log.note("in GET /a", error, now);
    return lines;
  }

  it("logs every panic, and the whole of ten in a second", () => {
    const error = new Error("it broke");
    const lines = linesOf(error, [...Array(25).keys()]);
    assertEquals(lines.length, 25);
    const whole = panicLine("worker 3", "in GET /a", error);
    for (const line of lines.slice(0, 10)) assertEquals(line, whole);
    for (const line of lines.slice(10)) {
      assertMatch(line, /^worker 3: panic in GET \/a: Error: it broke \(its stack is left out: /);
      assertIsOneLine(line);
    }
  });

  it("begins anew with each second", () => {
    const times = [...Array(12).fill(500), 1_499, ...Array(11).fill(1_500)];
    const areWhole = linesOf(new Error("a"), times).map((line) => !line.includes("is left out"));
    assertEquals(areWhole, [
      ...Array(10).fill(true),
      ...Array(3).fill(false),
      ...Array(10).fill(true),
      false,
    ]);
  });

  const unusual: [what: string, error: unknown][] = [
    ["an error with a line end in its message", new Error("a\nworker 1: b")],
    ["a text", "a\r\nb"],
    ["nothing", undefined],
    ["what has no text", Object.create(null)],
    ["what throws when it is looked at", Proxy.revocable({}, {}).proxy],
    ["a symbol", Symbol("a")],
  ];
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  unusual.push(["what cannot even be looked at", proxy]);
  for (const [what, error] of unusual) {
    it(`logs ${what} in a few words as well`, () => {
      const lines = linesOf(error, Array(12).fill(0));
      assertEquals(lines.length, 12);
      for (const line of lines) assertIsOneLine(line);
    });
  }

  it("cuts off what is said at length", () => {
    const last = linesOf(new Error("a".repeat(10_000)), Array(11).fill(0)).at(-1) ?? "";
    assertLess(last.length, 400);
  });
});

describe("panicLine()", () => {
  it("says which worker, in what, and the whole of the error", () => {
    const line = panicLine("worker 3", "in GET /a?b", new Error("it broke"));
    for (const part of ["worker 3", "panic", "in GET /a?b", "Error: it broke", "log_test.ts:"]) {
      assertStringIncludes(line, part);
    }
  });

  it("is one line, whatever the error quotes", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const error = Object.assign(new Error(text, { cause: text }), { [text]: text });
        assertIsOneLine(panicLine("worker 1", "in GET /", error));
        assertIsOneLine(panicLine("worker 1", `in ${text}`, text));
      }),
    );
  });
});

describe("lastError()", () => {
  it("says what the panic was, and has no stack", () => {
    const { name, message, stack } = lastError(new RangeError("it broke"));
    assertEquals([name, message, stack], ["", "RangeError: it broke", ""]);
    assertEquals(lastError(undefined).message, "undefined");
  });

  it("is one line without end or colour, whatever the panic quotes", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        for (const panic of [new Error(text), Object.assign(new Error(), { name: text }), text]) {
          assertNotMatch(
            lastError(panic).message,
            /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u,
          );
        }
      }),
    );
  });
});

describe("logToStandardError()", () => {
  it("writes a line with the time and the server's name before it, as it is", async () => {
    const lines = await standardErrorOf(() => logToStandardError("worker 3: %s ended 100%"));
    assertEquals(lines.length, 1);
    assertMatch(
      lines[0],
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z mudpie: worker 3: %s ended 100%$/,
    );
  });

  it("goes on where the application has a console.error that throws", () => {
    const { error } = console;
    console.error = () => {
      throw new Error("not with me");
    };
    try {
      logToStandardError("worker 3: ended");
    } finally {
      console.error = error;
    }
  });

  it("keeps what the application's console.error enters from the caller", () => {
    const { error } = console;
    const user = new AsyncLocalStorage<string>();
    console.error = () => user.enterWith("alice");
    try {
      logToStandardError("worker 3: ended");
    } finally {
      console.error = error;
    }
    assertEquals(user.getStore(), undefined);
  });
});
