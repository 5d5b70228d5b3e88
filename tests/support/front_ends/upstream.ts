// A server behind a front end that is none: it tells what it was sent, byte for byte, and can hang up on a request without an
// answer, as a server does that dies.

/** What makes the upstream hang up without an answer. */
export const FATAL_TARGET = "/fatal";

/** Where a head ends. */
const HEAD_END = "\r\n\r\n";

/** A server of one port that writes down the heads of its requests. Their bodies have to come in the same read. */
export class Upstream implements Disposable {
  readonly #listener: Deno.TcpListener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.TcpConn>();
  /** The heads of the requests that came, in order. */
  readonly heads: string[] = [];

  constructor() {
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** It is ready as long as it answers at all. */
  get adminPort(): number {
    return this.port;
  }

  /** How many requests came for that target. */
  countOf(target: string): number {
    return this.heads.filter((head) => head.split(" ")[1] === target).length;
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#serve(conn);
    } catch {
      // The test is over, and the listener closed.
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    this.#conns.add(conn);
    const space = new Uint8Array(16_384);
    try {
      for (;;) {
        const count = await conn.read(space);
        if (count === null) break;
        const text = new TextDecoder().decode(space.subarray(0, count));
        const head = text.slice(0, text.indexOf(HEAD_END));
        this.heads.push(head);
        if (head.split(" ")[1] === FATAL_TARGET) break;
        await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
      }
    } catch {
      // The front end has gone, or the test is over.
    }
    this.#hangUp(conn);
  }

  #hangUp(conn: Deno.TcpConn): void {
    if (this.#conns.delete(conn)) conn.close();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of [...this.#conns]) this.#hangUp(conn);
  }
}
