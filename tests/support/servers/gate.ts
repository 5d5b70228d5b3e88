// Holds a handler until the test lets it go on, and tells the test what the handler says: a connection of its own between
// the two, which works wherever the handler runs, another thread or another process.

import { within } from "../deadline.ts";

const encoder = new TextEncoder();

/** The test's side. */
export class Gate implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #visitors: Visitor[] = [];

  /** What the handler needs to find it. */
  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Waits until the next handler has come to the gate. */
  async reached(): Promise<Visitor> {
    const visitor = new Visitor(
      await within(this.#listener.accept(), "a handler that reaches the gate"),
    );
    this.#visitors.push(visitor);
    return visitor;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const visitor of this.#visitors) visitor[Symbol.dispose]();
  }
}

/** A handler that has come to the gate. */
class Visitor implements Disposable {
  readonly #conn: Deno.TcpConn;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Lets the handler go on; `text` is what it hears. */
  async open(text = "open"): Promise<void> {
    await this.#conn.write(encoder.encode(text));
    await this.#conn.closeWrite();
  }

  /** Waits for what the handler says, to its end. */
  async said(): Promise<string> {
    return await within(readText(this.#conn), "a handler that says something at the gate");
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // The runtime closes a connection by itself when it has failed.
    }
  }
}

/** The handler's side: comes to the gate at that port, and waits until it opens. Returns what the test said. */
export async function passGate(port: number): Promise<string> {
  using conn = await Deno.connect({ port });
  return await readText(conn);
}

/** The handler's side: comes to the gate, works, and says there what came of it. */
export async function reportAtGate(port: number, work: () => Promise<string>): Promise<string> {
  using conn = await Deno.connect({ port });
  const text = await work();
  await conn.write(encoder.encode(text));
  await conn.closeWrite();
  return text;
}

async function readText(conn: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(1_024);
  let text = "";
  for (;;) {
    const count = await conn.read(bytes);
    if (count === null) return text;
    text += decoder.decode(bytes.subarray(0, count), { stream: true });
  }
}
