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
  accessDate,
  type AccessFormat,
  type AccessRecord,
  describeError,
  escapeForLog,
  fleetLine,
  isWorthALine,
  JsonFormat,
  lastError,
  logToStandardError,
  panicLine,
  PanicLog,
  TextFormat,
} from "../src/log.ts";
import { writtenId } from "./support/written_id.ts";
import { LineBuffer } from "../src/line_buffer.ts";
import type { FleetEvent } from "../src/telemetry/fleet_event.ts";
import { standardErrorOf } from "./support/routing_standard_error.ts";

/** Control characters other than line end and tab, and those that turn lines or their direction around. */
const HARMFUL = /[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Text with many of the characters that a forger of lines would use. */
const hostileText = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"),
    fc.constantFrom('"', "\\", " ", "[", "2026-01-01T00:00:00.000Z mudpie: "),
    fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCharCode(code)),
  ),
  maxLength: 20,
});

function assertIsOneLine(line: string): void {
  assertNotMatch(line, HARMFUL);
  for (const continued of line.split("\n").slice(1)) assertMatch(continued, /^ {4}/);
}

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

const events: { event: FleetEvent; says: (string | RegExp)[] }[] = [
  {
    event: {
      kind: "listening",
      url: "http://127.0.0.1:8000/",
      hostname: "127.0.0.1",
      port: 8000,
      workers: 4,
      workersSource: "as MUDPIE_THREADS says",
      listen: "reuseport",
      isolation: "web",
    },
    says: ["http://127.0.0.1:8000/", "4 workers", "as MUDPIE_THREADS says", "reuseport", "web"],
  },
  {
    event: { kind: "listen fallback", listen: "shared", reason: "the flag is missing" },
    says: ["shared", "the flag is missing"],
  },
  { event: { kind: "accepting", worker: 3, startMs: 41.7 }, says: ["worker 3", "42 ms"] },
  { event: { kind: "panicked", worker: 3, error: "Error: a" }, says: ["worker 3", "panicked"] },
  {
    event: {
      kind: "hung",
      worker: 3,
      outcome: "stopped",
      handling: [
        { method: "GET", path: "/waits", ageMs: 61_000 },
        { method: "POST", path: "/spins", ageMs: 30_040 },
      ],
    },
    says: [/worker 3: hung while handling POST \/spins \(30\.0 s\), GET \/waits \(61\.0 s\); /],
  },
  {
    event: { kind: "hung", worker: 3, outcome: "spins on", handling: [] },
    says: [/worker 3: hung; /, "core", 'isolation "thread"'],
  },
  {
    event: {
      kind: "hung",
      worker: 3,
      outcome: "exit",
      handling: Array(12).fill({ method: "GET", path: "/", ageMs: 0 }),
    },
    says: [
      /(GET \/ \(0\.0 s\), ){7}GET \/ \(0\.0 s\) and 4 more; /,
      "onHang",
      'isolation "thread"',
    ],
  },
  {
    event: {
      kind: "ended",
      worker: 3,
      cause: "crash",
      detail: "out of memory",
      handling: [{ method: "GET", path: "/grows", ageMs: 1_250 }],
    },
    says: [/out of memory while handling GET \/grows \(1\.3 s\)$/],
  },
  { event: { kind: "replacing", worker: 3, cause: "max age" }, says: ["worker 3", "max age"] },
  {
    event: { kind: "ended", worker: 3, cause: "crash", detail: "out of memory" },
    says: ["worker 3", "crash", "out of memory"],
  },
  { event: { kind: "ended", worker: 3, cause: "reload", detail: "" }, says: [/reload\)$/] },
  { event: { kind: "delaying", delayMs: 1_600, youngDeaths: 5 }, says: ["1600 ms", "5"] },
  { event: { kind: "out of descriptors" }, says: ["file descriptors", "ulimit -n"] },
  { event: { kind: "reloading" }, says: ["reloading"] },
  { event: { kind: "reloaded" }, says: ["reloaded"] },
  { event: { kind: "reload failed", reason: "it does not parse" }, says: ["it does not parse"] },
  { event: { kind: "resized", workers: 5 }, says: ["5"] },
  { event: { kind: "stopping", reason: "SIGTERM" }, says: ["stopping", "SIGTERM"] },
  { event: { kind: "stopped" }, says: ["stopped"] },
];

describe("fleetLine()", () => {
  for (const { event, says } of events) {
    it(`tells of ${JSON.stringify(event)}`, () => {
      const line = fleetLine(event);
      for (const part of says) {
        if (typeof part === "string") assertStringIncludes(line, part);
        else assertMatch(line, part);
      }
    });
  }

  it("tells of one worker as of one", () => {
    const [{ event }] = events;
    assert(event.kind === "listening");
    assertMatch(fleetLine({ ...event, workers: 1 }), /\b1 worker\b/);
  });

  it("is one line, whatever the event quotes", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        assertIsOneLine(fleetLine({ kind: "ended", worker: 1, cause: "crash", detail: text }));
        assertIsOneLine(fleetLine({ kind: "reload failed", reason: text }));
      }),
    );
  });
});

describe("isWorthALine()", () => {
  const of = (kind: FleetEvent["kind"]) => {
    const found = events.find(({ event }) => event.kind === kind)?.event;
    if (found === undefined) throw new Error(`There is no event ${kind} in the table`);
    return found;
  };
  const phases = ["starting", "serving", "stopping"] as const;

  it("is never said of a panic, which had its line when it happened", () => {
    for (const phase of phases) assertFalse(isWorthALine(of("panicked"), phase));
  });

  it("is said of a worker that accepts while the fleet serves, and not of a fleet that starts", () => {
    const event = of("accepting");
    assertEquals(phases.map((phase) => isWorthALine(event, phase)), [false, true, false]);
  });

  it("is said of a worker's end while the fleet serves", () => {
    const event: FleetEvent = { kind: "ended", worker: 3, cause: "reload", detail: "" };
    assertEquals(phases.map((phase) => isWorthALine(event, phase)), [false, true, false]);
  });

  it("is said of a worker that had to be terminated, even at the end", () => {
    const event: FleetEvent = { kind: "ended", worker: 3, cause: "shutdown", detail: "terminated" };
    assert(isWorthALine(event, "stopping"));
  });

  it("is said of a hang once", () => {
    const hung: FleetEvent = { kind: "hung", worker: 3, outcome: "stopped", handling: [] };
    const replacing: FleetEvent = { kind: "replacing", worker: 3, cause: "hang" };
    for (const phase of phases) assert(isWorthALine(hung, phase), phase);
    for (const phase of phases) assertFalse(isWorthALine(replacing, phase), phase);
  });

  it("is said of all that concerns the fleet, at any time", () => {
    const kinds = [
      "listening",
      "listen fallback",
      "replacing",
      "delaying",
      "out of descriptors",
      "reloading",
      "stopped",
    ] as const;
    for (const kind of kinds) {
      for (const phase of phases) assert(isWorthALine(of(kind), phase), `${kind}, ${phase}`);
    }
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
});

const record: AccessRecord = {
  clientHostname: "192.0.2.7",
  requestLine: { method: "GET", target: "/a?b=c", minorVersion: 1 },
  status: 200,
  bodyBytes: 1_234,
  referer: "http://localhost/",
  userAgent: "curl/8.5.0",
  durationMs: 1.25,
  requestId: writtenId("abc-1"),
};
const worker = 3;
const date = "23/Nov/2026:15:04:05 +0000";

function textOf(add: (lines: LineBuffer) => void): string {
  const lines = new LineBuffer();
  add(lines);
  return new TextDecoder().decode(lines.bytes);
}

/** The line of a request as text, without its end, of which there must be one. */
function accessLine(record: AccessRecord, date: string): string {
  const text = textOf((lines) => new TextFormat(worker).add(lines, record, date));
  assertEquals(text.indexOf("\n"), text.length - 1);
  return text.slice(0, -1);
}

/** What a client can send in a place, with what somebody who forges lines would use. */
const clientText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', "\\", " ", "\n", "\r", "\t", "\0", "\x7f", "\x85", "]", "}", ",", "x"),
    fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
  ),
  // Longer ones are copied in another way.
  maxLength: 60,
});

/** The combined log format, and a duration, an id and a worker, as a reader of logs takes it apart. */
const COMBINED =
  /^(\S+) - - \[([^\]]+)\] "([^"\\]|\\x[0-9a-f]{2})*" (\d{3}) (\d+) "([^"\\]|\\x[0-9a-f]{2})*" "([^"\\]|\\x[0-9a-f]{2})*" (\d+\.\d) (\S+) (\d+)$/;

describe("TextFormat", () => {
  it("adds the combined log format, and behind it duration, id and worker", () => {
    assertMatch(
      accessLine(record, date),
      /^192\.0\.2\.7 - - \[23\/Nov\/2026:15:04:05 \+0000\] "GET \/a\?b=c HTTP\/1\.1" 200 1234 "http:\/\/localhost\/" "curl\/8\.5\.0" 1\.[23] abc-1 3$/,
    );
  });

  it("has a hyphen for what is not there", () => {
    const line = accessLine({ ...record, requestLine: null, referer: null, userAgent: null }, date);
    assertStringIncludes(line, '] "-" 200 1234 "-" "-" ');
  });

  const escapes = [
    { what: "a quote", value: 'a" 200 0 "', escaped: "a\\x22 200 0 \\x22" },
    { what: "a backslash", value: "a\\x22", escaped: "a\\x5cx22" },
    { what: "a tab", value: "a\tb", escaped: "a\\x09b" },
    { what: "bytes above 0x7E", value: "a\x7f\x80\xff", escaped: "a\\x7f\\x80\\xff" },
    {
      what: "bytes above 0x7E at the end of a long text",
      value: "a".repeat(60) + "\xff",
      escaped: "a".repeat(60) + "\\xff",
    },
  ];
  for (const { what, value, escaped } of escapes) {
    it(`escapes ${what} in what the client says of itself`, () => {
      const line = accessLine({ ...record, referer: value, userAgent: value }, date);
      assertStringIncludes(line, ` "${escaped}" "${escaped}" `);
    });
  }

  it("can be read in one way only, whatever the client sends", () => {
    fc.assert(
      fc.property(clientText, clientText, clientText, (target, referer, userAgent) => {
        const requestLine = { method: "GET", target, minorVersion: 1 } as const;
        const line = accessLine({ ...record, requestLine, referer, userAgent }, date);
        assertMatch(line, COMBINED);
        const quoted = [...line.matchAll(/"([^"]*)"/g)].map(([, text]) =>
          text.replace(
            /\\x([0-9a-f]{2})/g,
            (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)),
          )
        );
        assertEquals(quoted, [`GET ${target} HTTP/1.1`, referer, userAgent]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("JsonFormat", () => {
  const time = "2026-11-23T15:04:05.678Z";
  const linesOf = (...records: AccessRecord[]) => {
    const format = new JsonFormat(worker);
    return textOf((lines) => {
      for (const record of records) format.add(lines, record, "", Date.parse(time));
    });
  };

  it("adds an object with all that is known of a request", () => {
    assertEquals(JSON.parse(linesOf({ ...record, durationMs: 0.0625 })), {
      time,
      id: "abc-1",
      worker: 3,
      client: "192.0.2.7",
      method: "GET",
      target: "/a?b=c",
      version: "1.1",
      status: 200,
      bytes: 1_234,
      durationMs: 0.063,
      referer: "http://localhost/",
      userAgent: "curl/8.5.0",
    });
  });

  it("has null for what is not there", () => {
    const { method, target, version, referer, userAgent } = JSON.parse(
      linesOf({ ...record, requestLine: null, referer: null, userAgent: null }),
    );
    assertEquals([method, target, version, referer, userAgent], [null, null, null, null, null]);
  });

  it("is one line of printable ASCII that reads as what the client has sent, whatever that is", () => {
    fc.assert(
      fc.property(clientText, clientText, clientText, (target, referer, userAgent) => {
        const requestLine = { method: "GET", target, minorVersion: 1 } as const;
        const line = linesOf({ ...record, requestLine, referer, userAgent });
        assertMatch(line, /^[ -~]+\n$/);
        const read = JSON.parse(line);
        assertEquals([read.target, read.referer, read.userAgent], [target, referer, userAgent]);
      }),
      { numRuns: 500 },
    );
  });
});

const anyRecord: fc.Arbitrary<AccessRecord> = fc.record({
  clientHostname: fc.constantFrom("192.0.2.7", "2001:db8::1"),
  requestLine: fc.option(fc.record({
    method: fc.constantFrom("GET", "POST"),
    target: fc.constantFrom("/a", "/b"),
    minorVersion: fc.constantFrom<0 | 1>(0, 1),
  })),
  status: fc.constantFrom(200, 404),
  bodyBytes: fc.nat(3),
  referer: fc.constantFrom(null, "", "http://a/"),
  userAgent: fc.constantFrom(null, "", "curl"),
  durationMs: fc.constantFrom(0, 1.5),
  requestId: fc.constantFrom("a", "b").map(writtenId),
});

/** Requests that come in turns or in a row, and differ from one another in this or that. */
const manyLines = fc.tuple(anyRecord, anyRecord).chain(([record, other]) => {
  const names = Object.keys(record) as (keyof AccessRecord)[];
  const records = names.map((name) => ({ ...record, [name]: other[name] }));
  return fc.array(
    fc.record({
      record: fc.constantFrom(record, record, ...records),
      date: fc.constantFrom("a", "a", "b"),
      time: fc.constantFrom(0, 999, 1_000, 1_763_000_000_123.75),
    }),
    { maxLength: 20 },
  );
});

for (const Format of [TextFormat, JsonFormat]) {
  describe(`${Format.name}, line after line,`, () => {
    it("tells each request as it would alone, whatever the ones before it were", () => {
      fc.assert(
        fc.property(manyLines, (all) => {
          const format = new Format(worker);
          const add = (format: AccessFormat, { record, date, time }: typeof all[number]) =>
            textOf((lines) => format.add(lines, record, date, time));
          for (const line of all) assertEquals(add(format, line), add(new Format(worker), line));
        }),
        { numRuns: 500 },
      );
    });
  });
}

describe("accessDate()", () => {
  const cases: [date: string, text: string][] = [
    ["2026-11-23T15:04:05.678Z", "23/Nov/2026:15:04:05 +0000"],
    ["2027-01-02T03:04:05Z", "02/Jan/2027:03:04:05 +0000"],
    ["2026-12-31T23:59:59.999Z", "31/Dec/2026:23:59:59 +0000"],
    ["2026-07-01T00:00:00+02:00", "30/Jun/2026:22:00:00 +0000"],
  ];
  for (const [date, text] of cases) {
    it(`writes ${date} as ${text}`, () => assertEquals(accessDate(new Date(date)), text));
  }
});
