// Starts a server, has others ask it all the while, does one thing to it, and notes what comes of it.

import { countOf, failuresByKind, Load } from "../../support/clients/load.ts";
import { processTree } from "../processes.ts";
import { BenchServer } from "../servers.ts";
import { askOnce, type Census, type ClientOutcome, countWorkers } from "./client.ts";
import type { Failure } from "./failures.ts";
import type { FailingPeer } from "./servers.ts";
import { Silence } from "./silence.ts";

/** How a process ended by itself. */
export interface Ending {
  readonly code: number;
  /** From the request, or the signal, on. */
  readonly afterMs: number;
}

/** What was seen. */
export interface Observation {
  readonly client: ClientOutcome;
  /** Requests of the bystanders, but for those that found nobody listening. */
  readonly sent: number;
  /** Those of them that were not answered with 200, also not when they were sent once more where that is allowed. */
  readonly failed: number;
  /** How these failed: how many in each manner. */
  readonly manners: Readonly<Record<string, number>>;
  /** How many found nobody listening. Where the server was asked to stop, bystanders go then, and do not count. */
  readonly refused: number;
  /** The longest time in which no bystander was answered. */
  readonly silenceMs: number;
  /** Undefined where the process was still there when it was looked at last. */
  readonly ending: Ending | undefined;
  readonly workersBefore: number;
  readonly workersAfter: number;
  /** The share of new connections that nobody answered in the end. */
  readonly unansweredShare: number;
}

/** As many keep their connections as have one for each request. */
const KEPT_BYSTANDERS = 8;
const OTHER_BYSTANDERS = 8;

/** Some 1,000 requests a second in all: no load, but nothing goes unseen for long. */
const PAUSE_MS = 16;

/** How long a bystander, or one that counts workers, waits for an answer that takes a millisecond. */
export const PATIENCE_MS = 1_000;

/** How many answers there are to be before anything is done. */
const ANSWERS_BEFORE = 500;

/** How long a request is under way before a signal is sent: the server has read it then. */
const UNDER_WAY_MS = 100;

/** A server to which something was done. */
export interface Scene {
  readonly server: BenchServer;
  readonly peer: FailingPeer;
  readonly failure: Failure;
  /** The workers before anything was done. */
  readonly before: ReadonlySet<string>;
  /** What becomes of the request that does the harm. */
  readonly asked: Promise<ClientOutcome>;
}

/** Decides how long to look. */
export type Watch = (scene: Scene) => Promise<void>;

/** Looks for the failure's own time, or until there is nothing more to look at. */
export const watchForItsTime: Watch = async ({ server, failure }) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => timer = setTimeout(resolve, failure.watchMs));
  await Promise.race([over, server.end.then(settle)]);
  clearTimeout(timer);
};

/** Bystanders shall have seen that the process is gone. */
async function settle(): Promise<void> {
  await delay(PATIENCE_MS);
}

/** Does it, and says what was seen. */
export async function observe(
  peer: FailingPeer,
  failure: Failure,
  watch: Watch = watchForItsTime,
): Promise<Observation> {
  await using server = await BenchServer.start(peer);
  await using _tree = killing(server);
  const { workers: before } = await eventuallyAll(server.port, peer.workers);
  const { port } = server;
  let silence = new Silence(performance.now());
  await using load = Load.start({
    port,
    keptClients: KEPT_BYSTANDERS,
    clients: OTHER_BYSTANDERS,
    pauseMs: PAUSE_MS,
    patienceMs: PATIENCE_MS,
    leavesWhenRefused: failure.isStop,
    onAnswer: () => silence.answered(performance.now()),
  });
  await load.answers(ANSWERS_BEFORE);

  const begun = performance.now();
  let ending: Ending | undefined;
  server.end.then(({ code }) => ending = { code, afterMs: performance.now() - begun });
  silence = new Silence(begun);
  const patience = new AbortController();
  const asked = askOnce(port, failure.path, patience.signal, failure.watchMs);
  if (failure.signal !== undefined) {
    await delay(UNDER_WAY_MS);
    server.signal(failure.signal);
  }
  await watch({ server, peer, failure, before, asked });
  const silenceMs = silence.longestMs(performance.now());
  patience.abort();
  const client = await asked;
  const counts = await load.stop();
  const census = ending === undefined
    ? await countWorkers(port, peer.workers, PATIENCE_MS)
    : NOBODY;
  const { refused = 0, ...others } = failuresByKind(counts);
  return {
    client,
    sent: counts.sent - counts.retried - refused,
    failed: countOf(others),
    manners: others,
    refused,
    silenceMs,
    ending,
    workersBefore: before.size,
    workersAfter: census.workers.size,
    unansweredShare: census.unansweredShare,
  };
}

const NOBODY: Census = { workers: new Set(), unansweredShare: 1 };

/** All workers, as soon as all of them answer: those of `deno serve` come one after the other, and nobody says when. */
async function eventuallyAll(port: number, count: number): Promise<Census> {
  let seen = await countWorkers(port, count, PATIENCE_MS);
  for (let tries = 0; seen.workers.size !== count && tries < START_TRIES; tries++) {
    seen = await countWorkers(port, count, PATIENCE_MS);
  }
  if (seen.workers.size === count) return seen;
  throw new Error(`Only ${seen.workers.size} of ${count} workers answer before anything was done`);
}

/** Each takes some hundred milliseconds where all answer. */
const START_TRIES = 100;

/** Ends all of a server's processes when it is done with: one that spins does not end with the process that has started it. */
function killing(server: BenchServer): AsyncDisposable {
  let tree: readonly number[] = [];
  const look = () => tree = [...new Set([...tree, ...processTree(server.pid)])];
  const looking = setInterval(look, 200);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(looking);
      for (const pid of tree) kill(pid);
      await server.end;
    },
  };
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

async function delay(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
