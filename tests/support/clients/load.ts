// Clients that ask without a pause, and count what becomes of every request, GET or POST: with connections that are kept for as
// long as the server keeps them, and with a connection for each request. They do what RFC 9112 asks of clients and nothing more, on
// plain sockets: what a library would quietly mend is what is to be seen here.

import { assertEquals } from "@std/assert";
import { IDLE_GRACE_MS } from "../../../src/connection/connection_state.ts";
import { DEADLINE_MS, eventually, within } from "../deadline.ts";

/** What has become of a request that was not answered as it should have been. */
type FailureKind =
  /** Nobody listened. */
  | "refused"
  /** The connection could not be made, for another reason. */
  | "not connected"
  /** A new connection, or one with a POST, was reset before the first byte of its answer. */
  | "reset"
  /** A new connection, or one with a POST, was ended before the first byte of its answer. */
  | "ended"
  /** The connection ended in the middle of the answer. */
  | "cut"
  /** The answer came, and is not the right one. */
  | "wrong"
  /** No answer came in far more time than any takes. */
  | "overdue";

/** A request that failed. */
export interface Failure {
  readonly kind: FailureKind;
  readonly target: string;
  /** What the runtime said, or what came. */
  readonly detail: string;
  /** The worker that has answered on this connection; undefined where nobody had yet. */
  readonly worker: string | undefined;
  /** How long after the beginning of the load. */
  readonly atMs: number;
}

/** What has become of all requests. Each that was sent is answered, retried or failed. */
export interface LoadCounts {
  readonly sent: number;
  /** By target. */
  readonly answered: Readonly<Record<string, number>>;
  /**
   * Sent on a kept connection that the server ended without a byte of the answer: both were on their way at the same time, and
   * every client sends such a request once more (RFC 9112, section 9.3.1), as this one did, but no POST: that one has failed. The
   * second sending counts as sent.
   */
  readonly retried: number;
  /**
   * The workers that ended kept connections without an answer too early: the request was sent less than `IDLE_GRACE_MS` after the
   * one before it. A worker that drains leaves a connection open for as long, so that its next answer announces the end. A client
   * that did not come to send for longer, on a busy machine, has to send its request once more.
   */
  readonly endedEarlyBy: ReadonlySet<string>;
  readonly failures: readonly Failure[];
  /** Connections that were made. */
  readonly connections: number;
  /** The connections among these on which an answer came. */
  readonly answeredConnections: number;
  /** How many clients there were. Each has one connection at a time. */
  readonly clients: number;
}

/** The answer that a target has to get. */
export interface ExpectedAnswer {
  readonly status: number;
  /** Undefined where any will do. */
  readonly text?: string;
}

/** What is asked for, and how. */
interface LoadOptions {
  readonly port: number;
  /** How many clients keep their connections. */
  readonly keptClients: number;
  /** How many have a connection for each request. */
  readonly clients: number;
  /** The target of the request of that number, from 0; `/hello`, where nothing is said. */
  readonly targetOf?: (number: number) => string;
  /** What the request of that number sends: with it, the request is a POST. */
  readonly bodyOf?: (number: number) => string | undefined;
  /** The right answers; 200 is the one where nothing is said. */
  readonly expected?: Readonly<Record<string, ExpectedAnswer>>;
  /** Whether a client goes, without counting a failure, when nobody listens any more. */
  readonly leavesWhenRefused?: boolean;
  /** How long each client rests behind each request, half as long at least and half as much again at most. Not at all by default. */
  readonly pauseMs?: number;
  /** How long a request may take; 10 s by default. */
  readonly patienceMs?: number;
  /** Called with each right answer. */
  readonly onAnswer?: () => void;
}

/** How long a request may take, where nothing else is said. */
const OVERDUE_MS = 10_000;

/** How many times within a client's patience it is looked at. */
const LOOKS = 20;

/** Clients at work. */
export class Load implements AsyncDisposable {
  readonly #options: LoadOptions;
  readonly #startedAt = performance.now();
  readonly #clients: readonly LoadClient[];
  readonly #gone: Promise<unknown>;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #answered: Record<string, number> = {};
  readonly #failures: Failure[] = [];
  #asked = 0;
  #sent = 0;
  #retried = 0;
  readonly #endedEarlyBy = new Set<string>();
  #connections = 0;
  #answeredConnections = 0;
  #answeredInAll = 0;
  #isStopped = false;

  private constructor(options: LoadOptions) {
    this.#options = options;
    const kinds = [
      ...Array(options.keptClients).fill(true),
      ...Array(options.clients).fill(false),
    ];
    this.#clients = kinds.map((keeps) => new LoadClient(this, options.port, keeps));
    this.#gone = Promise.all(this.#clients.map((client) => this.#run(client)));
    const patienceMs = options.patienceMs ?? OVERDUE_MS;
    this.#watch = setInterval(() => {
      for (const client of this.#clients) client.giveUpIfOverdue(patienceMs);
    }, patienceMs / LOOKS);
  }

  /** Begins. */
  static start(options: LoadOptions): Load {
    return new Load(options);
  }

  /** How many requests were answered so far. */
  get answered(): number {
    return this.#answeredInAll;
  }

  /** How many requests failed so far. */
  get failed(): number {
    return this.#failures.length;
  }

  /** Waits until that many more requests are answered. */
  async answers(count: number): Promise<void> {
    const from = this.#answeredInAll;
    await eventually(() => this.#answeredInAll - from >= count, `${count} more answers`);
  }

  /** Lets every client finish its request, and gives the counts. */
  async stop(): Promise<LoadCounts> {
    this.#isStopped = true;
    return await this.left();
  }

  /** Waits until every client has gone by itself, and gives the counts. */
  async left(): Promise<LoadCounts> {
    await within(this.#gone, "clients that go", 2 * DEADLINE_MS);
    clearInterval(this.#watch);
    const counts = {
      sent: this.#sent,
      answered: this.#answered,
      retried: this.#retried,
      endedEarlyBy: this.#endedEarlyBy,
      failures: this.#failures,
      connections: this.#connections,
      answeredConnections: this.#answeredConnections,
      clients: this.#clients.length,
    };
    assertEquals(
      counts.sent,
      this.#answeredInAll + counts.retried + counts.failures.length,
      "every request has an outcome",
    );
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    for (const client of this.#clients) client.hangUp();
    await this.#gone;
    clearInterval(this.#watch);
  }

  async #run(client: LoadClient): Promise<void> {
    while (!this.#isStopped) {
      const number = this.#asked++;
      const target = this.#options.targetOf?.(number) ?? "/hello";
      const body = this.#options.bodyOf?.(number);
      let outcome: Outcome;
      do {
        outcome = await client.ask(target, body);
        if (outcome.kind === "refused" && this.#options.leavesWhenRefused) return;
        this.#note(target, outcome, client.worker);
      } while (outcome.kind === "retry" && !this.#isStopped);
      await this.#rest(outcome.kind === "refused");
    }
    client.hangUp();
  }

  /** Whoever is refused rests a moment in any case: it would be refused thousands of times a second. */
  async #rest(isRefused: boolean): Promise<void> {
    const { pauseMs } = this.#options;
    // At random, so that they do not come to ask in one moment.
    if (pauseMs !== undefined) await delay(pauseMs * (0.5 + Math.random()));
    else if (isRefused) await delay(1);
  }

  #note(target: string, outcome: Outcome, worker: string | undefined): void {
    this.#sent++;
    switch (outcome.kind) {
      case "answered": {
        const { status, text } = outcome;
        const expected = this.#options.expected?.[target] ?? { status: 200 };
        const isRight = status === expected.status &&
          (expected.text === undefined || text === expected.text);
        if (!isRight) return this.#fail("wrong", target, `${status} ${text}`, worker);
        this.#answered[target] = (this.#answered[target] ?? 0) + 1;
        this.#answeredInAll++;
        this.#options.onAnswer?.();
        return;
      }
      case "retry":
        this.#retried++;
        if (outcome.idleMs < IDLE_GRACE_MS) this.#endedEarlyBy.add(worker ?? "unknown");
        return;
      default:
        return this.#fail(outcome.kind, target, outcome.detail, worker);
    }
  }

  #fail(kind: FailureKind, target: string, detail: string, worker: string | undefined): void {
    const atMs = Math.round(performance.now() - this.#startedAt);
    this.#failures.push({ kind, target, detail, worker, atMs });
  }

  /** A client tells that it has made a connection. */
  noteConnection(): void {
    this.#connections++;
  }

  /** A client tells that the first answer has come on its connection. */
  noteAnsweredConnection(): void {
    this.#answeredConnections++;
  }
}

/** What has become of one sending of a request. */
type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly text: string }
  /** `idleMs`: for how long, at most, the connection had been idle when the request was sent. */
  | { readonly kind: "retry"; readonly idleMs: number }
  | { readonly kind: Exclude<FailureKind, "wrong">; readonly detail: string };

/** The names under which connections end that is not a proper end. */
const RESETS = [
  Deno.errors.ConnectionReset,
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionAborted,
  Deno.errors.NotConnected,
];

async function delay(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** The bytes of requests that were made before: there are few targets, and many requests. */
const requests = new Map<string, Uint8Array<ArrayBuffer>>();

function requestBytes(target: string, keeps: boolean): Uint8Array<ArrayBuffer> {
  const key = `${keeps} ${target}`;
  let bytes = requests.get(key);
  if (bytes === undefined) {
    bytes = encoder.encode(`GET ${target} HTTP/1.1\r\n${fieldLines(keeps)}\r\n`);
    requests.set(key, bytes);
  }
  return bytes;
}

function fieldLines(keeps: boolean): string {
  return keeps ? "Host: load\r\n" : "Host: load\r\nConnection: close\r\n";
}

function postBytes(target: string, body: string, keeps: boolean): Uint8Array<ArrayBuffer> {
  const { length } = encoder.encode(body);
  const fields = `${
    fieldLines(keeps)
  }Content-Type: application/json\r\nContent-Length: ${length}\r\n`;
  return encoder.encode(`POST ${target} HTTP/1.1\r\n${fields}\r\n${body}`);
}

class LoadClient {
  readonly #load: Load;
  readonly #port: number;
  readonly #keeps: boolean;
  readonly #space = new Uint8Array(4_096);
  #conn: Deno.TcpConn | undefined;
  /** The worker that has answered on the connection. */
  worker: string | undefined;
  #isNew = true;
  #askedAt = Infinity;
  /** When the request before was about to be sent. */
  #sendingAt = 0;
  #idleMs = 0;
  #isOverdue = false;
  /** Whether the request that was sent may be sent once more (RFC 9110, section 9.2.2). */
  #isRepeatable = true;

  constructor(load: Load, port: number, keeps: boolean) {
    this.#load = load;
    this.#port = port;
    this.#keeps = keeps;
  }

  /** Sends one request, on a connection that is there or on a new one. */
  async ask(target: string, body: string | undefined): Promise<Outcome> {
    if (this.#conn === undefined) {
      this.worker = undefined;
      this.#isNew = true;
      try {
        this.#conn = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
      } catch (error) {
        const kind = error instanceof Deno.errors.ConnectionRefused ? "refused" : "not connected";
        return { kind, detail: String(error) };
      }
      this.#load.noteConnection();
    }
    const bytes = body === undefined
      ? requestBytes(target, this.#keeps)
      : postBytes(target, body, this.#keeps);
    this.#isRepeatable = body === undefined;
    const sentBefore = this.#sendingAt;
    this.#askedAt = this.#sendingAt = performance.now();
    let text = "";
    try {
      // The socket's buffer has room for all of it.
      await this.#conn.write(bytes).finally(() => this.#idleMs = performance.now() - sentBefore);
      for (;;) {
        const count = await this.#conn.read(this.#space);
        if (count === null) return this.#fail(text, "ended", "the server ended the connection");
        text += decoder.decode(this.#space.subarray(0, count));
        const answer = parseAnswer(text);
        if (answer !== undefined) return this.#finish(answer);
      }
    } catch (error) {
      const isReset = RESETS.some((errorClass) => error instanceof errorClass);
      return this.#fail(text, isReset ? "reset" : "ended", String(error));
    } finally {
      this.#askedAt = Infinity;
    }
  }

  #finish({ status, text, worker, closes }: Answer): Outcome {
    if (this.#isNew) this.#load.noteAnsweredConnection();
    this.#isNew = false;
    this.worker = worker;
    if (closes || !this.#keeps) this.hangUp();
    return { kind: "answered", status, text };
  }

  #fail(text: string, kind: "ended" | "reset", detail: string): Outcome {
    this.hangUp();
    if (this.#isOverdue) {
      this.#isOverdue = false;
      return { kind: "overdue", detail: text };
    }
    if (text !== "") return { kind: "cut", detail: text };
    if (this.#isNew || !this.#isRepeatable) return { kind, detail };
    return { kind: "retry", idleMs: this.#idleMs };
  }

  /** Hangs up when an answer does not come. */
  giveUpIfOverdue(patienceMs: number): void {
    if (performance.now() - this.#askedAt < patienceMs) return;
    this.#isOverdue = true;
    this.hangUp();
  }

  hangUp(): void {
    try {
      this.#conn?.close();
    } catch {
      // The runtime closes a connection by itself when it has failed.
    }
    this.#conn = undefined;
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  /** What the app says of its worker. */
  readonly worker: string | undefined;
  readonly closes: boolean;
}

const HEAD = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/;

/** Reads an answer from its beginning to its last byte; undefined where that has not come. */
function parseAnswer(text: string): Answer | undefined {
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  const fields = match[2];
  const length = Number(/^content-length: (\d+)\r$/im.exec(fields)?.[1]);
  const body = text.slice(match[0].length);
  if (body.length < length) return undefined;
  return {
    status: Number(match[1]),
    // One byte too many, or a length that is not there, is no right answer.
    text: body.length === length ? body : `${body} (Content-Length: ${length})`,
    worker: /^x-worker: (.*)\r$/im.exec(fields)?.[1],
    closes: /^connection: close\r$/im.test(fields),
  };
}

/** Sees to it that no request failed; whatever did, the message tells the first ones. */
export function assertNoFailures({ failures }: LoadCounts): void {
  assertEquals(failures.slice(0, 10), [], `${failures.length} requests failed`);
}

/** How many requests failed, by kind. */
export function failuresByKind({ failures }: LoadCounts): Partial<Record<FailureKind, number>> {
  const counts: Partial<Record<FailureKind, number>> = {};
  for (const { kind } of failures) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** How many there are in all. */
export function countOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
