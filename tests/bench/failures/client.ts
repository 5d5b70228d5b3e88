// The client whose request does the harm, and those that count the workers: connections of their own, with a patience of their own.

import { get } from "../../support/clients/raw_client.ts";

/** What a client has got. */
export type ClientOutcome =
  | { readonly kind: "answered"; readonly status: number; readonly text: string }
  /** The connection ended before an answer, properly or by a reset. */
  | { readonly kind: "ended" }
  /** Nobody listens. */
  | { readonly kind: "refused" }
  | { readonly kind: "unanswered"; readonly patienceMs: number };

const decoder = new TextDecoder();

/** Asks on a connection of its own, and waits no longer than it is told to. */
export async function askOnce(
  port: number,
  path: string,
  patience: AbortSignal,
  patienceMs: number,
): Promise<ClientOutcome> {
  let conn: Deno.TcpConn;
  try {
    conn = await Deno.connect({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return { kind: "refused" };
    return { kind: "ended" };
  }
  const hangUp = () => closeOf(conn);
  patience.addEventListener("abort", hangUp, { once: true });
  try {
    if (patience.aborted) hangUp();
    await conn.write(new TextEncoder().encode(get(path, "Connection: close")));
    const match = /^HTTP\/1\.1 (\d{3}) .*?\r\n\r\n(.*)$/s.exec(await readToEnd(conn));
    if (match === null) return { kind: "ended" };
    return { kind: "answered", status: Number(match[1]), text: match[2] };
  } catch {
    // Hung up by itself, or reset by the server.
    return patience.aborted ? { kind: "unanswered", patienceMs } : { kind: "ended" };
  } finally {
    patience.removeEventListener("abort", hangUp);
    hangUp();
  }
}

async function readToEnd(conn: Deno.TcpConn): Promise<string> {
  const space = new Uint8Array(4_096);
  let text = "";
  for (;;) {
    const count = await conn.read(space);
    if (count === null) return text;
    text += decoder.decode(space.subarray(0, count));
  }
}

function closeOf(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}

/** Who answers new connections. */
export interface Census {
  /** What each of them says of itself. */
  readonly workers: ReadonlySet<string>;
  /** The share of the new connections that nobody answered. */
  readonly unansweredShare: number;
}

/** All at once, so that one worker cannot take them all while the others sleep. */
const CONNECTIONS_AT_ONCE = 64;

/** Where all accept from one socket, as with `deno serve`, it is chance who does: a worker that is there may miss some rounds. */
const MAX_COUNTS = 10;

/** Counts the workers that answer new connections within that time; asks again while there are fewer than are expected. */
export async function countWorkers(
  port: number,
  expected: number,
  patienceMs: number,
): Promise<Census> {
  const workers = new Set<string>();
  let asked = 0;
  let answered = 0;
  for (let count = 0; count < MAX_COUNTS && workers.size < expected; count++) {
    const patience = AbortSignal.timeout(patienceMs);
    const outcomes = await Promise.all(Array.from(
      { length: CONNECTIONS_AT_ONCE },
      () => askOnce(port, "/worker", patience, patienceMs),
    ));
    asked += outcomes.length;
    for (const outcome of outcomes) {
      if (outcome.kind !== "answered" || outcome.status !== 200) continue;
      answered++;
      workers.add(outcome.text);
    }
  }
  return { workers, unansweredShare: 1 - answered / asked };
}
