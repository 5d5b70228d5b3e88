// What a handler answers with. It is checked where it is made, so that a fault shows in the handler that has it, and it is
// kept as plain as it was given: a response of one of the makers is a status, a content type and a body, and `Headers` are
// made of it only when somebody asks.

import { type BodySource, BodyStream, isBodySource } from "./body_stream.ts";
import { isFieldValue, isToken, parseDecimal, parseList } from "../http1/grammar.ts";
import type { EncodableBody, EncodableResponse } from "../http1/response_encoder.ts";
import { reasonPhrase } from "../http1/status.ts";
import { nameOfType } from "./type_name.ts";

export type { BodySource } from "./body_stream.ts";

/**
 * What a {@linkcode WebResponse} can have for a body: text goes out as UTF-8, bytes as they are. A stream, or an async iterable,
 * goes out as its parts come.
 */
export type ResponseBody = string | Uint8Array | ArrayBuffer | BodySource | null;

/** How a response differs from the usual one. */
export interface WebResponseInit {
  /** The status code, 200 to 599; 200 by default (RFC 9110, section 15). */
  readonly status?: number;
  /** Header fields. A `Content-Type` among them takes the place of the maker's own. */
  readonly headers?: HeadersInit;
}

/**
 * The fields that are the server's own. `Content-Length` and `Transfer-Encoding` follow from the body, and the rest concern
 * the connection, which is the server's (RFC 9110, section 7.6.1): what a handler says in them is dropped.
 */
const SERVER_FIELDS = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "trailer",
  "te",
  "date",
]);

const HTML = "text/html; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
const BYTES = "application/octet-stream";

/** The statuses that send a client to `Location` (RFC 9110, section 15.4). */
const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];

type Field = readonly [name: string, value: string];

/** Refuses a field that must not go out; the encoder would write it as it is. */
function checkField(name: string, value: string): void {
  if (!isToken(name)) {
    throw new TypeError(
      `Cannot set header ${
        JSON.stringify(name)
      }: its name must be a token (RFC 9110, section 5.6.2)`,
    );
  }
  if (!isFieldValue(value)) {
    throw new TypeError(
      `Cannot set header ${JSON.stringify(name)} to ${JSON.stringify(value)}: ` +
        "a value holds visible characters up to U+00FF, spaces and tabs, and no control characters",
    );
  }
}

/** The platform's `Headers` lets control bytes such as VT and DEL through. This one checks what is set, where it is set. */
class CheckedHeaders extends Headers {
  override append(name: string, value: string): void {
    // Made text once: an object may say another thing each time.
    const [nameText, valueText] = [String(name), String(value)];
    checkField(nameText, valueText);
    super.append(nameText, valueText);
  }

  override set(name: string, value: string): void {
    const [nameText, valueText] = [String(name), String(value)];
    checkField(nameText, valueText);
    super.set(nameText, valueText);
  }
}

/** The platform's own way through `Headers`, whatever an object has in its place. */
const fieldsIn = Headers.prototype[Symbol.iterator];

/** The fields of whatever headers can be given as, checked. */
function checkedFields(init: HeadersInit): Field[] {
  const given = Symbol.iterator in init ? [...init] : Object.entries(init);
  return given.map(([name, value]) => {
    const field: Field = [String(name), String(value)];
    checkField(...field);
    return field;
  });
}

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

/** A response as the connection takes it: what the encoder writes, and what the handler says about the connection. */
export interface OutgoingResponse extends EncodableResponse {
  /** Whether the handler asks for the connection to end (`Connection: close`). */
  readonly wantsClose: boolean;
  /** Whether there is an Upgrade field, which needs an option in Connection (RFC 9110, section 7.8). */
  readonly offersUpgrade: boolean;
  /** The body, where it is made while it is sent; `body` is null then. */
  readonly stream: BodyStream | undefined;
}

/**
 * Gives a response back that can be sent, with its fields as they are now. Throws a `TypeError` for one whose bytes are gone,
 * because somebody has transferred their memory to another thread since the response was made, and for one whose headers
 * were changed by a way that checks nothing, such as `Headers.prototype.append.call`.
 */
export let checkSendable: (response: WebResponse) => WebResponse;

/** Makes a response whose content type is `contentType` where `init.headers` names none. The type is not checked. */
let makeTyped: (
  body: ResponseBody,
  init: WebResponseInit | undefined,
  contentType: string,
) => WebResponse;

/** What goes out of a response. For the connection and dispatch.ts alone: handlers have `headers` and `body`. */
export let outgoing: (response: WebResponse) => OutgoingResponse;

/**
 * A response: status, headers and a body, which is in memory or made while it is sent.
 *
 * `Content-Length`, `Date` and `Connection` are the server's: what a handler sets there is dropped, except for
 * `Connection: close`, which ends the connection after the response. `Upgrade` passes, as a 426 needs it (RFC 9110, section
 * 15.5.22), and the server adds its option to `Connection`. A 204, 205 or 304 is sent without its body, and so is
 * the answer to a HEAD.
 *
 * **A streamed body**, out of a `ReadableStream` or an async iterable, goes out part by part, each when it is there (RFC 9112, section 7.1:
 * chunked; to a client of HTTP/1.0 up to the end of the connection). At most 64 KiB wait to be written before the next part is asked for. A
 * `Content-Length` that the handler sets holds here, and the body has to be of that length, whether its parts are there at once or come
 * late: another length is a panic, with a 500 as long as nothing was sent. A platform `Response` of a stream is held to it as well; one of
 * text or bytes has the length that it has. When the client goes, the source is
 * cancelled: `cancel()` of a stream, `return()` of an iterator, which a generator hears of when what it awaits has come; one that may wait
 * for long does well to look at `req.signal`. A source that fails is a panic (an `HttpError` only where it can be no answer any more); where something was sent already, its client sees that the
 * connection ends without the last chunk (which HTTP/1.0 does not have: there it cannot be told from the end). Each such response can be
 * sent once.
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
  /** The content type that is not among the fields; null where there is none, or where the fields name one. */
  #contentType: string | null;
  /** What was given beside the content type: the truth until `headers` is asked for. */
  readonly #fields: readonly Field[] | null;
  #headers: Headers | undefined;
  /** What was in `headers` when the response was found to be one that can be sent. */
  #sealed: readonly Field[] | undefined;

  /**
   * Makes a response with that body. Where `init.headers` names no content type, text is `text/plain; charset=utf-8`, and bytes
   * and streams have none.
   *
   * @throws {RangeError} when the status is not a whole number from 200 to 599
   * @throws {TypeError} when a header has a name or a value that may not be sent, with its name in the message; when the
   * body is of another type
   */
  constructor(body: ResponseBody = null, init: WebResponseInit = {}) {
    this.#status = init.status === undefined ? 200 : checkStatus(init.status);
    this.#body = checkBody(body);
    const fields = init.headers === undefined ? null : checkedFields(init.headers);
    this.#fields = fields;
    this.#contentType = typeof body === "string" && !nameContentType(fields) ? TEXT : null;
  }

  static {
    checkSendable = (response) => {
      if (response.#headers !== undefined) {
        response.#sealed = checkedFields([...fieldsIn.call(response.#headers)]);
      }
      const body = response.#body;
      if (body === null || typeof body === "string") return response;
      if (body instanceof BodyStream) {
        if (body.claim()) return response;
        throw new TypeError(
          "Cannot send a response whose stream is read by somebody else, or was sent already: make one for each request",
        );
      }
      if (!(body.buffer as ArrayBuffer).detached) return response;
      throw new TypeError(
        "Cannot send a response whose bytes were transferred to another thread: make it of a copy",
      );
    };
    outgoing = (response) => response.#outgoing();
    makeTyped = (body, init, contentType) => {
      const response = new WebResponse(body, init);
      if (!nameContentType(response.#fields)) response.#contentType = contentType;
      return response;
    };
  }

  /** The status code, 200 to 599. */
  get status(): number {
    return this.#status;
  }

  /** The body as it will be sent: text, bytes, what a streamed body comes from, or null for none. */
  get body(): string | Uint8Array | BodySource | null {
    return this.#body instanceof BodyStream ? this.#body.source : this.#body;
  }

  /**
   * The header fields, to read and to change: `setCookie(response.headers, cookie)` and the rest of `@std/http` work on
   * them. Setting a name or a value that may not be sent throws a `TypeError` with the header's name.
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
    const status = this.#status;
    let body: EncodableBody | BodyStream = this.#body;
    let stream: BodyStream | undefined;
    if (typeof body !== "string" && body instanceof BodyStream) {
      stream = body;
      body = null;
    }
    const all = this.#sealed ?? this.#headers ?? this.#fields;
    if (all === null) {
      const contentType = this.#contentType;
      return {
        status,
        contentType,
        fields: null,
        body,
        declaredLength: undefined,
        wantsClose: false,
        offersUpgrade: false,
        stream,
      };
    }
    const fields: Field[] = [];
    let declaredLength: number | undefined;
    let wantsClose = false;
    let offersUpgrade = false;
    for (const field of all) {
      const name = field[0].toLowerCase();
      if (!SERVER_FIELDS.has(name)) {
        fields.push(field);
        offersUpgrade ||= name === "upgrade";
      } else if (name === "content-length") declaredLength = parseDecimal(field[1]);
      else if (name === "connection") wantsClose ||= parseList(field[1]).includes("close");
    }
    const contentType = this.#headers === undefined ? this.#contentType : null;
    return {
      status,
      contentType,
      fields,
      body,
      declaredLength,
      wantsClose,
      offersUpgrade,
      stream,
    };
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
   * @throws {TypeError} when the value has no JSON form, such as `undefined`, a function, a `BigInt` or a cycle; and what
   * the constructor throws
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
   * Sends the client to another address, by default with 302 (RFC 9110, section 15.4). Characters outside of ASCII, and
   * spaces, are percent-encoded.
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

const CONTROL_CHARACTER = /\p{Cc}/u;

function nameContentType(fields: readonly Field[] | null): boolean {
  return fields !== null && fields.some(isContentType);
}

function isContentType([name]: Field): boolean {
  return name.length === 12 && name.toLowerCase() === "content-type";
}

/** The answer to a fault that has no words of its own: the status's phrase as text. */
export function phraseResponse(status: number, headers?: HeadersInit): WebResponse {
  return WebResponse.text(reasonPhrase(status) || `Status ${status}`, { status, headers });
}
