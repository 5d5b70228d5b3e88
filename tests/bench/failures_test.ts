// Holds the comparison of failures to what it tells: the cheap failures against the real servers, each a process of its own, and the
// words of the verdict against observations that are made up. Nothing is timed.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DEADLINE_MS } from "../support/deadline.ts";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { countWorkers } from "./failures/client.ts";
import { EXIT, type Failure, FLOATING, THROW } from "./failures/failures.ts";
import { type Observation, observe, PATIENCE_MS, type Scene } from "./failures/observe.ts";
import {
  FAILING_DENO,
  FAILING_MUDPIE_THREAD,
  FAILING_MUDPIE_WEB,
  FAILING_NODE,
  type FailingPeer,
} from "./failures/servers.ts";
import { Silence } from "./failures/silence.ts";
import { detailRow, fateOf, summaryCell } from "./failures/verdict.ts";
import { presentPeers } from "./servers.ts";

async function watchUntil(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + DEADLINE_MS; performance.now() < end;) {
    if (await look()) return;
  }
  throw new Error(`Looked ${DEADLINE_MS} ms in vain: ${what}`);
}

/** Looks until there are as many workers as before, and not the same ones. */
async function watchReplacement({ server, peer, before }: Scene): Promise<void> {
  await watchUntil("workers that are as many as before, and others", async () => {
    const { workers } = await countWorkers(server.port, peer.workers, PATIENCE_MS);
    return workers.size === before.size && workers.difference(before).size > 0;
  });
}

/** Looks until there are fewer workers than before, or no process any more. */
async function watchLoss({ server, peer, before }: Scene): Promise<void> {
  let hasEnded = false;
  server.end.then(() => hasEnded = true);
  await watchUntil("fewer workers than before", async () => {
    if (hasEnded) return true;
    const { workers } = await countWorkers(server.port, peer.workers, PATIENCE_MS);
    return workers.size < before.size;
  });
}

/** Looks at what the client gets, and no longer. */
async function watchClient({ asked }: Scene): Promise<void> {
  await asked;
}

interface RealCase {
  readonly failure: Failure;
  readonly peer: FailingPeer;
  readonly does: string;
  readonly watch: (scene: Scene) => Promise<void>;
  readonly client: string | number;
  /** Undefined where it is chance what becomes of the process: that of `deno serve` ends when it was its main thread that failed. */
  readonly workersAfter?: number;
}

const replaced = { does: "has its worker replaced", watch: watchReplacement, workersAfter: 4 };
const lost = { does: "costs a thread or the process", watch: watchLoss };
const nothing = { does: "costs nothing", watch: watchClient, workersAfter: 4 };

const REAL_CASES: readonly RealCase[] = [
  { failure: THROW, peer: FAILING_DENO, client: 500, ...nothing },
  { failure: THROW, peer: FAILING_NODE, client: 500, ...nothing },
  { failure: THROW, peer: FAILING_MUDPIE_WEB, client: 500, ...replaced },
  { failure: THROW, peer: FAILING_MUDPIE_THREAD, client: 500, ...replaced },
  { failure: FLOATING, peer: FAILING_DENO, client: 200, ...lost },
  { failure: FLOATING, peer: FAILING_NODE, client: 200, ...replaced },
  { failure: FLOATING, peer: FAILING_MUDPIE_WEB, client: 200, ...replaced },
  { failure: EXIT, peer: FAILING_DENO, client: "ended", ...lost },
  { failure: EXIT, peer: FAILING_NODE, client: "ended", ...replaced },
  { failure: EXIT, peer: FAILING_MUDPIE_WEB, client: "ended", ...replaced },
  { failure: EXIT, peer: FAILING_MUDPIE_THREAD, client: "ended", ...replaced },
];

const present = await presentPeers([...new Set(REAL_CASES.map(({ peer }) => peer))], () => {});

describe("Failures of real servers", { ignore: !CAN_WATCH_PROCESSES }, () => {
  for (const { failure, peer, does, watch, client, workersAfter } of REAL_CASES) {
    it(`${failure.what}: under ${peer.what} it ${does}`, {
      ignore: !present.includes(peer),
    }, async () => {
      const seen = await observe(peer, failure, watch);
      assertEquals(seen.client.kind === "answered" ? seen.client.status : seen.client.kind, client);
      assertEquals(seen.workersBefore, 4);
      if (workersAfter === undefined) {
        assert(seen.workersAfter < 4);
      } else {
        assertEquals([seen.workersAfter, seen.ending], [workersAfter, undefined]);
      }
      assert(seen.sent > 0);
    });
  }
});

/** Nothing has become of it. */
const PEACE: Observation = {
  client: { kind: "answered", status: 200, text: "Hello World" },
  sent: 4_000,
  failed: 0,
  manners: {},
  refused: 0,
  silenceMs: 12,
  ending: undefined,
  workersBefore: 4,
  workersAfter: 4,
  unansweredShare: 0,
};

const ENDED: Observation = {
  ...PEACE,
  client: { kind: "ended" },
  sent: 500,
  failed: 3,
  manners: { reset: 2, ended: 1 },
  refused: 900,
  silenceMs: 1_000,
  ending: { code: 1, afterMs: 21.4 },
  workersAfter: 0,
  unansweredShare: 1,
};

describe("fateOf()", () => {
  it("a process that is gone has ended, with its code", () => {
    assertEquals(fateOf(ENDED), { kind: "ended", code: 1 });
  });

  it("a process that is there serves with the workers that answer", () => {
    const fate = fateOf({ ...PEACE, workersAfter: 3 });
    assertEquals(fate, { kind: "serves", workers: 3, workersBefore: 4 });
  });
});

describe("summaryCell()", () => {
  const cases: readonly { what: string; seen: readonly Observation[]; cell: string }[] = [
    {
      what: "rounds in which nothing came of it",
      seen: [PEACE, PEACE],
      cell: "200; all 4 workers answer; none of 4,000 others fails",
    },
    {
      what: "the least and the most requests that failed, of as many as there were in the middle",
      seen: [{ ...PEACE, failed: 2, sent: 3_000 }, { ...PEACE, failed: 1_001, sent: 5_000 }],
      cell: "200; all 4 workers answer; 2-1,001 of 4,000 others fail",
    },
    {
      what: "the end of the process, and what it is for the others",
      seen: [ENDED],
      cell:
        "connection closed; the process ends with exit code 1 after 21 ms; 3 of 500 others fail, and then all",
    },
    {
      what: "the end of a process that was asked for, where nobody is left to be refused",
      seen: [{ ...ENDED, failed: 0, refused: 0, ending: { code: 0, afterMs: 1_260 } }],
      cell:
        "connection closed; the process ends with exit code 0 after 1.3 s; none of 500 others fails",
    },
    {
      what: "different ends apart, the most frequent one first",
      seen: [ENDED, { ...PEACE, workersAfter: 3 }, { ...PEACE, workersAfter: 3 }],
      cell: "2 of 3 times: 200; 3 of 4 workers are left; none of 4,000 others fails<br>" +
        "1 of 3 times: connection closed; the process ends with exit code 1 after 21 ms; 3 of 500 others fail, and then all",
    },
    {
      what: "different answers, with how often each came",
      seen: [PEACE, { ...PEACE, client: { kind: "unanswered", patienceMs: 15_000 } }, PEACE],
      cell:
        "200 (2 of 3), no answer in 15 s (1 of 3); all 4 workers answer; none of 4,000 others fails",
    },
    {
      what: "a time in which nobody is answered, where it is to be noticed",
      seen: [{ ...PEACE, silenceMs: 1_449 }, PEACE],
      cell:
        "200; all 4 workers answer; none of 4,000 others fails; nobody is answered for up to 1.4 s",
    },
    {
      what: "new connections that nobody answers",
      seen: [{ ...PEACE, workersAfter: 3, unansweredShare: 0.2512 }],
      cell:
        "200; 3 of 4 workers are left; none of 4,000 others fails; 25 % of new connections get no answer",
    },
  ];
  for (const { what, seen, cell } of cases) {
    it(`tells ${what}`, () => assertEquals(summaryCell(seen), cell));
  }
});

describe("detailRow()", () => {
  it("has each round's workers, silence and end, and the manners of all failures", () => {
    const overdue = { ...PEACE, failed: 1, manners: { overdue: 1 } };
    assertEquals(detailRow(THROW, "a server", [overdue, ENDED]), {
      "what happens": "a handler throws",
      "server": "a server",
      "the client got": "200 (1 of 2), connection closed (1 of 2)",
      "others failed": "1-3 of 2,250",
      "in which manner": "overdue 1, reset 2, ended 1",
      "then refused": "0-900",
      "nobody answered for": "12 ms, ever",
      "workers answer after": "4/4, 0/4",
      "new connections unanswered": "0 %",
      "exit code": "runs on, 1 after 21 ms",
    });
  });
});

describe("Silence", () => {
  it("is as long as the longest time between two answers", () => {
    const silence = new Silence(100);
    for (const now of [110, 150, 155]) silence.answered(now);
    assertEquals(silence.longestMs(160), 40);
  });

  it("counts the time before the first answer, and the one behind the last", () => {
    const silence = new Silence(100);
    assertEquals(silence.longestMs(130), 30);
    silence.answered(170);
    assertEquals(silence.longestMs(180), 70);
    assertEquals(silence.longestMs(300), 130);
  });
});
