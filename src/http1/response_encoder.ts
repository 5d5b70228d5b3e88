// A response and its framing to bytes (RFC 9112, sections 4 and 6).
// It writes what others have decided: status, fields, body, whether the connection persists. Content-Length, Connection
// and Date are the server's own, so its caller leaves out a handler's values for them. A head that has been written
// before is copied: one ready-made array of bytes for each status and content type, with the date inside.

import type { BufferPool, OutputBuffer } from "./buffer_pool.ts";
import { CR, LF } from "./grammar.ts";
import type { ConnectionOption } from "./persistence.ts";
import { reasonPhrase, statusHasBody } from "./status.ts";
import type { StreamFraming } from "./stream_encoder.ts";

/** What goes into the body of an answer. */
export type EncodableBody = Uint8Array | string | null;

/** A response as the encoder sees it. */
export interface EncodableResponse {
  readonly status: number;
  /** The one field of most responses; null where it has none, or where it is among `fields`. */
  readonly contentType: string | null;
  /** All other fields, checked (grammar.ts); null where there are none. */
  readonly fields: readonly (readonly [name: string, value: string])[] | null;
  readonly body: EncodableBody;
  /** The length to tell where no body is sent for another reason than its being empty: the handler answers a HEAD itself. */
  readonly declaredLength: number | undefined;
}

/** A body that is sent behind its head. Its memory is the handler's, who may take it away; its length was told already. */
export interface LargeBody {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** A body up to this size is joined with its head, so that both go out in one write; above, the copy costs more than a write. */
export const MAX_JOINED_BODY_BYTES = 65_536;

/**
 * Answers that wait, and parts of one, are written before they are more than this: neither pipelining nor a source that gives all at once
 * can fill the memory.
 */
export const MAX_WAITING_BYTES = 65_536;

/** A short text is written faster by a loop than by a call into the platform. */
const MAX_LOOP_CHARACTERS = 48;

/** A text up to this length is encoded straight into the output, for which three bytes a character must be free. */
const MAX_IN_PLACE_CHARACTERS = 4_096;

/** How many ready-made heads are kept: a handler that makes up content types must not fill the memory. */
const MAX_TEMPLATES = 256;

/** The longest that the end of a head can be: Content-Length's digits, a Connection field, the empty line. */
const MAX_HEAD_END_BYTES = 64;

const DATE_FIELD_START = "\r\nDate: ";
/** IMF-fixdate has a fixed length (RFC 9110, section 5.6.7). */
const DATE_LENGTH = "Sun, 06 Nov 1994 08:49:37 GMT".length;

const encoder = new TextEncoder();

const HEAD_END: Record<ConnectionOption, Uint8Array> = {
  "": encoder.encode("\r\n\r\n"),
  "close": encoder.encode("\r\nConnection: close\r\n\r\n"),
  "keep-alive": encoder.encode("\r\nConnection: keep-alive\r\n\r\n"),
};

/** What stands before the name of the exchange, behind a field that has no CRLF yet, and behind one that has. */
const REQUEST_ID_START = encoder.encode("\r\nX-Request-Id: ");
const REQUEST_ID_START_ALONE = REQUEST_ID_START.subarray(2);

/** `100 Continue`, the one interim response that the server sends (RFC 9110, section 15.2.1). */
export const CONTINUE_BYTES: Uint8Array = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");

/** Answers on their way to the client of one connection: what they have come to so far, for one write. */
export class Output {
  readonly #pool: BufferPool;
  #buffer: OutputBuffer | undefined;
  /** How many bytes wait. */
  length = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** The buffer, with at least that many bytes free behind `length`. */
  reserve(bytes: number): Uint8Array<ArrayBuffer> {
    const current = this.#buffer;
    const needed = this.length + bytes;
    if (current !== undefined && needed <= current.bytes.length) return current.bytes;
    return this.#replaceBuffer(needed);
  }

  #replaceBuffer(neededBytes: number): Uint8Array<ArrayBuffer> {
    const old = this.#buffer;
    const fresh = this.#pool.takeForOutput(neededBytes);
    if (old !== undefined) {
      fresh.bytes.set(old.beginning(this.length));
      this.#pool.giveFromOutput(old);
    }
    this.#buffer = fresh;
    return fresh.bytes;
  }

  /** Adds bytes as they are. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The bytes that wait; they are the buffer's own until `clear`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer?.beginning(this.length) ?? NO_BYTES;
  }

  /** Forgets what has been written. A write that is still under way must be over: the memory goes to somebody else. */
  clear(): void {
    this.length = 0;
    if (this.#buffer !== undefined) this.#pool.giveFromOutput(this.#buffer);
    this.#buffer = undefined;
  }
}

const NO_BYTES = new Uint8Array(0);

/** A head up to the digits of Content-Length, and when its date was written. */
interface HeadTemplate {
  readonly status: number;
  readonly contentType: string | null;
  readonly bytes: Uint8Array;
  readonly dateAt: number;
  dateNumber: number;
}

/** Writes the responses of one worker. */
export class ResponseEncoder {
  readonly #templates: Map<string | null, HeadTemplate>[] = [];
  #templateCount = 0;
  /** The template that was used last: most answers of a server are of one kind. */
  #last: HeadTemplate | undefined;
  #date: Uint8Array = new Uint8Array(DATE_LENGTH);
  /** Counts the dates, so that a template knows whether it has the newest. */
  #dateNumber = 0;

  /** What the response that is being encoded says in X-Request-Id. */
  #requestId = "";

  /** How many bytes of body the response that was encoded last has; for the log. */
  bodyBytes = 0;

  constructor(date: string) {
    this.setDate(date);
  }

  /** The text of the Date field from now on (RFC 9110, section 6.6.1). */
  setDate(text: string): void {
    this.#date = encoder.encode(text);
    this.#dateNumber++;
  }

  /**
   * Writes a response behind what is in `output`. `requestId` is the value of X-Request-Id, empty for none. Returns a body that
   * is too large to be joined: it has to be sent behind the output before anything else is.
   */
  encode(
    output: Output,
    response: EncodableResponse,
    connection: ConnectionOption,
    isHeadRequest: boolean,
    requestId = "",
  ): LargeBody | undefined {
    const { status } = response;
    this.bodyBytes = 0;
    this.#requestId = requestId;
    let body = statusHasBody(status) && response.body !== "" ? response.body : null;
    if (typeof body === "string" && body.length > MAX_IN_PLACE_CHARACTERS) {
      body = encoder.encode(body);
    }
    if (response.fields === null) this.#writeTemplate(output, status, response.contentType);
    else this.#writeHead(output, response, statusHasBody(status) ? "Content-Length: " : "");
    if (!statusHasBody(status)) return this.#endWithoutLength(output, status, connection);
    if (typeof body === "string") return this.#endWithText(output, body, connection, isHeadRequest);
    const length = body === null ? 0 : body.length;
    const declared = isHeadRequest && length === 0 ? response.declaredLength ?? 0 : length;
    this.#endHead(output, declared, connection);
    if (body === null || isHeadRequest) return undefined;
    this.bodyBytes = length;
    if (length > MAX_JOINED_BODY_BYTES) return { bytes: body, length };
    output.append(body);
    return undefined;
  }

  #writeTemplate(output: Output, status: number, contentType: string | null): void {
    const template = this.#templateFor(status, contentType);
    if (template.dateNumber !== this.#dateNumber) {
      template.bytes.set(this.#date, template.dateAt);
      template.dateNumber = this.#dateNumber;
    }
    output.append(template.bytes);
  }

  #templateFor(status: number, contentType: string | null): HeadTemplate {
    const last = this.#last;
    if (last?.status === status && last.contentType === contentType) return last;
    const known = this.#templates[status]?.get(contentType);
    if (known !== undefined) return this.#last = known;
    const beforeDate = statusLine(status) + DATE_FIELD_START;
    const text = beforeDate + " ".repeat(DATE_LENGTH) + "\r\n" +
      (contentType === null ? "" : `Content-Type: ${contentType}\r\n`) +
      (statusHasBody(status) ? "Content-Length: " : "");
    const template = {
      status,
      contentType,
      bytes: latin1Bytes(text),
      dateAt: beforeDate.length,
      dateNumber: 0,
    };
    if (this.#templateCount < MAX_TEMPLATES) {
      (this.#templates[status] ??= new Map()).set(contentType, template);
      this.#templateCount++;
    }
    return template;
  }

  /** Writes the head of a response whose body follows in parts. */
  encodeStreamHead(
    output: Output,
    response: EncodableResponse,
    connection: ConnectionOption,
    framing: StreamFraming,
    requestId = "",
  ): void {
    this.bodyBytes = 0;
    this.#requestId = requestId;
    this.#writeHead(output, response, framingField(framing));
    this.#endHeadBehindField(output, connection, framing.kind !== "until close");
  }

  /** The general way: any fields. It writes what a template would hold, with the fields before the one that tells the length. */
  #writeHead(
    output: Output,
    { status, contentType, fields }: EncodableResponse,
    lengthField: string,
  ): void {
    const beforeDate = statusLine(status) + DATE_FIELD_START;
    let text = beforeDate + " ".repeat(DATE_LENGTH) + "\r\n";
    if (contentType !== null) text += `Content-Type: ${contentType}\r\n`;
    for (const [name, value] of fields ?? []) text += `${name}: ${value}\r\n`;
    text += lengthField;
    const buffer = output.reserve(text.length);
    writeLatin1(buffer, output.length, text);
    buffer.set(this.#date, output.length + beforeDate.length);
    output.length += text.length;
  }

  #endHead(output: Output, bodyLength: number, connection: ConnectionOption): void {
    const buffer = output.reserve(MAX_HEAD_END_BYTES);
    const digitsEnd = writeDecimal(buffer, output.length, bodyLength);
    if (this.#requestId !== "") {
      output.length = digitsEnd;
      return this.#endHeadBehindField(output, connection, true);
    }
    if (connection === "") {
      buffer[digitsEnd] = CR;
      buffer[digitsEnd + 1] = LF;
      buffer[digitsEnd + 2] = CR;
      buffer[digitsEnd + 3] = LF;
      output.length = digitsEnd + 4;
      return;
    }
    const end = HEAD_END[connection];
    buffer.set(end, digitsEnd);
    output.length = digitsEnd + end.length;
  }

  /** The general way to end a head: behind a field that has no CRLF yet, or else behind one that has. */
  #endHeadBehindField(output: Output, connection: ConnectionOption, isFieldOpen: boolean): void {
    const requestId = this.#requestId;
    const end = HEAD_END[connection];
    if (requestId === "") return output.append(isFieldOpen ? end : end.subarray(2));
    output.append(isFieldOpen ? REQUEST_ID_START : REQUEST_ID_START_ALONE);
    writeLatin1(output.reserve(requestId.length), output.length, requestId);
    output.length += requestId.length;
    output.append(end);
  }

  /** 204 and 304 end with the last field's CRLF already there; 205 says that it is empty (RFC 9110, section 15.3.6). */
  #endWithoutLength(output: Output, status: number, connection: ConnectionOption): undefined {
    if (status === 205) output.append(RESET_CONTENT_LENGTH);
    this.#endHeadBehindField(output, connection, false);
    return undefined;
  }

  /** A text's length in bytes is known when it has been written: the length is written as if all was ASCII, and mended. */
  #endWithText(
    output: Output,
    text: string,
    connection: ConnectionOption,
    isHeadRequest: boolean,
  ): undefined {
    const headStart = output.length;
    output.reserve(MAX_HEAD_END_BYTES + text.length * 3);
    this.#endHead(output, text.length, connection);
    const bodyStart = output.length;
    // A length in more digits moves the body; the digits have had their room only in a head's end without a request's id.
    const buffer = output.reserve(MAX_HEAD_END_BYTES + text.length * 3);
    const written = writeUtf8(buffer, bodyStart, text);
    if (written !== text.length) {
      const moreDigits = String(written).length - String(text.length).length;
      buffer.copyWithin(bodyStart + moreDigits, bodyStart, bodyStart + written);
      output.length = headStart;
      this.#endHead(output, written, connection);
    }
    if (isHeadRequest) return undefined;
    output.length += written;
    this.bodyBytes = written;
    return undefined;
  }
}

const RESET_CONTENT_LENGTH = encoder.encode("Content-Length: 0\r\n");

/** The field that says how a streamed body is delimited; empty where the end of the connection does. */
function framingField(framing: StreamFraming): string {
  switch (framing.kind) {
    case "chunked":
      return "Transfer-Encoding: chunked";
    case "length":
      return `Content-Length: ${framing.length}`;
    case "until close":
      return "";
  }
}

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${reasonPhrase(status)}`;
}

function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeLatin1(bytes, 0, text);
  return bytes;
}

/**
 * Writes a text of characters up to U+00FF, a byte each. The platform is fast at UTF-8, which is the same as long as all of it is ASCII,
 * and at nothing else: its `latin1Write` takes ten times as long.
 */
function writeLatin1(buffer: Uint8Array, at: number, text: string): void {
  const { length } = text;
  if (length > MAX_LOOP_CHARACTERS) {
    const { read, written } = encoder.encodeInto(text, buffer.subarray(at, at + length));
    if (read === length && written === length) return;
  }
  for (let i = 0; i < length; i++) buffer[at + i] = text.charCodeAt(i);
}

function writeDecimal(buffer: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const quotient = Math.floor(rest / 10);
    buffer[i] = 0x30 + (rest - quotient * 10);
    rest = quotient;
  }
  return at + digits;
}

/** Writes a text as UTF-8 and returns how many bytes that took. There must be room for three bytes a character. */
function writeUtf8(buffer: Uint8Array, at: number, text: string): number {
  const { length } = text;
  if (length <= MAX_LOOP_CHARACTERS) {
    let i = 0;
    while (i < length) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) break;
      buffer[at + i] = code;
      i++;
    }
    if (i === length) return length;
  }
  return encoder.encodeInto(text, buffer.subarray(at, at + length * 3)).written;
}
