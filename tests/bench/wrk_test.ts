// What wrk is told, and what is made of its words.

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type Latencies,
  latencyAt,
  luaString,
  parseWrkOutput,
  withoutCorrection,
  wrkScript,
} from "./wrk.ts";

describe("luaString()", () => {
  it("escapes what ends a text, or is not printable", () => {
    assertEquals(luaString('a"b\\c\r\n\x7f\xff1'), '"a\\034b\\092c\\013\\010\\127\\2551"');
  });

  it("refuses a character that is more than a byte", () => {
    assertThrows(() => luaString("\u0100"), RangeError);
  });
});

describe("wrkScript()", () => {
  it("one request is made once", () => {
    const script = wrkScript(["GET / HTTP/1.1\r\n\r\n"]);
    assertEquals(script.includes("request = function"), false);
    assertEquals(
      script.startsWith('wrk.format = function() return "GET / HTTP/1.1\\013\\010\\013\\010" end'),
      true,
    );
  });

  it("several requests are sent in turn", () => {
    const script = wrkScript(["first", "second"]);
    assertEquals(script.includes('"first",\n"second"'), true);
    assertEquals(script.includes("request = function"), true);
  });
});

/** What wrk 4 does to its latencies, as its source has it (`stats_correct`), with counts of those below the least one left out. */
function corrected(seen: Latencies, interval: number): Latencies {
  const most = Math.max(...seen.keys());
  const least = Math.min(...seen.keys());
  const counts = new Map(seen);
  for (let latency = interval * 2; latency <= most; latency++) {
    const count = counts.get(latency) ?? 0;
    if (count === 0) continue;
    for (let lower = latency - interval; lower > interval; lower -= interval) {
      counts.set(lower, (counts.get(lower) ?? 0) + count);
    }
  }
  return new Map([...counts].filter(([latency]) => latency >= least));
}

/** Only what was seen. */
function nonZero(latencies: Latencies): Latencies {
  return new Map([...latencies].filter(([, count]) => count !== 0).sort(([a], [b]) => a - b));
}

describe("withoutCorrection()", () => {
  const cases: { what: string; interval: number; seen: [number, number][] }[] = [
    { what: "a few that are late", interval: 10, seen: [[8, 500], [11, 300], [57, 3], [120, 1]] },
    { what: "all of them late", interval: 10, seen: [[100, 5], [103, 7], [110, 2], [213, 1]] },
    { what: "none late", interval: 10, seen: [[8, 5], [12, 7], [19, 2]] },
  ];
  for (const { what, interval, seen } of cases) {
    it(`what wrk adds is taken back: ${what}`, () => {
      const original = new Map(seen);
      assertEquals(
        nonZero(withoutCorrection(corrected(original, interval), interval)),
        nonZero(original),
      );
    });
  }

  it("the cases are ones to which wrk adds something", () => {
    const changed = cases.map(({ interval, seen }) =>
      corrected(new Map(seen), interval).size > seen.length
    );
    assertEquals(changed, [true, true, false]);
  });
});

describe("latencyAt()", () => {
  it("counts how often each latency was seen", () => {
    const latencies: Latencies = new Map([[30, 1], [10, 98], [20, 1]]);
    assertEquals([0.5, 0.98, 0.99, 1].map((share) => latencyAt(latencies, share)), [
      10,
      10,
      20,
      30,
    ]);
  });
});

describe("parseWrkOutput()", () => {
  const output = `Running 1s test @ http://127.0.0.1:8000
  1 threads and 4 connections
Requests/sec:  64085.62
counts 1000 2000000 0 3
latencies 100:600 200:390 5000:10
`;

  it("finds what the script has counted", () => {
    // 4 connections and 1,000 answers in 2 s: one each 8 ms, so that nothing was added.
    assertEquals(parseWrkOutput(output, 4), {
      requests: 1_000,
      seconds: 2,
      requestsPerSecond: 500,
      p50Us: 100,
      p99Us: 200,
      errors: 0,
      endings: 3,
    });
  });

  it("refuses a run in which no pipelined batch was answered whole", () => {
    const partial = "counts 448 1000000 0 0\nlatencies\n";
    const message = "No batch of requests was answered whole: 448 answers in 1 s";
    assertThrows(() => parseWrkOutput(partial, 64), Error, message);
  });

  it("tells what it could not understand", () => {
    assertThrows(() => parseWrkOutput("unable to connect", 4), Error, "unable to connect");
  });
});
