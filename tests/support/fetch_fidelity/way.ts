// Two ways to run the cases of the fidelity suite: over a socket, and through a function that takes
// a Request. Both note the same of each answer.

import { within } from "../deadline.ts";
import { type CaseReport, CONTROL_FIELD } from "./application.ts";
import {
  type FidelityCase,
  type PlannedCall,
  requestsOf,
  type SentRequest,
} from "./fidelity_case.ts";
import { describeBytes, describeValue, type Json } from "./notes.ts";
import { encodeRequest, type Framing, join, WireClient, type WireResponse } from "./wire_client.ts";

/** A case under its name, with the data that a property has generated. */
export interface NamedCase {
  readonly name: string;
  readonly fidelityCase: FidelityCase;
  readonly data?: unknown;
}

/** What a client has received. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly fields: Readonly<Record<string, string>>;
  /** How the end of the body is found, as far as a client sees it. */
  readonly framing: Framing | "stream";
  readonly body: Json;
  readonly isCut: boolean;
}

/** What has come of a case: what its handlers have noted, and what the client has received. */
export interface CaseOutcome {
  readonly seen: Record<string, Json>;
  /** Text if there is no answer. */
  readonly answers: (Answer | string)[];
  /** Whether the connection was in order after the last answer. */
  readonly connection: "is open" | "is closed" | "was left";
}

/** A way to run cases. */
export interface Way {
  readonly name: string;
  /** Runs all of the cases, one after another. Returns an outcome for each. */
  run(cases: readonly NamedCase[]): Promise<CaseOutcome[]>;
}

/** What is left of an outcome before the report is there. */
type Exchanged = Omit<CaseOutcome, "seen">;

const PROBE: SentRequest = { target: "/probe" };

function planOf({ name, fidelityCase, data }: NamedCase): PlannedCall[] {
  return requestsOf(fidelityCase).map((_, index) => ({ name, index, data }));
}

/** Puts the parts of outcomes together: the application reports the cases in the order of the plan. */
function outcomesOf(
  cases: readonly NamedCase[],
  exchanged: readonly Exchanged[],
  reports: readonly CaseReport[],
): CaseOutcome[] {
  return cases.map(({ name }, i) => {
    const report = reports[i];
    if (report?.name !== name) {
      throw new Error(`Expected a report of "${name}", got ${report?.name}`);
    }
    return { seen: report.seen, ...exchanged[i] };
  });
}

/** Runs those whose client leaves at the same time, after all others, one after another. */
abstract class WayInGroups implements Way {
  /** Why the application and the test do not agree any more which case is next. */
  #failure: unknown;

  abstract readonly name: string;

  /** Runs cases whose client stays, one after another. */
  protected abstract runTogether(cases: readonly NamedCase[]): Promise<CaseOutcome[]>;

  /** Runs a case whose client leaves. */
  protected abstract runLeaving(named: NamedCase): Promise<CaseOutcome>;

  async run(cases: readonly NamedCase[]): Promise<CaseOutcome[]> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await this.#runInGroups(cases);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  async #runInGroups(cases: readonly NamedCase[]): Promise<CaseOutcome[]> {
    const staying = cases.filter(({ fidelityCase }) => !fidelityCase.clientLeaves);
    const outcomes = new Map<NamedCase, CaseOutcome>();
    if (staying.length > 0) {
      const together = await this.runTogether(staying);
      together.forEach((outcome, i) => outcomes.set(staying[i], outcome));
    }
    await Promise.all(cases.map(async (named) => {
      if (!outcomes.has(named)) outcomes.set(named, await this.runLeaving(named));
    }));
    return cases.map((named) => outcomes.get(named) as CaseOutcome);
  }
}

/** A server that listens on a port of this machine. */
export class SocketWay extends WayInGroups implements Disposable {
  #control: WireClient | undefined;
  #client: WireClient | undefined;

  constructor(
    override readonly name: string,
    readonly port: number,
    readonly echoHost: string,
  ) {
    super();
  }

  [Symbol.dispose](): void {
    this.#control?.[Symbol.dispose]();
    this.#client?.[Symbol.dispose]();
  }

  protected override async runTogether(cases: readonly NamedCase[]): Promise<CaseOutcome[]> {
    const probe = { name: "probe", index: 0 };
    await this.#ask("/plan", { calls: cases.flatMap((named) => [...planOf(named), probe]) });
    const exchanged: Exchanged[] = [];
    for (const named of cases) {
      exchanged.push(
        await this.#exchange(named).catch((cause) => {
          throw new Error(`No answer to "${named.name}" under ${this.name}`, { cause });
        }),
      );
    }
    return outcomesOf(cases, exchanged, await this.#ask("/report") as CaseReport[]);
  }

  /** Sends the requests of a case and a probe in one write, and reads all answers. */
  async #exchange({ name, fidelityCase }: NamedCase): Promise<Exchanged> {
    const requests = requestsOf(fidelityCase).map((sent) => withEcho(sent, this.echoHost));
    const answers: (Answer | string)[] = [];
    let client = this.#client ??= await WireClient.connect(this.port);
    await client.send(join([...requests, PROBE].map(encodeRequest)));
    for (let i = 0; i < requests.length; i++) {
      let response = await client.readResponse(requests[i].method ?? "GET");
      if (response === undefined) {
        // The connection has ended after the answer before. The rest is sent over another one.
        client = await this.#reconnect();
        await client.send(join([...requests.slice(i), PROBE].map(encodeRequest)));
        response = await client.readResponse(requests[i].method ?? "GET");
      }
      answers.push(response === undefined ? "the connection ends" : describeAnswer(response));
    }
    let probe = await client.readResponse("GET");
    const connection = probe === undefined ? "is closed" : "is open";
    if (probe === undefined) {
      client = await this.#reconnect();
      await client.send(encodeRequest(PROBE));
      probe = await client.readResponse("GET");
    }
    const text = new TextDecoder().decode(probe?.body);
    if (text !== "probe") {
      throw new Error(
        `Under ${this.name}, the request after "${name}" got ${probe?.status} ${text}; ` +
          `the answers before it: ${JSON.stringify(answers)}`,
      );
    }
    return { answers, connection };
  }

  async #reconnect(): Promise<WireClient> {
    this.#client?.[Symbol.dispose]();
    return this.#client = await WireClient.connect(this.port);
  }

  protected override async runLeaving(named: NamedCase): Promise<CaseOutcome> {
    using control = await WireClient.connect(this.port);
    const ask = (target: string, body?: unknown) => this.#askOver(control, target, body);
    const client = await WireClient.connect(this.port);
    const fromPort = client.localPort;
    try {
      await ask("/plan", { calls: planOf(named), fromPort });
      for (const sent of requestsOf(named.fidelityCase)) {
        await client.send(encodeRequest(withEcho(sent, this.echoHost)));
      }
      await ask(`/may-leave?port=${fromPort}`);
    } finally {
      client[Symbol.dispose]();
    }
    const left: Exchanged = { answers: [], connection: "was left" };
    const reports = await ask(`/report?port=${fromPort}`);
    return outcomesOf([named], [left], reports as CaseReport[])[0];
  }

  async #ask(target: string, body?: unknown): Promise<unknown> {
    return await this.#askOver(this.#control ??= await WireClient.connect(this.port), target, body);
  }

  /** Asks the application itself, over a connection that no case uses. */
  async #askOver(control: WireClient, target: string, body: unknown): Promise<unknown> {
    await control.send(encodeRequest(
      body === undefined ? { target } : { target, method: "POST", body: JSON.stringify(body) },
    ));
    const response = await control.readResponse("GET");
    const text = new TextDecoder().decode(response?.body);
    if (response?.fields.some(([name]) => name === CONTROL_FIELD) !== true) {
      throw new Error(`Under ${this.name}, ${target} got ${response?.status} ${text}`);
    }
    return JSON.parse(text);
  }
}

/** Something that takes a Request and knows where it comes from, such as `server.fetch`. */
export type FetchFunction = (
  request: Request,
  info: { readonly remoteAddr: Deno.NetAddr; readonly completed: Promise<void> },
) => Promise<Response>;

/** A function that answers requests without a socket. */
export class FunctionWay extends WayInGroups {
  /** The port from which the test asks the application itself. */
  static readonly #CONTROL_PORT = 1;
  /** The port from which the cases ask whose clients stay. */
  static readonly #CASE_PORT = 2;
  #lastPort = 2;

  constructor(
    override readonly name: string,
    readonly fetch: FetchFunction,
    readonly echoHost: string,
  ) {
    super();
  }

  protected override async runTogether(cases: readonly NamedCase[]): Promise<CaseOutcome[]> {
    await this.#ask("/plan", { calls: cases.flatMap(planOf) });
    const exchanged: Exchanged[] = [];
    for (const { fidelityCase } of cases) {
      const answers: (Answer | string)[] = [];
      for (const sent of requestsOf(fidelityCase)) {
        const request = requestOf(withEcho(sent, this.echoHost));
        answers.push(
          await describeResponse(await this.#fetchFrom(FunctionWay.#CASE_PORT, request)),
        );
      }
      exchanged.push({ answers, connection: "is open" });
    }
    return outcomesOf(cases, exchanged, await this.#ask("/report") as CaseReport[]);
  }

  protected override async runLeaving(named: NamedCase): Promise<CaseOutcome> {
    const client = new AbortController();
    const fromPort = ++this.#lastPort;
    await this.#ask("/plan", { calls: planOf(named), fromPort });
    const responses = requestsOf(named.fidelityCase).map((sent) => {
      const request = new Request(requestOf(withEcho(sent, this.echoHost)), {
        signal: client.signal,
      });
      return this.#fetchFrom(fromPort, request);
    });
    await this.#ask(`/may-leave?port=${fromPort}`);
    client.abort();
    const left: Exchanged = { answers: [], connection: "was left" };
    const reports = await this.#ask(`/report?port=${fromPort}`) as CaseReport[];
    await Promise.allSettled(responses);
    return outcomesOf([named], [left], reports)[0];
  }

  async #fetchFrom(port: number, request: Request): Promise<Response> {
    const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port } as const;
    const info = { remoteAddr, completed: Promise.resolve() };
    return await within(this.fetch(request, info), `an answer to ${request.url}`);
  }

  async #ask(target: string, body?: unknown): Promise<unknown> {
    const request = new Request(
      `http://fidelity.test${target}`,
      body === undefined ? undefined : { method: "POST", body: JSON.stringify(body) },
    );
    const response = await this.#fetchFrom(FunctionWay.#CONTROL_PORT, request);
    if (!response.headers.has(CONTROL_FIELD)) {
      throw new Error(`Under ${this.name}, ${target} got ${response.status}`);
    }
    return await response.json();
  }
}

/** Puts the host of the server that echoes into a request. */
function withEcho(sent: SentRequest, echoHost: string): SentRequest {
  if (sent.host === "{echo}") return { ...sent, host: echoHost };
  return sent;
}

/** Makes the Request that stands for what is sent over a socket. */
function requestOf(sent: SentRequest): Request {
  const { method = "GET", target = "/", host = "fidelity.test", fields = [] } = sent;
  // Bytes, since text would bring a content type along.
  const body = typeof sent.body === "string" ? new TextEncoder().encode(sent.body) : sent.body;
  const headers = new Headers([["host", host], ...fields.map(([name, value]) => [name, value])] as [
    string,
    string,
  ][]);
  if (body !== undefined) {
    if (sent.isChunked) headers.set("transfer-encoding", "chunked");
    else headers.set("content-length", String(body.length));
  }
  const url = target.startsWith("/") ? `http://${host}${target}` : target;
  // A Request of these methods has no body, whatever is sent.
  const isBodiless = method === "GET" || method === "HEAD";
  return new Request(url, { method, headers, body: isBodiless ? undefined : body });
}

function describeAnswer(response: WireResponse): Answer {
  return {
    status: response.status,
    reason: response.reason,
    fields: describeFields(response.fields),
    framing: response.framing,
    body: describeBody(response.body),
    isCut: response.isCut,
  };
}

async function describeResponse(response: Response): Promise<Answer> {
  let body = new Uint8Array(0);
  let isCut = false;
  try {
    body = await response.bytes();
  } catch {
    isCut = true;
  }
  return {
    status: response.status,
    reason: response.statusText,
    fields: describeFields([...response.headers]),
    framing: response.body === null ? "none" : "stream",
    body: describeBody(body),
    isCut,
  };
}

/**
 * Groups values by name. Several lines of a field mean the same as one line (RFC 9110, section
 * 5.3), unless they set cookies. A date that was made now is shown as such.
 */
function describeFields(fields: WireResponse["fields"]): Record<string, string> {
  const described: Record<string, string> = {};
  for (const [name, value] of fields) {
    const separator = name === "set-cookie" ? " | " : ", ";
    described[name] = name in described ? described[name] + separator + value : value;
  }
  const { date } = described;
  if (date !== undefined && isNow(Date.parse(date))) described.date = "now";
  return Object.fromEntries(Object.entries(described).sort(([a], [b]) => a < b ? -1 : 1));
}

const NOW_LIMIT_MS = 60_000;

function isNow(time: number): boolean {
  return Math.abs(Date.now() - time) < NOW_LIMIT_MS;
}

function describeBody(body: Uint8Array<ArrayBuffer>): Json {
  try {
    return describeValue(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return `bytes ${describeBytes(body)}`;
  }
}
