// Clients that mean no good, many at a time: they dribble, do not read, or hang up in the middle. And the bystander, who
// wants nothing but answers while they are at it.

import { assertEquals } from "@std/assert";
import { connect as connectSocket, type Socket } from "node:net";
import { within } from "../deadline.ts";
import { get, RawClient } from "./raw_client.ts";
import { SmallWindowClient } from "./small_window_client.ts";

const encoder = new TextEncoder();

/** How many connect at a time: fewer than the kernel's queue of a server holds, so that none has to try again. */
const CONNECTING_AT_ONCE = 100;

/** Sieges take longer than a single client: thousands of connections, on a machine that may be busy with something else. */
export const SIEGE_DEADLINE_MS = 60_000;

/** Opens that many connections. */
export async function connectMany(port: number, count: number): Promise<Deno.TcpConn[]> {
  const conns: Deno.TcpConn[] = [];
  while (conns.length < count) {
    const wanted = Math.min(CONNECTING_AT_ONCE, count - conns.length);
    const connecting = Array.from(
      { length: wanted },
      () => Deno.connect({ hostname: "127.0.0.1", port }),
    );
    conns.push(...await within(Promise.all(connecting), `${wanted} connections`));
  }
  return conns;
}

/** How a connection has ended, and what the server had said by then. */
export interface Ending {
  readonly text: string;
  readonly end: "closed" | "reset";
}

/** Reads until the server ends the connection, in whatever way, and then ends it too, unless it `stays`. */
export async function readToEnding(conn: Deno.Conn, stays = false): Promise<Ending> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(4_096);
  let text = "";
  try {
    for (;;) {
      const count = await conn.read(bytes);
      if (count === null) return { text, end: "closed" };
      text += decoder.decode(bytes.subarray(0, count), { stream: true });
    }
  } catch {
    // A reset is an ending, too; the test judges it.
    return { text, end: "reset" };
  } finally {
    if (!stays) closeQuietly(conn);
  }
}

/** Sees to it that all that came is one answer with that status, which says that it is the last one, and came whole. */
export function assertRefusedOnce({ text, end }: Ending, status: number): void {
  const match = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n([^]*)$/.exec(text);
  const body = match?.[2] ?? "";
  const length = Number(/\r\nContent-Length: (\d+)\r\n/.exec(text)?.[1]);
  const isLast = /\r\nConnection: close\r\n/.test(text);
  assertEquals(
    { status: Number(match?.[1]), length, isLast, end },
    { status, length: body.length, isLast: true, end: "closed" },
    text,
  );
}

/** How often a client that dribbles sends its next byte: often enough for several within the limits that tests set. */
const DRIBBLE_MS = 400;

/** Sends the opening and then a byte now and then, for as long as the server lets it. */
export async function dribble(conn: Deno.Conn, opening: string, drop = "a"): Promise<Ending> {
  let hasEnded = false;
  const ending = readToEnding(conn).finally(() => hasEnded = true);
  try {
    await conn.write(encoder.encode(opening));
    const bytes = encoder.encode(drop);
    while (!hasEnded) {
      // Not all in one moment: thousands of them would come as a wave.
      const pause = DRIBBLE_MS * (0.5 + Math.random());
      await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, pause))]);
      if (!hasEnded) await conn.write(bytes);
    }
  } catch {
    // The server has hung up; how, the reading tells.
  }
  return await ending;
}

/**
 * Opens that many connections which dribble, each with the next of these openings. They begin while others still connect: one
 * that sent nothing for as long as all of that takes might be closed as a connection without a request.
 */
export async function dribbleMany(
  port: number,
  count: number,
  openings: readonly string[],
): Promise<Promise<Ending>[]> {
  const endings: Promise<Ending>[] = [];
  while (endings.length < count) {
    const conns = await connectMany(port, Math.min(CONNECTING_AT_ONCE, count - endings.length));
    for (const conn of conns) {
      endings.push(dribble(conn, openings[endings.length % openings.length]));
    }
  }
  return endings;
}

/** Sends something and then reads, for as long as the server lets it; then it ends its side, too, unless it `stays`. */
export async function askAndStay(
  conn: Deno.Conn,
  request: string,
  stays = false,
): Promise<Ending> {
  await conn.write(encoder.encode(request));
  return await readToEnding(conn, stays);
}

/** Opens that many connections with small windows. */
export async function connectManySmallWindows(
  port: number,
  count: number,
): Promise<SmallWindowClient[]> {
  const clients: SmallWindowClient[] = [];
  while (clients.length < count) {
    const wanted = Math.min(CONNECTING_AT_ONCE, count - clients.length);
    const connecting = Array.from({ length: wanted }, () => SmallWindowClient.connect(port));
    clients.push(...await within(Promise.all(connecting), `${wanted} connections`));
  }
  return clients;
}

/** Takes so many bytes every so often, of what is there, until `isOver` or the end of the connection. */
export async function sip(
  client: SmallWindowClient,
  bytes: number,
  everyMs: number,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    if (!client.take(bytes)) return;
  }
}

/** A client that does something and then resets its connection (RFC 9293: RST, not FIN). */
export class AbruptClient {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // What becomes of a connection that is about to be reset concerns nobody.
    socket.on("error", () => {});
  }

  static async connect(port: number): Promise<AbruptClient> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connectSocket({ host: "127.0.0.1", port, noDelay: true });
    const client = new AbruptClient(socket);
    socket.once("connect", resolve);
    socket.once("error", reject);
    await promise;
    return client;
  }

  /** Hands the bytes to the kernel. */
  async send(data: string | Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write(data, () => resolve());
    await promise;
  }

  /** Waits for the first bytes of an answer. */
  async firstBytes(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once("data", () => {
      this.#socket.pause();
      resolve();
    });
    this.#socket.once("close", () => resolve());
    await promise;
  }

  /** Resets the connection. */
  async reset(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once("close", () => resolve());
    this.#socket.resetAndDestroy();
    await promise;
  }
}

/** Somebody who asks all the while, on a connection that is kept and on new ones, and expects an answer every time. */
export class Bystander {
  readonly #port: number;
  readonly #maxIdleMs: number;
  #isDone = false;
  readonly #asking: Promise<number>;

  /** Begins at once. `keepAliveTimeout` is the server's: a connection that nobody has used for so long is not asked on any more. */
  constructor(port: number, keepAliveTimeout = Infinity) {
    this.#port = port;
    this.#maxIdleMs = keepAliveTimeout / 2;
    this.#asking = this.#ask();
    // The test awaits it in `finish`; until then nobody does.
    this.#asking.catch(() => {});
  }

  async #ask(): Promise<number> {
    let kept = await RawClient.connect(this.#port);
    let count = 0;
    let answeredAt = performance.now();
    try {
      for (; !this.#isDone || count < MIN_QUESTIONS; count++) {
        if (count % NEW_CONNECTION_EVERY === 0) {
          using fresh = await RawClient.connect(this.#port);
          await assertHello(fresh, "Connection: close");
          await fresh.assertEnded();
          continue;
        }
        // The test itself may have been held up for that long, on a busy machine.
        if (performance.now() - answeredAt > this.#maxIdleMs) {
          kept[Symbol.dispose]();
          kept = await RawClient.connect(this.#port);
        }
        await assertHello(kept);
        answeredAt = performance.now();
      }
    } finally {
      kept[Symbol.dispose]();
    }
    return count;
  }

  /** Asks no more; returns how many questions were asked, every one of which was answered. */
  async finish(): Promise<number> {
    this.#isDone = true;
    return await this.#asking;
  }
}

/** A bystander is heard that often at least, however short the siege. */
const MIN_QUESTIONS = 300;
const NEW_CONNECTION_EVERY = 10;

async function assertHello(client: RawClient, ...fields: string[]): Promise<void> {
  const { status, text } = await client.ask(get("/hello", ...fields));
  assertEquals([status, text], [200, "Hello World!"]);
}

/** Clients that want to be connected, say little or nothing, and come back whenever they are sent away. */
export class Crowd {
  readonly #says: string;
  readonly #port: number;
  readonly #gone = new AbortController();
  readonly #members: Promise<void>[];

  constructor(port: number, count: number, says = "") {
    this.#says = says;
    this.#port = port;
    this.#members = Array.from({ length: count }, () => this.#press());
  }

  async #press(): Promise<void> {
    const { signal } = this.#gone;
    while (!signal.aborted) {
      try {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.#port, signal });
        const leave = () => closeQuietly(conn);
        if (signal.aborted) leave();
        signal.addEventListener("abort", leave);
        await askAndStay(conn, this.#says);
        signal.removeEventListener("abort", leave);
      } catch {
        // Nobody listens just now, or the crowd has left.
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, COME_BACK_MS));
    }
  }

  /** Has all of them go, for good. */
  async leave(): Promise<void> {
    this.#gone.abort();
    await within(Promise.all(this.#members), "a crowd that leaves", SIEGE_DEADLINE_MS);
  }
}

/** How long one who was sent away stays away. */
const COME_BACK_MS = 20;

/** Closes a connection that may have failed already. */
export function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The runtime closes a connection by itself when it has failed.
  }
}
