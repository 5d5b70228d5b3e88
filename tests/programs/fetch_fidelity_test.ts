// One suite for all that a fetch-style application may do with the platform's Request, Response and
// Headers. Each case runs under Deno.serve, and under Mudpie in each of its ways: all have to show
// the handler and the client the same. The cases are in fetch_fidelity/, by subject.

import { assertEquals, fail } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import * as fc from "fast-check";
import {
  describeDeviations,
  type Deviation,
  deviationsOf,
  type Difference,
  explanationOf,
} from "../support/fetch_fidelity/comparison.ts";
import type { SentRequest } from "../support/fetch_fidelity/fidelity_case.ts";
import { startWays, type Ways } from "../support/fetch_fidelity/servers.ts";
import type { CaseOutcome, NamedCase, Way } from "../support/fetch_fidelity/way.ts";
import { runs } from "../support/runs.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";
import { DIFFERENCES } from "./fetch_fidelity/differences.ts";
import {
  requestSteps,
  responsePrograms,
  sentRequests,
} from "./fetch_fidelity/generated_programs.ts";
import { HEADERS_MEMBERS, REQUEST_MEMBERS, RESPONSE_MEMBERS } from "./fetch_fidelity/members.ts";

// The packages that the cases use read the environment when they are loaded.
const { CASES, PROGRAMS } = CAN_START_PROGRAMS
  ? await import("./fetch_fidelity/cases.ts")
  : { CASES: {}, PROGRAMS: {} };

describe("the cases of the fidelity suite", () => {
  for (
    const [{ name, prototype }, members] of [
      [Request, REQUEST_MEMBERS],
      [Response, RESPONSE_MEMBERS],
      [Headers, HEADERS_MEMBERS],
    ] as const
  ) {
    it(`use each member of ${name}.prototype that this Deno has`, () => {
      assertEquals(Object.keys(members).sort(), Reflect.ownKeys(prototype).map(String).sort());
    });
  }
});

describe("A fetch-style application", { ignore: !CAN_START_PROGRAMS }, () => {
  const named: NamedCase[] = Object.entries(CASES).map(([name, fidelityCase]) => ({
    name,
    fidelityCase,
  }));
  const used = new Set<Difference>();
  let outcomes: Map<Way, CaseOutcome[]>;
  let ways: Ways;

  beforeAll(async () => {
    ways = await startWays({ ...CASES, ...PROGRAMS });
    outcomes = await runEverywhere(named);
  });
  afterAll(async () => {
    await ways?.[Symbol.asyncDispose]();
  });

  const runEverywhere = async (cases: readonly NamedCase[]): Promise<Map<Way, CaseOutcome[]>> => {
    const all = [ways.oracle, ways.plain, ...ways.others];
    const running = all.map(async (way) => [way, await way.run(cases)] as const);
    // A way must not be asked to run something while it still runs something else.
    await Promise.allSettled(running);
    return new Map(await Promise.all(running));
  };

  /** Fails if a way of Mudpie shows a value that neither Deno.serve nor the table has. */
  const assertSame = (name: string, index: number, outcomes: Map<Way, CaseOutcome[]>): void => {
    const outcomeOf = (way: Way) => outcomes.get(way)?.[index] as CaseOutcome;
    const problems = new Map<Way, Deviation[]>();
    for (const way of ways.others) {
      const deviations = deviationsOf(
        outcomeOf(ways.oracle),
        outcomeOf(way),
        outcomeOf(ways.plain),
      );
      for (const deviation of deviations) {
        const difference = explanationOf(DIFFERENCES, name, way.name, deviation);
        if (difference !== undefined) used.add(difference);
        else problems.set(way, [...problems.get(way) ?? [], deviation]);
      }
    }
    if (problems.size > 0) fail(`${name}\n${describeDeviations(problems)}`);
  };

  for (const [index, { name }] of named.entries()) {
    it(`sees the same from Mudpie as from Deno.serve with ${name}`, () => {
      assertSame(name, index, outcomes);
    });
  }

  /** Runs one program everywhere. */
  const assertSameProgram = async (name: string, send: SentRequest, data: unknown) => {
    const fidelityCase = { ...PROGRAMS[name], send };
    assertSame(name, 0, await runEverywhere([{ name, fidelityCase, data }]));
  };

  it("sees the same whatever it does with a request", async () => {
    await fc.assert(
      fc.asyncProperty(sentRequests, requestSteps, async (sent, steps) => {
        await assertSameProgram("programs: steps with a Request", sent, steps);
      }),
      { numRuns: runs(150) },
    );
  });

  it("sees the same whatever it does with a response", async () => {
    await fc.assert(
      fc.asyncProperty(sentRequests, responsePrograms, async (sent, program) => {
        await assertSameProgram("programs: steps with a Response", sent, program);
      }),
      { numRuns: runs(150) },
    );
  });

  it("returns each body as it came", async () => {
    await fc.assert(
      fc.asyncProperty(sentRequests, async (sent) => {
        await assertSameProgram("programs: a body that is returned", sent, undefined);
      }),
      { numRuns: runs(40) },
    );
  });

  it("differs under Mudpie where the table of differences names a difference", () => {
    assertEquals(DIFFERENCES.filter((line) => !line.isOptional && !used.has(line)), []);
  });
});
