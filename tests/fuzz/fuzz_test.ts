// The fuzzer for a bounded time: once with a seed that never changes, once with the day's. And the fuzzer itself: what it holds
// the server against is right, what it does is the same with the same seed, and it can fail.

import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  bytesOf,
  type Conversation,
  converse,
  DEFAULT_LIMITS,
  numbersFrom,
  textOf,
} from "../http1/reading.ts";
import { expectedReading } from "../http1/expected_reading.ts";
import { WIRE_GROUPS, type WireCase } from "../http1/wire_cases.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";
import { execute, makeExecution, type Reader } from "./executions.ts";
import { parseFlags } from "./fuzz.ts";
import { describeFailure, fuzz, type FuzzReport } from "./fuzzer.ts";
import { makeBytes, makeRequest, mutate, MUTATION_NAMES } from "./mutations.ts";
import { reduce } from "./reducer.ts";
import { readReference } from "./reference.ts";
import { readResponses } from "./response_reader.ts";
import { faultOfAnswers, faultOfFetch, type MadeAnswer } from "./responses.ts";

/** Numbers of executions and not of seconds, so that a slow machine does the same. They take about five seconds on two quiet cores. */
const FIXED_EXECUTIONS = 6_000;
const DAILY_EXECUTIONS = 4_000;
const FIXED_SEED = 9_112;
const DAY_MS = 86_400_000;

/** The fuzzer has to find a plain fault in so many executions. */
const MAX_EXECUTIONS_TO_A_FAULT = 5_000;

function fuzzTimes(seed: number, executions: number, reader?: Reader): Promise<FuzzReport> {
  return fuzz({ seed, goesOn: (number) => number < executions, reader });
}

function assertFlawless({ failure }: FuzzReport): void {
  assert(failure === undefined, failure && describeFailure(failure));
}

describe("the server, fuzzed", () => {
  let ends: ReadonlyMap<string, number>;

  it("does what the reference does, with a seed that never changes", async () => {
    const report = await fuzzTimes(FIXED_SEED, FIXED_EXECUTIONS);
    assertFlawless(report);
    assertEquals(report.executions, FIXED_EXECUTIONS);
    ends = report.ends;
  });

  it("is brought to every end that there is", () => {
    const expected = [
      "requests read",
      "declined with 417",
      ...[400, 413, 414, 417, 431, 501, 505].map((status) => `refused with ${status}`),
      "awaiting the rest of a head",
      "awaiting the rest of a body",
      ...["WebResponse", "Response", "HttpError"].flatMap((kind) => [
        `handler's ${kind} that can be sent`,
        `handler's ${kind} that is a panic`,
      ]),
    ];
    for (const end of expected) assertGreater(ends.get(end) ?? 0, 10, end);
  });

  it("does what the reference does, with the seed of the day", async () => {
    assertFlawless(await fuzzTimes(Math.floor(Date.now() / DAY_MS), DAILY_EXECUTIONS));
  });
});

/** A case's expectations as the reference puts them; what the case does not name is taken from what came. */
function expectedOutcomes(wireCase: WireCase, outcomes: readonly unknown[]): unknown[] {
  const { requests = [], refused, isHeadRequest = false } = wireCase;
  const expected: unknown[] = requests.map((request, index) => {
    const reading = expectedReading(request);
    return request.declined === undefined ? { ...outcomes[index] as object, ...reading } : reading;
  });
  if (refused !== undefined) expected.push({ kind: "refused", status: refused, isHeadRequest });
  return expected;
}

describe("readReference()", () => {
  for (const { about, cases } of WIRE_GROUPS) {
    it(`readReference() agrees with what was written by hand about ${about}`, () => {
      for (const wireCase of cases) {
        const limits = { ...DEFAULT_LIMITS, ...wireCase.limits };
        const { outcomes, awaiting, continues } = readReference(wireCase.bytes, limits);
        assertEquals<unknown>(outcomes, expectedOutcomes(wireCase, outcomes), wireCase.what);
        assertEquals(awaiting, wireCase.awaiting ?? "request", wireCase.what);
        const expectedContinues = (wireCase.requests ?? []).filter((request) => request.continues);
        // What is refused or missing in the middle of its body was asked for, too, and no case names it.
        if (wireCase.refused === undefined && wireCase.awaiting === undefined) {
          assertEquals(continues.length, expectedContinues.length, wireCase.what);
        }
      }
    });
  }

  it("readReference() agrees with the parser on every beginning of a wire case", () => {
    for (const { cases } of WIRE_GROUPS) {
      for (const { what, bytes, limits: ownLimits } of cases) {
        // Of the long ones, nearly all beginnings are alike.
        if (bytes.length > 250) continue;
        const limits = { ...DEFAULT_LIMITS, ...ownLimits };
        for (let length = 0; length < bytes.length; length++) {
          const beginning = bytes.slice(0, length);
          const read = converse([bytesOf(beginning)], limits);
          const { outcomes, awaiting } = readReference(beginning, limits);
          const about = `${what}: ${JSON.stringify(beginning)}`;
          assertEquals(
            read.readings.map(({ kind }) => kind),
            outcomes.map(({ kind }) => kind),
            about,
          );
          assertEquals(read.awaiting, awaiting, about);
        }
      }
    }
  });
});

describe("makeExecution()", () => {
  it("makeExecution() makes the same execution of the same seed and number", () => {
    for (let number = 0; number < 200; number++) {
      assertEquals(makeExecution(7, number), makeExecution(7, number));
    }
  });

  it("makeExecution() makes other executions of other seeds and numbers", () => {
    const bytes = (seed: number) =>
      Array.from({ length: 100 }, (_, number) => makeExecution(seed, number).bytes);
    assertGreater(new Set(bytes(1)).size, 90);
    assertNotEquals(bytes(1), bytes(2));
  });

  it("makeExecution() sends some through a connection, and delivers in every way", () => {
    const executions = Array.from({ length: 200 }, (_, number) => makeExecution(3, number));
    const ways = executions.map(({ delivery }) => typeof delivery === "string" ? delivery : "cut");
    assertEquals([...new Set(ways)].toSorted(), ["byte by byte", "cut", "whole"]);
    assertGreater(executions.filter(({ network }) => network !== undefined).length, 10);
  });
});

describe("mutate()", () => {
  const seeds = ["GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: b\r\n\r\n"];

  for (const name of MUTATION_NAMES) {
    it(`mutate() changes bytes, and makes bytes, with ${name}`, () => {
      const random = numbersFrom(1);
      const made = Array.from({ length: 100 }, () => mutate(name, random, seeds[0], seeds));
      for (const text of made) assertMatch(text, /^[\0-\xff]*$/);
      assertGreater(made.filter((text) => text !== seeds[0]).length, 20);
    });

    it(`mutate() takes what is empty, with ${name}`, () => {
      const random = numbersFrom(1);
      for (let times = 0; times < 20; times++) mutate(name, random, "", [""]);
    });
  }

  it("makeBytes() makes the same bytes of the same numbers", () => {
    const bytes = (seed: number) => {
      const random = numbersFrom(seed);
      return Array.from({ length: 50 }, () => makeBytes(random, seeds));
    };
    assertEquals(bytes(4), bytes(4));
    assertNotEquals(bytes(4), bytes(5));
  });

  it("makeRequest() makes requests that are read more often than not", () => {
    const random = numbersFrom(1);
    const made = Array.from(
      { length: 200 },
      () => readReference(makeRequest(random), DEFAULT_LIMITS),
    );
    assertGreater(made.filter(({ outcomes }) => outcomes[0]?.kind === "request").length, 80);
  });
});

describe("reduce()", () => {
  it("reduce() leaves only what makes it fail", async () => {
    const text = "a".repeat(300) + "X" + "b".repeat(300) + "Y" + "c".repeat(300);
    assertEquals(await reduce(text, (text) => /X.*Y/.test(text)), "XY");
  });

  it("reduce() leaves what is the smallest already", async () => {
    assertEquals(await reduce("XY", (text) => text === "XY"), "XY");
  });

  it("reduce() comes to nothing where everything fails", async () => {
    assertEquals(await reduce("abc", () => true), "");
  });

  it("reduce() comes to an end where each try takes but a byte", async () => {
    let tries = 0;
    await reduce("a".repeat(100_000), (text) => {
      tries++;
      return text.length >= 100_000 - tries / 2;
    });
    assertLess(tries, 10_000);
  });
});

// A fuzzer that never fails may be one that cannot. These readers are wrong in the ways in which others have been.

/** The parser behind something that changes all bytes before it sees them. */
function behind(change: (text: string) => string): Reader {
  return (pieces, limits) => {
    const text = Array.from(pieces, textOf).join("");
    return converse([bytesOf(change(text))], limits);
  };
}

/** The parser before something that changes what it has read. */
function before(change: (conversation: Conversation) => Conversation): Reader {
  return (pieces, limits) => change(converse(pieces, limits));
}

const wrongReaders: { what: string; reader: Reader }[] = [
  { what: "takes LF for CRLF", reader: behind((text) => text.replace(/(?<!\r)\n/g, "\r\n")) },
  { what: "takes a space before a colon", reader: behind((text) => text.replace(/ +:/g, ":")) },
  { what: "unfolds lines", reader: behind((text) => text.replace(/\r\n[ \t]+/g, " ")) },
  { what: "drops NUL", reader: behind((text) => text.replaceAll("\0", "")) },
  { what: "takes a plus sign for none", reader: behind((text) => text.replace(/\+(?=\d)/g, "")) },
  {
    what: "overlooks Content-Length beside Transfer-Encoding",
    reader: behind((text) =>
      /transfer-encoding/i.test(text) ? text.replace(/content-length/gi, "x-content-len") : text
    ),
  },
  {
    what: "reads on behind a refusal",
    reader: before((conversation) => {
      const { readings } = conversation;
      const isRefused = readings.at(-1)?.kind === "refused" && readings.length > 1;
      return isRefused ? { ...conversation, readings: [...readings, readings[0]] } : conversation;
    }),
  },
  {
    what: "loses a request",
    reader: before((conversation) => {
      const { readings } = conversation;
      return readings.length > 2 ? { ...conversation, readings: readings.slice(1) } : conversation;
    }),
  },
  {
    what: "trims the values of fields too far",
    reader: before((conversation) => ({
      ...conversation,
      readings: conversation.readings.map((reading) =>
        reading.kind !== "request" ? reading : {
          ...reading,
          fields: reading.fields.map(([name, value]) =>
            [name, value.replace(/\xff$/, "")] as const
          ),
        }
      ),
    })),
  },
  {
    what: "throws",
    reader: behind((text) => {
      if (text.includes("chunked\r\n\r\n5;")) throw new Error("a fault");
      return text;
    }),
  },
  {
    what: "waits for what is there",
    reader: before((conversation) =>
      conversation.awaiting === "head" ? { ...conversation, awaiting: "body" } : conversation
    ),
  },
];

describe("fuzz()", () => {
  for (const { what, reader } of wrongReaders) {
    it(`fuzz() finds a reader that ${what}, and makes the case small`, async () => {
      const { failure } = await fuzzTimes(1, MAX_EXECUTIONS_TO_A_FAULT, reader);
      assert(failure !== undefined, "it was not found");
      assertMatch(failure.fault, /^The parser /);
      const [, bytes] = /^ {2}bytes: (".*"),$/m.exec(failure.input) ?? [];
      assertLess(JSON.parse(bytes).length, 250, failure.input);
    });
  }

  it("fuzz() names the refusal that its case is to get", async () => {
    const { failure } = await fuzzTimes(1, MAX_EXECUTIONS_TO_A_FAULT, wrongReaders[0].reader);
    assertMatch(failure?.input ?? "", /^ {2}refused: 400,\n {2}reason: "bad\w+",$/m);
  });

  it("fuzz() names the seed, the number and the command that shows a failure again", async () => {
    const { reader } = wrongReaders[0];
    const { failure, executions } = await fuzzTimes(1, MAX_EXECUTIONS_TO_A_FAULT, reader);
    assert(failure !== undefined);
    const { number } = failure;
    assertEquals(executions, number + 1);
    assertStringIncludes(describeFailure(failure), `--seed 1 --execution ${number}`);
    const again = await fuzz({ seed: 1, first: number, goesOn: (next) => next === number, reader });
    assertEquals(again.failure, failure);
  });
});

describe("execute()", () => {
  // The target's length makes the second handler wait while the answer to the first request is written.
  const bytes = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n" +
    "POST /a/b/c HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecret";

  for (let resetAt = 0; resetAt < 8; resetAt++) {
    it(`execute() finds nothing left behind where the client is gone at call ${resetAt}`, async () => {
      for (const writeTurns of [0, 3]) {
        const network = { readTurns: 0, writeTurns, maxWriteBytes: 100, resetAt };
        const { fault } = await execute({
          bytes,
          limits: DEFAULT_LIMITS,
          delivery: "whole",
          network,
          disturbance: undefined,
        });
        assertEquals(fault, undefined);
      }
    });
  }
});

const OK = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nhi";
const NO_CONTENT = "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

describe("readResponses()", () => {
  it("readResponses() reads answers one behind the other", () => {
    const { responses } = readResponses(CONTINUE + OK + NO_CONTENT + OK, [false, false, false]);
    assertEquals(responses.map(({ status, body }) => [status, body]), [[200, "hi"], [204, ""], [
      200,
      "hi",
    ]]);
    assertEquals(responses.map(({ continues }) => continues), [1, 0, 0]);
  });

  it("readResponses() reads no body behind the answer to a HEAD", () => {
    const { responses } = readResponses(OK.slice(0, -2) + OK, [true, false]);
    assertEquals(responses.map(({ body }) => body), ["", "hi"]);
  });

  const refused: { what: string; text: string; isHead?: boolean }[] = [
    { what: "a body behind the answer to a HEAD", text: OK, isHead: true },
    { what: "a body behind a 204", text: NO_CONTENT + "hi" },
    { what: "a body that is longer than its length", text: OK + "!" },
    { what: "a body that is shorter than its length", text: OK.slice(0, -1) },
    {
      what: "a Content-Length in a 204",
      text: NO_CONTENT.replace("Date", "Content-Length: 0\r\nDate"),
    },
    { what: "two Content-Lengths", text: OK.replace("Date", "Content-Length: 2\r\nDate") },
    { what: "no Content-Length", text: OK.replace("Content-Length", "X") },
    { what: "a Transfer-Encoding", text: OK.replace("Date", "Transfer-Encoding: chunked\r\nDate") },
    { what: "no Date", text: OK.replace("Date", "X") },
    { what: "a Date that is none", text: OK.replace("Sun", "Sunday") },
    { what: "a control byte in a value", text: OK.replace("Date", "A: \x0b\r\nDate") },
    { what: "DEL in a value", text: OK.replace("Date", "A: \x7f\r\nDate") },
    { what: "a name that is no token", text: OK.replace("Date", "A B: c\r\nDate") },
    { what: "a space before a colon", text: OK.replace("Date", "A : b\r\nDate") },
    { what: "a bare LF", text: OK.replace("OK\r", "OK") },
    { what: "a version that is not HTTP/1.1", text: OK.replace("/1.1", "/1.0") },
    { what: "a status of two digits", text: OK.replace("200", "20") },
    { what: "another interim response", text: CONTINUE.replace("100", "103") + OK },
  ];
  for (const { what, text, isHead = false } of refused) {
    it(`readResponses() refuses ${what}`, () => {
      assertThrows(() => readResponses(text, [isHead]), SyntaxError);
    });
  }
});

describe("the answers of handlers, held against what was set", () => {
  const answer: MadeAnswer = {
    kind: "Response",
    way: "at once",
    status: 200,
    fields: [["X-A", "b"]],
    body: "hello",
    isHeadRequest: false,
  };

  it("an answer goes out as it was made", async () => {
    assertEquals(await faultOfAnswers([answer, answer]), undefined);
    assertEquals(await faultOfFetch(answer), undefined);
  });

  for (const byte of ["\x0b", "\x01", "\x7f"]) {
    it(`a Response with the byte ${JSON.stringify(byte)} in a header is a 500`, async () => {
      const spoilt: MadeAnswer = { ...answer, fields: [["X-A", `a${byte}b`]] };
      assertEquals(await faultOfAnswers([answer, spoilt, answer]), undefined);
      assertEquals(await faultOfFetch(spoilt), undefined);
    });
  }
});

describe("parseFlags()", () => {
  it("parseFlags() takes a seed and one bound", () => {
    assertEquals(parseFlags([]), {});
    assertEquals(parseFlags(["--seed", "7", "--executions", "9"]), { seed: 7, executions: 9 });
    assertEquals(parseFlags(["--seed=7", "--seconds=9"]), { seed: 7, seconds: 9 });
    assertEquals(parseFlags(["--execution", "3", "--seed", "7"]), { seed: 7, execution: 3 });
  });

  const wrong: { texts: string[]; names: string }[] = [
    { texts: ["--sed", "7"], names: '"--sed"' },
    { texts: ["7"], names: '"7"' },
    { texts: ["--seed"], names: "--seed takes" },
    { texts: ["--seed", "x"], names: '"x"' },
    { texts: ["--seed", "-1"], names: '"-1"' },
    { texts: ["--seed", "4294967296"], names: "4294967295" },
    { texts: ["--seed", "1", "--seed", "2"], names: "twice" },
    { texts: ["--executions", "1", "--seconds", "2"], names: "do not go together" },
    { texts: ["--execution", "1"], names: "--seed" },
  ];
  for (const { texts, names } of wrong) {
    it(`parseFlags() says what is wrong with ${texts.join(" ")}`, () => {
      const said = parseFlags(texts);
      assert(typeof said === "string");
      assertStringIncludes(said, names);
    });
  }
});

describe("the fuzzer as a program", { ignore: !CAN_START_PROGRAMS }, () => {
  const run = async (...flags: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", new URL("fuzz.ts", import.meta.url).pathname, ...flags],
      env: { NO_COLOR: "1" },
    }).output();
    const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, out, error };
  };

  it("the program says its seed, and what came of how many executions", async () => {
    const { code, out, error } = await run("--seed", "5", "--executions", "60");
    assertEquals(code, 0, error);
    assertMatch(out, /^seed 5$/m);
    assertMatch(out, /^ +\d+ {2}requests read$/m);
    assertMatch(out, /^60 executions in [\d.]+ s, \d+ per second$/m);
  });

  it("the program ends with 2 and a line that says why, where a flag is wrong", async () => {
    const { code, error } = await run("--second", "5");
    assertEquals(code, 2);
    assertMatch(error, /^Unknown flag "--second"\n\nUsage: /);
  });
});
