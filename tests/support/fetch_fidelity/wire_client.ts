// A client that notes all that comes over the wire: the status line, the fields, how the body is
// delimited, its bytes, and whether the connection stays open.

import { within } from "../deadline.ts";
import type { SentRequest } from "./fidelity_case.ts";

/** How the end of a body is found. */
export type Framing = "length" | "chunked" | "close" | "none";

/** The head of a response as it came. */
export interface WireHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly framing: Framing;
}

/** A response as it came. */
export interface WireResponse extends WireHead {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Whether the connection ended before the body did. */
  readonly isCut: boolean;
}

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

/** Encodes a request as bytes. */
export function encodeRequest(sent: SentRequest): Uint8Array<ArrayBuffer> {
  const { method = "GET", target = "/", host = "fidelity.test", fields = [], body } = sent;
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of fields) lines.push(`${name}: ${value}`);
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  if (bytes === undefined) return latin1Bytes([...lines, "", ""].join("\r\n"));
  if (!sent.isChunked) {
    const head = latin1Bytes([...lines, `Content-Length: ${bytes.length}`, "", ""].join("\r\n"));
    return join([head, bytes]);
  }
  const head = latin1Bytes([...lines, "Transfer-Encoding: chunked", "", ""].join("\r\n"));
  const middle = Math.ceil(bytes.length / 2);
  return join([
    head,
    ...chunk(bytes.subarray(0, middle)),
    ...chunk(bytes.subarray(middle)),
    encoder.encode("0\r\n\r\n"),
  ]);
}

/** Fields are bytes: each character of a value is one. */
function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function chunk(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  if (bytes.length === 0) return [];
  return [encoder.encode(`${bytes.length.toString(16)}\r\n`), bytes, encoder.encode("\r\n")];
}

export function join(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** One connection. */
export class WireClient implements Disposable {
  readonly #conn: Deno.TcpConn;
  #waiting: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #hasEnded = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<WireClient> {
    const conn = await within(Deno.connect({ hostname: "127.0.0.1", port }), "a connection");
    conn.setNoDelay(true);
    return new WireClient(conn);
  }

  get localPort(): number {
    return this.#conn.localAddr.port;
  }

  /** Sends bytes. A connection that has ended takes them, too: the next read shows the end. */
  async send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await within(this.#conn.write(bytes.subarray(at)), "a server that reads");
      }
    } catch (error) {
      if (!isConnectionEnd(error)) throw error;
    }
  }

  /** Reads a response to a request of that method; undefined if the connection ends before it. */
  async readResponse(method: string): Promise<WireResponse | undefined> {
    const head = await this.readHead(method);
    return head === undefined ? undefined : await this.readRest(head);
  }

  /** Reads the head of a response; undefined if the connection ends before it. */
  async readHead(method: string): Promise<WireHead | undefined> {
    let end = indexOf(this.#waiting, HEAD_END);
    while (end < 0) {
      if (!await this.#readMore()) return undefined;
      end = indexOf(this.#waiting, HEAD_END);
    }
    const [statusLine, ...lines] = latin1.decode(this.#take(end)).split("\r\n");
    this.#take(HEAD_END.length);
    const [, status, reason] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(statusLine) ?? ["", "0", ""];
    const fields = lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
    const framing = framingOf(method, Number(status), fields);
    return { status: Number(status), reason, fields, framing };
  }

  /** Reads the body of a response whose head was read. */
  async readRest(head: WireHead): Promise<WireResponse> {
    return { ...head, ...await this.#readBody(head.framing, head.fields) };
  }

  /** Reads all that comes until the connection ends. */
  async readToEnd(): Promise<string> {
    while (await this.#readMore());
    return latin1.decode(this.#take(this.#waiting.length));
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // The runtime closes a connection by itself when it has failed.
    }
  }

  async #readBody(
    framing: Framing,
    fields: WireResponse["fields"],
  ): Promise<{ body: Uint8Array<ArrayBuffer>; isCut: boolean }> {
    switch (framing) {
      case "none":
        return { body: new Uint8Array(0), isCut: false };
      case "chunked":
        return await this.#readChunks();
      case "close":
        while (await this.#readMore());
        return { body: this.#take(this.#waiting.length), isCut: false };
      case "length": {
        const length = Number(valueOf(fields, "content-length"));
        while (this.#waiting.length < length) {
          if (!await this.#readMore()) {
            return { body: this.#take(this.#waiting.length), isCut: true };
          }
        }
        return { body: this.#take(length), isCut: false };
      }
    }
  }

  async #readChunks(): Promise<{ body: Uint8Array<ArrayBuffer>; isCut: boolean }> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (;;) {
      let end = indexOf(this.#waiting, LINE_END);
      while (end < 0) {
        if (!await this.#readMore()) return { body: join(parts), isCut: true };
        end = indexOf(this.#waiting, LINE_END);
      }
      const length = Number.parseInt(latin1.decode(this.#waiting.subarray(0, end)), 16);
      const whole = end + 2 + length + 2;
      while (this.#waiting.length < whole) {
        if (!await this.#readMore()) return { body: join(parts), isCut: true };
      }
      parts.push(this.#take(whole).slice(end + 2, -2));
      if (length === 0) return { body: join(parts), isCut: false };
    }
  }

  /** Returns false at the end of the connection. */
  async #readMore(): Promise<boolean> {
    if (this.#hasEnded) return false;
    const bytes = new Uint8Array(65_536);
    try {
      const count = await within(this.#conn.read(bytes), "bytes of the server, or the end");
      if (count === null) this.#hasEnded = true;
      else this.#waiting = join([this.#waiting, bytes.subarray(0, count)]);
    } catch (error) {
      if (!isConnectionEnd(error)) throw error;
      this.#hasEnded = true;
    }
    return !this.#hasEnded;
  }

  #take(count: number): Uint8Array<ArrayBuffer> {
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return taken;
  }
}

const LINE_END = encoder.encode("\r\n");
const HEAD_END = encoder.encode("\r\n\r\n");

function isConnectionEnd(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted;
}

function framingOf(method: string, status: number, fields: WireResponse["fields"]): Framing {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  if (valueOf(fields, "transfer-encoding") === "chunked") return "chunked";
  if (valueOf(fields, "content-length") !== undefined) return "length";
  // Deno.serve delimits a 205 in no way, and leaves the connection open.
  return status === 205 ? "none" : "close";
}

function valueOf(fields: WireResponse["fields"], name: string): string | undefined {
  return fields.find((field) => field[0] === name)?.[1];
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  outer: for (let i = 0; i + wanted.length <= bytes.length; i++) {
    for (let j = 0; j < wanted.length; j++) {
      if (bytes[i + j] !== wanted[j]) continue outer;
    }
    return i;
  }
  return -1;
}
