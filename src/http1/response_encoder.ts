// A response and its framing to bytes (RFC 9112, sections 4 and 6).
// It writes what others have decided: status, fields, body, framing, whether the connection persists. Content-Length, Connection
// and Date are the server's own, so its caller leaves out a handler's values for them. A head that has been written
// before is copied: one ready-made array of bytes for each status and content type, with the date inside, and room for the
// name of the exchange.

import { Buffer } from "node:buffer";
import { MEDIUM_BUFFER_BYTES } from "./buffer_pool.ts";
import * as framings from "./framing.ts";
import type { ResponseFraming } from "./framing.ts";
import * as grammar from "./grammar.ts";
import { MAX_JOINED_BODY_BYTES, MAX_LOOP_CHARACTERS, type Output } from "./output.ts";
import type { ConnectionOption } from "./persistence.ts";
import * as statuses from "./status.ts";

// The module's own, for the reason that is in head_parser.ts.
const { COLON, CR, LF, SP } = grammar;
const { hasContentLength } = framings;
const { reasonPhrase, statusHasBody } = statuses;

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

/** The buffer for a response with a longer body is chosen with its body in mind. */
const MAX_UNRESERVED_BYTES = MEDIUM_BUFFER_BYTES / 2;

/** How many ready-made heads are kept: a handler that makes up content types must not fill the memory. */
const MAX_TEMPLATES = 256;

/**
 * How long the names of exchanges are for which there are ready-made heads: none, our own, nginx's `$request_id`, and UUIDs. Who asks
 * chooses the length of theirs, and must not fill up all places with heads that nobody else needs.
 */
export const TEMPLATE_ID_LENGTHS: readonly number[] = [0, 18, 32, 36];

/** The name of an exchange (X-Request-Id): the first `length` bytes, which are ASCII. */
export interface RequestIdBytes {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** How a response is delivered whose body follows in parts. */
export interface StreamDelivery {
  readonly framing: ResponseFraming;
  readonly connection: ConnectionOption;
  /** The value of X-Request-Id. */
  readonly requestId?: RequestIdBytes;
  /** The value of the Trailer field, which only a chunked body has. */
  readonly trailerNames?: string;
}

/** What most heads fit. */
const USUAL_HEAD_BYTES = 512;

/** The longest that the end of a head can be: Content-Length's digits, Connection and Keep-Alive, the empty line. */
const MAX_HEAD_END_BYTES = 96;

const DATE_FIELD_START = "\r\nDate: ";
const REQUEST_ID_FIELD_START = "\r\nX-Request-Id: ";
/** IMF-fixdate has a fixed length (RFC 9110, section 5.6.7). */
const DATE_LENGTH = "Sun, 06 Nov 1994 08:49:37 GMT".length;
/** How far behind the date the name of the exchange is, where the head tells it. */
const REQUEST_ID_DISTANCE = DATE_LENGTH + REQUEST_ID_FIELD_START.length;

const encoder = new TextEncoder();

/** What a head ends with. Keep-Alive (RFC 2068, section 19.7.1.1) goes with the option of its name alone. */
function headEnds(keepAliveSeconds: number): Record<ConnectionOption, Uint8Array> {
  const keepAlive = keepAliveSeconds > 0 ? `\r\nKeep-Alive: timeout=${keepAliveSeconds}` : "";
  return {
    "": encoder.encode("\r\n\r\n"),
    "close": headEnd("close"),
    "keep-alive": headEnd("keep-alive", keepAlive),
    "upgrade": headEnd("upgrade"),
    "close, upgrade": headEnd("close, upgrade"),
    "keep-alive, upgrade": headEnd("keep-alive, upgrade", keepAlive),
  };
}

function headEnd(connection: ConnectionOption, keepAlive = ""): Uint8Array {
  return encoder.encode(`\r\nConnection: ${connection}${keepAlive}\r\n\r\n`);
}

/** `100 Continue`, the one interim response that the server sends (RFC 9110, section 15.2.1). */
export const CONTINUE_BYTES: Uint8Array = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");

/** A head up to the digits of Content-Length, and when its date was written. */
interface HeadTemplate {
  readonly status: number;
  readonly contentType: string | null;
  /** How much room there is for the name of the exchange; 0 where the head does not tell it. */
  readonly idLength: number;
  readonly bytes: Uint8Array;
  readonly dateAt: number;
  dateNumber: number;
}

/** Writes the responses of one worker. */
export class ResponseEncoder {
  /** By the length of the exchange's name, the status, and the content type. */
  readonly #templates: Map<string | null, HeadTemplate>[][] = [];
  #templateCount = 0;
  /** The template that was used last: most answers of a server are of one kind. */
  #last: HeadTemplate | undefined;
  #date: Uint8Array = new Uint8Array(DATE_LENGTH);
  /** Counts the dates, so that a template knows whether it has the newest. */
  #dateNumber = 0;

  readonly #headEnds: Readonly<Record<ConnectionOption, Uint8Array>>;

  /** `keepAliveSeconds` is how long idle connections stay open, for clients that are told; 0 where they are not. */
  constructor(date: string, keepAliveSeconds = 0) {
    this.#headEnds = headEnds(keepAliveSeconds);
    this.setDate(date);
  }

  /** The text of the Date field from now on (RFC 9110, section 6.6.1). */
  setDate(text: string): void {
    this.#date = encoder.encode(text);
    this.#dateNumber++;
  }

  /**
   * Appends a response to `output`, with a body that is too large to be joined as its `largeBody`. `requestId` is the value of
   * X-Request-Id. Returns the number of bytes that the client receives as the body.
   */
  encode(
    output: Output,
    response: EncodableResponse,
    connection: ConnectionOption,
    isHeadRequest: boolean,
    requestId?: RequestIdBytes,
  ): number {
    const { status } = response;
    const body = statusHasBody(status) && response.body !== "" ? response.body : null;
    if (body !== null && body.length > MAX_UNRESERVED_BYTES && !isHeadRequest) {
      reserveForBoth(output, body.length);
    }
    if (requestId === undefined || TEMPLATE_ID_LENGTHS.includes(requestId.length)) {
      this.#writeTemplate(output, response, requestId);
    } else {
      this.#writeHead(output, response, requestId, lengthFieldStart(status));
    }
    if (!hasContentLength(status)) return this.#endWithoutLength(output, connection);
    if (typeof body === "string") return this.#endWithText(output, body, connection, isHeadRequest);
    const length = body === null ? 0 : body.length;
    const isDeclared = isHeadRequest && length === 0 && statusHasBody(status);
    const contentLength = isDeclared ? response.declaredLength ?? 0 : length;
    this.#endHead(output, contentLength, connection);
    if (body === null || isHeadRequest) return 0;
    output.appendBody(body);
    return length;
  }

  #writeTemplate(
    output: Output,
    { status, contentType, fields }: EncodableResponse,
    requestId: RequestIdBytes | undefined,
  ): void {
    const template = this.#templateFor(status, contentType, requestId?.length ?? 0);
    const { bytes, dateAt } = template;
    if (template.dateNumber !== this.#dateNumber) {
      bytes.set(this.#date, dateAt);
      template.dateNumber = this.#dateNumber;
    }
    const at = output.length;
    output.append(bytes);
    if (requestId !== undefined) {
      output.overwrite(at + dateAt + REQUEST_ID_DISTANCE, requestId.bytes, requestId.length);
    }
    if (fields !== null) writeFields(output, fields, lengthFieldStart(status));
  }

  #templateFor(status: number, contentType: string | null, idLength: number): HeadTemplate {
    const last = this.#last;
    if (
      last?.status === status && last.contentType === contentType && last.idLength === idLength
    ) return last;
    const known = this.#templates[idLength]?.[status]?.get(contentType);
    if (known !== undefined) return this.#last = known;
    const text = headStart(status, contentType, idLength) + lengthFieldStart(status);
    const template = {
      status,
      contentType,
      idLength,
      bytes: latin1Bytes(text),
      dateAt: dateAt(status),
      dateNumber: 0,
    };
    if (this.#templateCount < MAX_TEMPLATES) {
      ((this.#templates[idLength] ??= [])[status] ??= new Map()).set(contentType, template);
      this.#templateCount++;
    }
    return template;
  }

  /** Writes the head of a response whose body follows in parts. */
  encodeStreamHead(
    output: Output,
    response: EncodableResponse,
    { framing, connection, requestId, trailerNames }: StreamDelivery,
  ): void {
    const field = framingField(framing);
    const hasTrailer = trailerNames !== undefined && framing.kind === "chunked";
    const end = hasTrailer ? `Trailer: ${trailerNames}\r\n${field}` : field;
    this.#writeHead(output, response, requestId, end);
    if (field === "") this.#endWithoutLength(output, connection);
    else output.append(this.#headEnds[connection]);
  }

  /** The general way: any fields. It writes what a template would hold, with the fields before the one that tells the length. */
  #writeHead(
    output: Output,
    { status, contentType, fields }: EncodableResponse,
    requestId: RequestIdBytes | undefined,
    lengthField: string,
  ): void {
    let text = headStart(status, contentType, requestId?.length ?? 0);
    for (const [name, value] of fields ?? []) text += `${name}: ${value}\r\n`;
    text += lengthField;
    const buffer = output.reserve(text.length);
    const at = output.length;
    writeLatin1(buffer, at, text);
    buffer.set(this.#date, at + dateAt(status));
    output.length = at + text.length;
    if (requestId !== undefined) {
      const idAt = at + dateAt(status) + REQUEST_ID_DISTANCE;
      output.overwrite(idAt, requestId.bytes, requestId.length);
    }
  }

  #endHead(output: Output, bodyLength: number, connection: ConnectionOption): void {
    const buffer = output.reserve(MAX_HEAD_END_BYTES);
    const digitsEnd = writeDecimal(buffer, output.length, bodyLength);
    if (connection === "") {
      buffer[digitsEnd] = CR;
      buffer[digitsEnd + 1] = LF;
      buffer[digitsEnd + 2] = CR;
      buffer[digitsEnd + 3] = LF;
      output.length = digitsEnd + 4;
      return;
    }
    const end = this.#headEnds[connection];
    buffer.set(end, digitsEnd);
    output.length = digitsEnd + end.length;
  }

  /** Ends a head without Content-Length: the CRLF of its last field is written already. */
  #endWithoutLength(output: Output, connection: ConnectionOption): number {
    output.append(this.#headEnds[connection].subarray(2));
    return 0;
  }

  /** A text's length in bytes is known when it is written: the length is written as if all was ASCII, and mended. */
  #endWithText(
    output: Output,
    text: string,
    connection: ConnectionOption,
    isHeadRequest: boolean,
  ): number {
    if (isHeadRequest) {
      this.#endHead(output, Buffer.byteLength(text), connection);
      return 0;
    }
    const endOfHeadAt = output.length;
    this.#endHead(output, text.length, connection);
    const bodyAt = output.length;
    const written = output.appendText(text);
    if (written === text.length) return written;
    const moreDigits = String(written).length - String(text.length).length;
    const { length } = output;
    if (moreDigits > 0) output.reserve(moreDigits).copyWithin(bodyAt + moreDigits, bodyAt, length);
    output.length = endOfHeadAt;
    this.#endHead(output, written, connection);
    output.length = length + moreDigits;
    return written;
  }
}

/** Puts fields before the field that the output ends with, which is written up to its digits. */
function writeFields(
  output: Output,
  fields: readonly (readonly [name: string, value: string])[],
  lengthField: string,
): void {
  let length = 0;
  for (const field of fields) length += field[0].length + field[1].length + 4;
  const buffer = output.reserve(length);
  let at = output.length - lengthField.length;
  for (const field of fields) {
    at = writeText(buffer, at, field[0]);
    buffer[at++] = COLON;
    buffer[at++] = SP;
    at = writeText(buffer, at, field[1]);
    buffer[at++] = CR;
    buffer[at++] = LF;
  }
  output.length = writeText(buffer, at, lengthField);
}

/** Writes a text of characters up to U+00FF. Returns where it ends. */
function writeText(buffer: Uint8Array, at: number, text: string): number {
  writeLatin1(buffer, at, text);
  return at + text.length;
}

/** Has one buffer for a head and a body that is joined with it, so that the head is not moved to a larger one. */
function reserveForBoth(output: Output, bodyLength: number): void {
  if (bodyLength <= MAX_JOINED_BODY_BYTES) output.reserveInPool(USUAL_HEAD_BYTES + bodyLength);
}

/** The field that a head ends with, up to its digits. */
function lengthFieldStart(status: number): string {
  return hasContentLength(status) ? "Content-Length: " : "";
}

/** The field that says how a streamed body is delimited; empty where none does. */
function framingField(framing: ResponseFraming): string {
  switch (framing.kind) {
    case "chunked":
      return "Transfer-Encoding: chunked";
    case "length":
      return `Content-Length: ${framing.length}`;
    case "none":
    case "until close":
      return "";
  }
}

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${reasonPhrase(status)}`;
}

/** Where in a head the date is. */
function dateAt(status: number): number {
  return statusLine(status).length + DATE_FIELD_START.length;
}

/** What heads begin with, with room for the date, and for a name of the exchange that is so long. */
function headStart(status: number, contentType: string | null, idLength: number): string {
  let text = statusLine(status) + DATE_FIELD_START + " ".repeat(DATE_LENGTH);
  if (idLength > 0) text += REQUEST_ID_FIELD_START + " ".repeat(idLength);
  text += "\r\n";
  if (contentType !== null) text += `Content-Type: ${contentType}\r\n`;
  return text;
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
