// An HTTP client that shows what comes over the wire, and sends whatever the test likes: no client library would send half
// a request, or tell of a connection's end.

import { assertEquals } from "@std/assert";
import { within } from "../deadline.ts";

/** A response as it came. */
export interface RawResponse {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The body as text. */
  readonly text: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A request without a body, as text; fields come behind Host. */
export function request(method: string, target: string, ...fields: string[]): string {
  return [`${method} ${target} HTTP/1.1`, "Host: test", ...fields, "", ""].join("\r\n");
}

/** A GET, as text. */
export function get(target: string, ...fields: string[]): string {
  return request("GET", target, ...fields);
}

/** A POST with a body of declared length, as text. */
export function post(target: string, body: string, ...fields: string[]): string {
  const length = encoder.encode(body).length;
  return request("POST", target, `Content-Length: ${length}`, ...fields) + body;
}

type Conn = Deno.TcpConn | Deno.UnixConn | Deno.TlsConn;

/** One connection to a server. */
export class RawClient implements Disposable {
  readonly #conn: Conn;
  #waiting: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  private constructor(conn: Conn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<RawClient> {
    const conn = await within(
      Deno.connect({ hostname: "127.0.0.1", port }),
      `a connection to port ${port}`,
    );
    conn.setNoDelay(true);
    return new RawClient(conn);
  }

  /** The same, encrypted, to a server of that name whose certificate is this one. */
  static async connectWithTls(
    port: number,
    hostname: string,
    certificate: string,
  ): Promise<RawClient> {
    const conn = await within(
      Deno.connect({ hostname: "127.0.0.1", port }),
      `a connection to port ${port}`,
    );
    const starting = Deno.startTls(conn, { hostname, caCerts: [certificate] });
    return new RawClient(await within(starting, `an encrypted connection to port ${port}`));
  }

  /** The same, to a Unix socket. */
  static async connectToSocket(path: string): Promise<RawClient> {
    const connecting = Deno.connect({ transport: "unix", path });
    return new RawClient(await within(connecting, `a connection to ${path}`));
  }

  /** Sends all of it. */
  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) {
      at += await within(this.#conn.write(bytes.subarray(at)), "a server that takes bytes");
    }
  }

  /** Sends a request and reads the response. */
  async ask(data: string): Promise<RawResponse> {
    await this.send(data);
    return await this.readResponse(data.startsWith("HEAD "));
  }

  /** Ends the client's side; it can still read. */
  async closeWrite(): Promise<void> {
    await this.#conn.closeWrite();
  }

  /** What one read gives, as text; null at the end. */
  async readOnce(): Promise<string | null> {
    if (this.#waiting.length > 0) return decoder.decode(this.#take(this.#waiting.length));
    const bytes = await this.#read();
    return bytes === null ? null : decoder.decode(bytes);
  }

  /** Reads until that text has come, and gives all that came. */
  async readUntil(text: string): Promise<string> {
    let come = "";
    while (!come.includes(text)) {
      const part = await this.readOnce();
      if (part === null) throw new Error(`The end came before ${text}, behind ${come}`);
      come += part;
    }
    return come;
  }

  /** Reads the next response, an interim one included; the body's length has to be declared. */
  async readResponse(isHeadRequest = false): Promise<RawResponse> {
    let end = indexOfHeadEnd(this.#waiting);
    while (end < 0) {
      await this.#readMore("a response");
      end = indexOfHeadEnd(this.#waiting);
    }
    const [statusLine, ...lines] = decoder.decode(this.#take(end)).trimEnd().split("\r\n");
    const match = /^(HTTP\/1\.\d) (\d{3}) (.*)$/.exec(statusLine);
    if (match === null) throw new Error(`Not a status line: ${JSON.stringify(statusLine)}`);
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    const status = Number(match[2]);
    const hasBody = !isHeadRequest && status >= 200 && status !== 204 && status !== 304;
    const length = hasBody ? Number(headers.get("content-length")) : 0;
    while (this.#waiting.length < length) await this.#readMore("the rest of a body");
    const body = this.#take(length);
    const text = decoder.decode(body);
    return { version: match[1], status, reason: match[3], headers, body, text };
  }

  /** Reads until the server ends the connection. */
  async readToEnd(): Promise<string> {
    for (;;) {
      const bytes = await this.#read();
      if (bytes === null) return decoder.decode(this.#take(this.#waiting.length));
      this.#append(bytes);
    }
  }

  /** Reads until the server ends the connection, and keeps nothing of it. */
  async discardToEnd(): Promise<void> {
    while (await this.#read() !== null);
  }

  /** Waits until the server ends the connection, and sees to it that nothing comes before. */
  async assertEnded(): Promise<void> {
    assertEquals(await this.readToEnd(), "");
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // The runtime closes a connection by itself when it has failed.
    }
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(65_536);
    const count = await within(this.#conn.read(bytes), "bytes from the server, or its end");
    return count === null ? null : bytes.subarray(0, count);
  }

  async #readMore(what: string): Promise<void> {
    const bytes = await this.#read();
    if (bytes === null) {
      const got = JSON.stringify(decoder.decode(this.#waiting));
      throw new Error(`The server ended the connection before ${what}; it had sent ${got}`);
    }
    this.#append(bytes);
  }

  #append(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#waiting.length + bytes.length);
    joined.set(this.#waiting);
    joined.set(bytes, this.#waiting.length);
    this.#waiting = joined;
  }

  #take(count: number): Uint8Array<ArrayBuffer> {
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return taken;
  }
}

/** The index behind the empty line that ends a head; -1 where it has not come yet. */
function indexOfHeadEnd(bytes: Uint8Array): number {
  for (let i = 3; i < bytes.length; i++) {
    const isEnd = bytes[i] === 10 && bytes[i - 1] === 13 && bytes[i - 2] === 10 &&
      bytes[i - 3] === 13;
    if (isEnd) return i + 1;
  }
  return -1;
}
