// One connection to the operator's port: one request and one response, or a stream of events.
// Every step that a client can delay has a time limit, and what waits for a slow client is limited.

import { BufferPool } from "../http1/buffer_pool.ts";
import { Output } from "../http1/output.ts";
import type { Refusal } from "../http1/refusal.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { type RequestLimits, RequestParser } from "../http1/request_parser.ts";
import {
  CONTINUE_BYTES,
  type EncodableResponse,
  ResponseEncoder,
  type StreamDelivery,
} from "../http1/response_encoder.ts";
import { type AdminResponse, refusal } from "./endpoints.ts";

/** Heads as browsers send them, with cookies. A body is read and ignored, up to this size. */
const LIMITS: RequestLimits = {
  maxTargetBytes: 2_048,
  maxHeadBytes: 16_384,
  maxHeaderCount: 100,
  maxBodyBytes: 65_536,
  maxStreamedBodyBytes: 65_536,
};

/** How long a request and its response may take in all. By then, a probe has given up. */
const EXCHANGE_TIMEOUT_MS = 10_000;

/**
 * How long a stream's client may take to receive what is sent. Browsers reconnect by themselves.
 */
const STREAM_WRITE_TIMEOUT_MS = 10_000;

/** How much may wait for such a client: several times the longest text that is sent at once. */
const MAX_WAITING_CHARACTERS = 1_048_576;

/** Events are sent until the connection closes. */
const EVENTS: StreamDelivery = { framing: { kind: "until close" }, connection: "close" };

type Timer = ReturnType<typeof setTimeout>;

const encoder = new TextEncoder();
const pool = new BufferPool();

/** Answers the request of a connection. */
export interface AdminExchange {
  answer(method: string, path: string, host: string | undefined): AdminResponse;
  /** Called when the head of a stream has been written. */
  onStream(stream: AdminConnection): void;
}

type Asked =
  | { readonly kind: "request"; readonly head: RequestHead; readonly isRead: boolean }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly isHeadRequest: boolean }
  /** The client has gone. */
  | { readonly kind: "nothing" };

/** One connection. */
export class AdminConnection {
  /** Whether the connection is a stream of events. */
  isStream = false;
  readonly #conn: Deno.TcpConn;
  readonly #closed = Promise.withResolvers<void>();
  #deadline: Timer;
  #waiting = "";
  #isSending = false;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#deadline = setTimeout(() => this.close(), EXCHANGE_TIMEOUT_MS);
  }

  /**
   * Serves the connection to its end. Never rejects: a failure of one client ends only its
   * connection.
   */
  async serve(exchange: AdminExchange): Promise<void> {
    try {
      await this.#serve(exchange);
    } catch {
      // The client is gone, or was too slow.
    }
    this.close();
  }

  async #serve(exchange: AdminExchange): Promise<void> {
    const asked = await this.#read();
    switch (asked.kind) {
      case "nothing":
        return;
      case "refused": {
        const { status, reason } = asked.refusal;
        await this.#write(refusal(status, reason), asked.isHeadRequest);
        return await this.#linger();
      }
      case "request": {
        const { method, path, host } = asked.head;
        const answer = exchange.answer(method, path, host);
        await this.#write(answer, method === "HEAD");
        if (answer.kind === "events" && method === "GET") return await this.#stream(exchange);
        if (!asked.isRead) await this.#linger();
      }
    }
  }

  async #read(): Promise<Asked> {
    const parser = new RequestParser(LIMITS, pool);
    try {
      for (;;) {
        const count = await this.#conn.read(parser.space);
        if (count === null) return { kind: "nothing" };
        parser.received(count);
        const outcome = parser.next();
        switch (outcome.kind) {
          case "incomplete":
            break;
          case "continue":
            await this.#writeAll(CONTINUE_BYTES);
            break;
          case "request":
            outcome.body.release();
            return { kind: "request", head: outcome.head, isRead: !parser.hasUnreadBytes };
          case "declined":
            return {
              kind: "refused",
              refusal: outcome.refusal,
              isHeadRequest: outcome.head.method === "HEAD",
            };
          case "refused":
            return outcome;
        }
      }
    } finally {
      parser.release();
    }
  }

  async #write(answer: AdminResponse, isHeadRequest: boolean): Promise<void> {
    const output = new Output(pool);
    const responses = new ResponseEncoder(new Date().toUTCString());
    if (answer.kind === "events") responses.encodeStreamHead(output, encodable(answer), EVENTS);
    else responses.encode(output, encodable(answer), "close", isHeadRequest);
    try {
      await this.#writeAll(output.bytes);
      while (output.largeBody !== undefined) await this.#writeAll(output.nextPart().bytes);
    } finally {
      output.clear();
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /**
   * Closes our side, then reads and discards what the client still sends, so that a reset does not
   * destroy the response (RFC 9112, section 9.6). The time limit of the exchange ends this, however
   * much comes.
   */
  async #linger(): Promise<void> {
    await this.#conn.closeWrite();
    const discarded = new Uint8Array(16_384);
    while (await this.#conn.read(discarded) !== null);
  }

  async #stream(exchange: AdminExchange): Promise<void> {
    clearTimeout(this.#deadline);
    this.isStream = true;
    exchange.onStream(this);
    await this.#closed.promise;
  }

  /** Resolves when the connection is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Sends text on a stream. Closes the connection if the client does not receive it in time. */
  send(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length > MAX_WAITING_CHARACTERS) this.close();
    else if (!this.#isSending) this.#sendWaiting();
  }

  async #sendWaiting(): Promise<void> {
    this.#isSending = true;
    try {
      while (this.#waiting !== "") {
        const bytes = encoder.encode(this.#waiting);
        this.#waiting = "";
        this.#deadline = setTimeout(() => this.close(), STREAM_WRITE_TIMEOUT_MS);
        await this.#writeAll(bytes);
        clearTimeout(this.#deadline);
      }
    } catch {
      // The client has gone.
      this.close();
    }
    this.#isSending = false;
  }

  /** Closes the connection, whatever it does. */
  close(): void {
    clearTimeout(this.#deadline);
    this.#closed.resolve();
    try {
      this.#conn.close();
    } catch {
      // It is already closed, by us or by the runtime after an error.
    }
  }
}

function encodable(answer: AdminResponse): EncodableResponse {
  return {
    status: answer.kind === "events" ? 200 : answer.status,
    contentType: null,
    fields: [["Content-Type", answer.contentType], ...answer.fields],
    body: answer.kind === "events" ? null : answer.body,
    declaredLength: undefined,
  };
}
