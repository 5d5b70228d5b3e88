import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { LineBuffer } from "../../src/telemetry/line_buffer.ts";
import {
  accessDate,
  type AccessFormat,
  type AccessRecord,
  JsonFormat,
  TextFormat,
} from "../../src/telemetry/access_format.ts";
import { writtenId } from "../support/connections/written_id.ts";
import { runs } from "../support/runs.ts";

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

/**
 * The combined log format, and a duration, an id and a worker, as a reader of logs takes it apart.
 */
const COMBINED =
  /^(\S+) - - \[([^\]]+)\] "([^"\\]|\\x[0-9a-f]{2})*" (\d{3}) (\d+) "([^"\\]|\\x[0-9a-f]{2})*" "([^"\\]|\\x[0-9a-f]{2})*" (\d+\.\d) (\S+) (\d+)$/;

const details = { code: 1001, received: 12, sent: 30 };

describe("TextFormat", () => {
  it("TextFormat adds the time at the front end after the worker, if it is known", () => {
    const plain = accessLine(record, date);
    assertEquals(accessLine({ ...record, queueMs: 12.25 }, date), `${plain} queue=12.3`);
    assertEquals(
      accessLine({ ...record, queueMs: 0, reason: "overloaded" }, date),
      `${plain} queue=0.0 overloaded`,
    );
  });

  it("TextFormat adds the details of an upgraded connection after the worker", () => {
    const line = accessLine({ ...record, status: 101, details }, date);
    assertMatch(line, /" 101 1234 .* abc-1 3 code=1001 received=12 sent=30$/);
  });

  it("TextFormat adds the reason for an error response at the end of the line", () => {
    const line = accessLine({ ...record, status: 503, reason: "handler_timeout" }, date);
    assertMatch(line, /" 503 1234 .* abc-1 3 handler_timeout$/);
  });

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
      { numRuns: runs(500) },
    );
  });
});

describe("JsonFormat", () => {
  it("adds the ids of the request's span, if it has one", () => {
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
    const lineOf = (record: AccessRecord) =>
      JSON.parse(textOf((lines) => new JsonFormat(worker).add(lines, record, date, 0)));
    const { trace_id, span_id } = lineOf({ ...record, trace });
    assertEquals([trace_id, span_id], [trace.traceId, trace.spanId]);
    assertEquals("trace_id" in lineOf(record), false);
  });

  it("JsonFormat adds the time at the front end, and no member if it is unknown", () => {
    const format = new JsonFormat(worker);
    const lines = [0, 12.25, undefined].map((queueMs) =>
      JSON.parse(textOf((lines) => format.add(lines, { ...record, queueMs }, date, 0)))
    );
    assertEquals(lines.map(({ queueMs }) => queueMs), [0, 12.25, undefined]);
    assertEquals("queueMs" in lines[2], false);
  });

  it("JsonFormat adds the reason for an error response, and no member without one", () => {
    const format = new JsonFormat(worker);
    const reasons = (["draining", undefined, "overloaded"] as const).map((reason) =>
      JSON.parse(textOf((lines) => format.add(lines, { ...record, status: 503, reason }, date, 0)))
    );
    assertEquals(reasons.map(({ reason }) => reason), ["draining", undefined, "overloaded"]);
    assertEquals(reasons.map((line) => "reason" in line), [true, false, true]);
  });

  it("JsonFormat adds the details of an upgraded connection as numbers", () => {
    const text = textOf((lines) =>
      new JsonFormat(worker).add(lines, { ...record, status: 101, details }, date, 0)
    );
    const { status, target, code, received, sent } = JSON.parse(text);
    assertEquals({ status, target, code, received, sent }, {
      status: 101,
      target: record.requestLine?.target,
      ...details,
    });
  });

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
      { numRuns: runs(500) },
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
        { numRuns: runs(500) },
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
