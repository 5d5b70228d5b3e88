// A few clients that ask for hello now and then, and how long they wait for it: what trouble means to those who did not make it.

import { get } from "../support/clients/raw_client.ts";
import { quantile } from "./statistics.ts";

/** Few, and so far apart, that they are no load: what they wait for is the server's trouble, and not one another. */
const CLIENTS = 8;
const PAUSE_MS = 10;

const REQUEST = new TextEncoder().encode(get("/hello"));
const decoder = new TextDecoder();

/** What the bystanders have seen. */
export interface Waits {
  readonly answers: number;
  /** Requests on a connection that had ended, asked again on a new one. The wait goes on meanwhile. */
  readonly retries: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly longestUs: number;
}

/** A connection that ended before it brought an answer. */
class EndedError extends Error {}

/**
 * One of them, with its connection. It makes as little garbage as it can (the clients of the tests are for looking at answers, and
 * take new memory for each): what is to be seen are the server's pauses, and not those of its client.
 */
class Bystander implements Disposable {
  readonly #port: number;
  readonly #answer = new Uint8Array(4_096);
  #conn: Deno.TcpConn | undefined;
  retries = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** Asks until there is an answer, by a new connection where the last one has ended. */
  async ask(): Promise<void> {
    for (;;) {
      try {
        const answer = await this.#askOnce();
        if (!answer.startsWith("HTTP/1.1 200 ")) throw new Error(`Not a good answer: ${answer}`);
        if (/\r\nConnection: close\r\n/i.test(answer)) this.#hangUp();
        return;
      } catch (error) {
        if (!isEnding(error)) throw error;
        this.#hangUp();
        this.retries++;
      }
    }
  }

  /** The answer, which is so small that it comes in one piece. */
  async #askOnce(): Promise<string> {
    this.#conn ??= await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    await this.#conn.write(REQUEST);
    const count = await this.#conn.read(this.#answer);
    if (count === null) throw new EndedError("No answer");
    return decoder.decode(this.#answer.subarray(0, count));
  }

  #hangUp(): void {
    try {
      this.#conn?.close();
    } catch {
      // The runtime closes a connection by itself when it has failed.
    }
    this.#conn = undefined;
  }

  [Symbol.dispose](): void {
    this.#hangUp();
  }
}

/** Asks until the signal aborts. */
export async function watchBystanders(port: number, until: AbortSignal): Promise<Waits> {
  const waits: number[] = [];
  let retries = 0;
  const watch = async () => {
    using bystander = new Bystander(port);
    while (!until.aborted) {
      const begun = performance.now();
      await bystander.ask();
      waits.push((performance.now() - begun) * 1e3);
      // At random, so that they do not come to ask in one moment.
      const pause = PAUSE_MS * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    retries += bystander.retries;
  };
  await Promise.all(Array.from({ length: CLIENTS }, watch));
  return {
    answers: waits.length,
    retries,
    p50Us: quantile(waits, 0.5),
    p99Us: quantile(waits, 0.99),
    longestUs: quantile(waits, 1),
  };
}

/** A worker that is replaced resets, or ends, what is in its queue. */
function isEnding(error: unknown): boolean {
  return error instanceof EndedError || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe;
}
