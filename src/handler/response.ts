// What a handler answers with. It is checked when it is made, so that a fault shows in the handler
// that has it. It is kept as it was given: a response of one of the makers is a status, a content
// type and a body. `Headers` are made only when they are read.

import { type BodySource, BodyStream, isBodySource } from "./body_stream.ts";
import type { EncodableBody } from "../http1/response_encoder.ts";
import {
  checkedFields,
  CheckedHeaders,
  type Field,
  namesContentType,
  recheckedFields,
} from "./checked_headers.ts";
import { OutgoingResponse } from "./outgoing_response.ts";
import { reasonPhrase } from "../http1/status.ts";
import { nameOfType } from "./type_name.ts";

export type { BodySource } from "./body_stream.ts";

/**
 * What a {@linkcode WebResponse} can have for a body: text is sent as UTF-8, bytes as they are. A
 * stream, or an async iterable, is sent as its parts come.
 */
export type ResponseBody = string | Uint8Array | ArrayBuffer | BodySource | null;

/** How a response differs from the usual one. */
export interface WebResponseInit {
  /** The status code, 200 to 599; 200 by default (RFC 9110, section 15). */
  readonly status?: number;
  /** Header fields. A `Content-Type` among them takes the place of the maker's own. */
  readonly headers?: HeadersInit;
}

const HTML = "text/html; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
/** See RFC 9457, section 3. */
const PROBLEM_JSON = "application/problem+json";
const BYTES = "application/octet-stream";

/** The statuses that send a client to `Location` (RFC 9110, section 15.4). */
const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];

function checkStatus(status: number): number {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(
      `Cannot make a response with status ${status}: it must be a whole number from 200 to 599`,
    );
  }
  return status;
}

function checkBody(body: unknown): EncodableBody | BodyStream {
  if (body === null || typeof body === "string") return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) return body;
  if (isBodySource(body)) return new BodyStream(body);
  throw new TypeError(
    `Cannot make a response with a body of type ${
      nameOfType(body)
    }: it must be a string, a Uint8Array or an ArrayBuffer ` +
      "in memory that is not shared, a ReadableStream, an async iterable, or null",
  );
}

/**
 * Makes a response whose content type is `contentType` where `init.headers` names none. The type is
 * not checked.
 */
let makeTyped: (
  body: ResponseBody,
  init: WebResponseInit | undefined,
  contentType: string,
) => WebResponse;

/**
 * Returns what is sent of a response, with its fields as they are now. Claims its stream.
 *
 * @throws {TypeError} when its bytes are gone, because their memory was transferred to another
 * thread since the response was made; when its headers were changed by a way that checks nothing,
 * such as `Headers.prototype.append.call`; when its stream was sent already
 */
export let outgoing: (response: WebResponse) => OutgoingResponse;

/**
 * A response: status, headers and a body, which is in memory or made while it is sent.
 *
 * `Content-Length`, `Date` and `Connection` are the server's: what a handler sets there is dropped,
 * except for `Connection: close`, which ends the connection after the response. `Upgrade` passes,
 * as a 426 needs it (RFC 9110, section 15.5.22), and the server adds its option to `Connection`. A
 * 204, 205 or 304 is sent without its body, and so is the answer to a HEAD.
 *
 * **A streamed body**, out of a `ReadableStream` or an async iterable, is sent part by part, each
 * as soon as it exists (RFC 9112, section 7.1: chunked; to a client of HTTP/1.0 up to the end of
 * the connection). At most 64 KiB wait to be written before the next part is asked for.
 *
 * A `Content-Length` that the handler sets holds here, and the body has to be of that length,
 * whether its parts are there at once or come late. Another length is a panic, with a 500 as long
 * as nothing was sent. A platform `Response` of a stream is held to it as well; one of text or
 * bytes has its own length.
 *
 * When the client goes, the source is cancelled: `cancel()` of a stream, `return()` of an iterator.
 * A generator ends only when what it awaits has come, so one that may wait for long should watch
 * `req.signal`. A source that fails is a panic; after the response has begun, an `HttpError` is
 * one, too, as it can be no answer any more. If a part was sent already, the client sees that the
 * connection ends without the last chunk. (HTTP/1.0 has no chunks, so its clients see the usual
 * end.) Each such response can be sent once.
 *
 * @example The makers
 * ```ts
 * import { WebResponse } from "@mudpie/server";
 *
 * const page = WebResponse.html("<h1>Hello World!</h1>");
 * const user = WebResponse.json({ id: 7 }, { status: 201, headers: { location: "/users/7" } });
 * const gone = WebResponse.redirect("/elsewhere", 301);
 * console.log(page.status, user.headers.get("location"), gone.status); // 200 /users/7 301
 * ```
 *
 * @example A body that is made while it is sent
 * ```ts
 * import { WebResponse, WebServer } from "@mudpie/server";
 *
 * async function* lines() {
 *   for (let i = 1; i <= 3; i++) yield `line ${i}\n`;
 * }
 * const server = new WebServer();
 * server.addPath("/", () => new WebResponse(lines(), { headers: { "content-type": "text/plain" } }));
 *
 * const response = await server.fetch(new Request("http://localhost/"));
 * console.log((await response.text()).length); // 21
 * ```
 */
export class WebResponse {
  readonly #status: number;
  readonly #body: EncodableBody | BodyStream;
  /**
   * The content type that is not among the fields; null where there is none, or where the fields
   * name one.
   */
  #contentType: string | null;
  /** The fields that were given beside the content type. They hold until `headers` is read. */
  readonly #fields: readonly Field[] | null;
  #headers: Headers | undefined;

  /**
   * Makes a response with that body. Where `init.headers` names no content type, text is
   * `text/plain; charset=utf-8`, and bytes and streams have none.
   *
   * @throws {RangeError} when the status is not a whole number from 200 to 599
   * @throws {TypeError} when a header has a name or a value that may not be sent, with its name in
   * the message; when the body is of another type
   */
  constructor(body: ResponseBody = null, init: WebResponseInit = {}) {
    this.#status = init.status === undefined ? 200 : checkStatus(init.status);
    this.#body = checkBody(body);
    const fields = init.headers === undefined ? null : checkedFields(init.headers);
    this.#fields = fields;
    this.#contentType = typeof body === "string" && !namesContentType(fields) ? TEXT : null;
  }

  static {
    outgoing = (response) => response.#outgoing();
    makeTyped = (body, init, contentType) => {
      const response = new WebResponse(body, init);
      // For text the constructor has looked for the field already, and it is the usual case.
      const isOpen = typeof body === "string"
        ? response.#contentType !== null
        : !namesContentType(response.#fields);
      if (isOpen) response.#contentType = contentType;
      return response;
    };
  }

  /** The status code, 200 to 599. */
  get status(): number {
    return this.#status;
  }

  /** The body as it will be sent: text, bytes, the source of a streamed body, or null for none. */
  get body(): string | Uint8Array | BodySource | null {
    return this.#body instanceof BodyStream ? this.#body.source : this.#body;
  }

  /**
   * The header fields, to read and to change: `setCookie(response.headers, cookie)` and the rest of
   * `@std/http` work on them. Setting a name or a value that may not be sent throws a `TypeError`
   * with the header's name.
   */
  get headers(): Headers {
    if (this.#headers === undefined) {
      const headers = new CheckedHeaders();
      if (this.#contentType !== null) headers.set("content-type", this.#contentType);
      for (const [name, value] of this.#fields ?? []) headers.append(name, value);
      this.#headers = headers;
    }
    return this.#headers;
  }

  #outgoing(): OutgoingResponse {
    const body = this.#body;
    if (body !== null && typeof body !== "string") checkSendable(body);
    return this.#headers === undefined
      ? new OutgoingResponse(this.#status, this.#contentType, this.#fields, body)
      : new OutgoingResponse(this.#status, null, recheckedFields(this.#headers), body);
  }

  /** A page: `text/html; charset=utf-8`. Throws what the constructor throws. */
  static html(body: string, init?: WebResponseInit): WebResponse {
    return makeTyped(body, init, HTML);
  }

  /** Plain text: `text/plain; charset=utf-8`. Throws what the constructor throws. */
  static text(body: string, init?: WebResponseInit): WebResponse {
    return makeTyped(body, init, TEXT);
  }

  /**
   * A value as JSON: `application/json` (RFC 8259).
   *
   * @throws {TypeError} when the value has no JSON form, such as `undefined`, a function, a
   * `BigInt` or a cycle; and what the constructor throws
   */
  static json(value: unknown, init?: WebResponseInit): WebResponse {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) {
      throw new TypeError(
        `Cannot make a JSON response of a value of type ${nameOfType(value)}: it has no JSON form`,
      );
    }
    return makeTyped(text, init, JSON_TYPE);
  }

  /** Bytes: `application/octet-stream`. Throws what the constructor throws. */
  static bytes(body: Uint8Array | ArrayBuffer, init?: WebResponseInit): WebResponse {
    return makeTyped(body, init, BYTES);
  }

  /**
   * Sends the client to another address, by default with 302 (RFC 9110, section 15.4). Characters
   * outside of ASCII, and spaces, are percent-encoded.
   *
   * @throws {RangeError} when the status is not 301, 302, 303, 307 or 308
   * @throws {TypeError} when the address holds a control character
   */
  static redirect(location: string | URL, status = 302): WebResponse {
    if (!REDIRECT_STATUSES.includes(status)) {
      throw new RangeError(
        `Cannot redirect with status ${status}: it must be one of ${REDIRECT_STATUSES.join(", ")}`,
      );
    }
    if (CONTROL_CHARACTER.test(String(location))) {
      throw new TypeError(
        `Cannot redirect to ${JSON.stringify(String(location))}: it holds a control character`,
      );
    }
    const address = String(location).toWellFormed().replace(
      /[ \u0080-\u{10ffff}]+/gu,
      encodeURIComponent,
    );
    return new WebResponse(null, { status, headers: { location: address } });
  }

  /** A response without a body, by default 204 No Content. Throws what the constructor throws. */
  static empty(status = 204, init: Omit<WebResponseInit, "status"> = {}): WebResponse {
    return new WebResponse(null, { ...init, status });
  }
}

function checkSendable(body: Uint8Array | BodyStream): void {
  if (body instanceof BodyStream) {
    if (body.claim()) return;
    throw new TypeError(
      "Cannot send a response whose stream is read by somebody else, or was sent already: make one for each request",
    );
  }
  if (!(body.buffer as ArrayBuffer).detached) return;
  throw new TypeError(
    "Cannot send a response whose bytes were transferred to another thread: make it of a copy",
  );
}

const CONTROL_CHARACTER = /\p{Cc}/u;

/** The answer to a fault that has no words of its own: the status's phrase as text. */
export function phraseResponse(status: number, headers?: HeadersInit): WebResponse {
  return WebResponse.text(reasonPhrase(status) || `Status ${status}`, { status, headers });
}

/** A problem (RFC 9457), of which `text` is the JSON. */
export function problemResponse(text: string, init: WebResponseInit): WebResponse {
  return makeTyped(text, init, PROBLEM_JSON);
}
