// Sends the bytes of a case to a server over a raw socket, with one more request behind it, and writes down what comes back.
// The client ends its side when that request is answered, or when nothing has come for a while; then it reads on to the
// server's end.

import { within } from "../support/deadline.ts";
import {
  bytesOfLatin1,
  IN_BODY,
  latin1Of,
  type Understood,
  UNDERSTOOD_FIELD,
} from "./differential_servers/understood.ts";

/** What stands behind each case: whether it is read shows where the server believes that the case has ended. */
const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

/** How long a server may stay silent behind the client's end before it is taken for one that never hangs up. */
const END_PATIENCE_MS = 10_000;

/** One final answer of a server. */
export type Answer =
  /** A handler's, with the request that it got. */
  | { readonly kind: "understood"; readonly request: Understood }
  /** A success that is none of the handler's, such as that of `OPTIONS *`: a request was read, and more is not known. */
  | { readonly kind: "served"; readonly status: number }
  | { readonly kind: "refused"; readonly status: number };

/** How a connection has ended: by the server's own decision, after the client's end, or not at all in the time that it got. */
export type Ending = "closed" | "closed after the client" | "open";

/** What came of the bytes of one case. */
export interface Outcome {
  readonly answers: readonly Answer[];
  /** How many of the answers came before the client ended its side: the others may be due to that end. */
  readonly unprompted: number;
  readonly ending: Ending;
}

const decoder = new TextDecoder();
const LAST_CHUNK = "0\r\n\r\n";

/** The answers in what a server has sent so far, interim ones left out; a last one that is not whole yet only where `isAll`. */
export function parseAnswers(text: string, isAll: boolean): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < text.length;) {
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd < 0) break;
    const [statusLine, ...lines] = text.slice(at, headEnd).split("\r\n");
    const status = Number(/^HTTP\/1\.\d (\d{3})(?: |$)/.exec(statusLine)?.[1]);
    if (Number.isNaN(status)) throw new Error(`Not a status line: ${JSON.stringify(statusLine)}`);
    at = headEnd + 4;
    if (status < 200) continue;
    const fields = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    const understood = fields.get(UNDERSTOOD_FIELD);
    // What the servers say of their own may be the answer to a HEAD, with a length and without a body.
    const isBare = understood === undefined
      ? /^HTTP\/1\./.test(text.slice(at))
      : understood !== IN_BODY;
    const isChunked = fields.get("transfer-encoding") === "chunked" && !isBare;
    // Only Node sends chunks, and only in what it says of its own: an empty body, which is the last chunk alone.
    const length = isBare
      ? 0
      : isChunked
      ? LAST_CHUNK.length
      : Number(fields.get("content-length") ?? 0);
    const isWhole = at + length <= text.length;
    if (!isWhole && !isAll) break;
    const body = text.slice(at, at + length);
    at += length;
    if (understood !== undefined) {
      if (!isWhole) break;
      const json = understood === IN_BODY
        ? decoder.decode(bytesOfLatin1(body))
        : decodeURIComponent(understood);
      answers.push({ kind: "understood", request: JSON.parse(json) });
    } else {
      answers.push({ kind: status < 400 ? "served" : "refused", status });
    }
  }
  return answers;
}

/** Whether it answers the request that stands behind each case. */
export function isNext(answer: Answer): boolean {
  return answer.kind === "understood" && answer.request.target === "/next";
}

/** Sends the bytes and the next request to a server, and reads what comes of it. */
export async function exchange(port: number, bytes: string, patienceMs: number): Promise<Outcome> {
  using conn = await within(
    Deno.connect({ hostname: "127.0.0.1", port }),
    `a connection to port ${port}`,
  );
  const sending = send(conn, bytesOfLatin1(bytes + NEXT));
  let text = "";
  let hasEnded = false;
  const buffer = new Uint8Array(65_536);
  // A read that is given up on still goes on: what it brings is taken by whoever waits next.
  let reading: Promise<number | null> | undefined;
  /** Reads until the server's end, or until there is enough; false where nothing has come for so long. */
  const readUntil = async (isEnough: () => boolean, silenceMs: number): Promise<boolean> => {
    while (!hasEnded && !isEnough()) {
      reading ??= conn.read(buffer).catch(endOfConnection);
      const count = await orSilence(reading, silenceMs);
      if (count === undefined) return false;
      reading = undefined;
      if (count === null) hasEnded = true;
      else text += latin1Of(buffer.subarray(0, count));
    }
    return true;
  };

  await readUntil(
    () => text.includes("/next") && parseAnswers(text, false).some(isNext),
    patienceMs,
  );
  const unprompted = parseAnswers(text, hasEnded).length;
  const hadEnded = hasEnded;
  if (!hasEnded) {
    await sending;
    await conn.closeWrite().catch(endOfConnection);
    await readUntil(() => false, END_PATIENCE_MS);
  }
  const ending = hadEnded ? "closed" : hasEnded ? "closed after the client" : "open";
  return { answers: parseAnswers(text, true), unprompted, ending };
}

/** Sends all of it, or as much as the server takes: one that has refused may have hung up. */
async function send(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  } catch (error) {
    endOfConnection(error);
  }
}

/** A reset is an end like any other: what came before it is what counts. */
function endOfConnection(error: unknown): null {
  const isEnd = error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.NotConnected ||
    // Our own closing, where a server has not ended in the time that it got.
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BadResource;
  if (isEnd) return null;
  throw error;
}

/** What the promise comes to; undefined when it takes longer. */
async function orSilence<T>(promise: Promise<T>, silenceMs: number): Promise<T | undefined> {
  const silence = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => silence.resolve(undefined), silenceMs);
  try {
    return await Promise.race([promise, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
