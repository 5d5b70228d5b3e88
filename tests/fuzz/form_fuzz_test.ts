// The fuzzer of forms for a bounded time: once with a seed that never changes, once with the day's. And the fuzzer itself: its
// reference is right about the cases, and it finds readers that are wrong on purpose.

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FORM_CASES, MULTIPART } from "../handler/form_cases.ts";
import {
  type FormInput,
  type FormOutcome,
  type FormReader,
  fuzzForms,
  makeFormInput,
  readWithParser,
} from "./form_fuzzer.ts";
import { readReferenceForm } from "./form_reference.ts";
import { describeFailure, type FuzzReport } from "./fuzzer.ts";

/** Numbers of executions and not of seconds, so that a slow machine does the same. */
const FIXED_EXECUTIONS = 20_000;
const DAILY_EXECUTIONS = 10_000;
const FIXED_SEED = 7_578;
const DAY_MS = 86_400_000;

/** The fuzzer has to find a plain fault in so many executions. */
const MAX_EXECUTIONS_TO_A_FAULT = 10_000;

function fuzzTimes(seed: number, executions: number, reader?: FormReader): Promise<FuzzReport> {
  return fuzzForms({ seed, goesOn: (number) => number < executions, reader });
}

function assertFlawless({ failure }: FuzzReport): void {
  assert(failure === undefined, failure && describeFailure(failure, "form_fuzz.ts"));
}

describe("readForm(), fuzzed", () => {
  it("readForm() reads what the reference reads, with a seed that never changes", async () => {
    const report = await fuzzTimes(FIXED_SEED, FIXED_EXECUTIONS);
    assertFlawless(report);
    const ends = ["one entry or none", "more entries"].map((end) => `forms read with ${end}`);
    for (const end of [...ends, "forms refused with 400", "forms refused with 415"]) {
      assertGreater(report.ends.get(end) ?? 0, 100, end);
    }
  });

  it("readForm() reads what the reference reads, with the seed of the day", async () => {
    assertFlawless(await fuzzTimes(Math.floor(Date.now() / DAY_MS), DAILY_EXECUTIONS));
  });
});

describe("readReferenceForm()", () => {
  it("readReferenceForm() agrees with every case", () => {
    for (const { what, type = MULTIPART, body, entries, refused } of FORM_CASES) {
      const reading = readReferenceForm(type, body);
      if (refused === undefined) {
        const expected = (entries ?? []).map(([name, value]) => ({ name, value }));
        assertEquals(reading, { kind: "form", entries: expected }, what);
      } else {
        assert(reading.kind === "refused", what);
        assert(reading.statuses.includes(refused[0]), what);
      }
    }
  });
});

/** The parser, given other bytes than came in. */
function before(change: (input: FormInput) => FormInput): FormReader {
  return (input) => readWithParser(change(input));
}

function withBody(change: (body: string) => string): FormReader {
  return before(({ type, body }) => ({ type, body: change(body) }));
}

/** The parser, with other entries than it reads. */
function after(change: (outcome: FormOutcome & { kind: "form" }) => FormOutcome): FormReader {
  return (input) => {
    const outcome = readWithParser(input);
    return outcome.kind === "form" ? change(outcome) : outcome;
  };
}

const wrongReaders: { what: string; reader: FormReader }[] = [
  {
    what: "drops empty names",
    reader: after(({ kind, entries }) => ({
      kind,
      entries: entries.filter(({ name }) => name !== ""),
    })),
  },
  {
    what: "strips a byte order mark",
    reader: after(({ kind, entries }) => ({
      kind,
      entries: entries.map(({ name, value }) => ({ name: name.replace(/^\ufeff/, ""), value })),
    })),
  },
  {
    what: "decodes percent signs in lower case",
    reader: withBody((body) => body.replaceAll("%0d", "%0D")),
  },
  {
    what: "takes a bare LF for a line end",
    reader: withBody((body) => body.replace(/(?<!\r)\n--X/g, "\r\n--X")),
  },
  {
    what: "ignores text after the last boundary",
    reader: withBody((body) => body.replace(/(\r\n--X--\r\n)[^]+/, "$1")),
  },
  {
    what: "ignores text before the first boundary",
    reader: withBody((body) => body.replace(/^[^]*?(--X\r\n)/, "$1")),
  },
  { what: "unescapes all backslashes", reader: withBody((body) => body.replaceAll("\\\\", "\\")) },
  {
    what: "reads filename*",
    reader: withBody((body) => body.replace(/filename\*=UTF-8''/g, "filename=")),
  },
  { what: "drops a question mark", reader: withBody((body) => body.replace(/^\?/, "")) },
  {
    what: "takes a list of types for one",
    reader: before(({ type, body }) => ({ type: type.replace(/,.*/, ""), body })),
  },
  {
    what: "throws",
    reader: withBody((body) => {
      if (body.includes("%22")) throw new Error("a fault");
      return body;
    }),
  },
];

describe("fuzzForms()", () => {
  for (const { what, reader } of wrongReaders) {
    it(`fuzzForms() finds a reader that ${what}, and makes the form small`, async () => {
      const { failure } = await fuzzTimes(1, MAX_EXECUTIONS_TO_A_FAULT, reader);
      assert(failure !== undefined, "it was not found");
      assertLess(failure.input.length, 300, failure.input);
    });
  }

  it("makeFormInput() makes the same form of the same seed", () => {
    assertEquals(makeFormInput(3, 14), makeFormInput(3, 14));
  });
});
