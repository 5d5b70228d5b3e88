// One request and its response, between this server and the objects of `node:http`. The objects are the
// runtime's own, so that frameworks may do with them what they do elsewhere. Their methods reach this
// exchange where they would reach a socket (see response_methods.ts and request_methods.ts).

import { Buffer } from "node:buffer";
import type { Field } from "../../handler/checked_headers.ts";
import { noteBodyFault } from "../../handler/body_faults.ts";
import { BodyStream } from "../../handler/body_stream.ts";
import { HttpError } from "../../handler/errors.ts";
import { OutgoingResponse } from "../../handler/outgoing_response.ts";
import { completionOf, connectionOf, watchClient, type WebRequest } from "../../handler/request.ts";
import { logToStandardError } from "../../telemetry/log.ts";
import { type ClientSocket, HIGH_WATER_MARK } from "./client_socket.ts";
import { readInformational } from "./informational.ts";
import { nextTick } from "./next_tick.ts";
import { abortedError } from "./node_errors.ts";
import type {
  Encoding,
  MessageExchange,
  NodeHeaders,
  NodeRequest,
  NodeResponse,
  OwnFields,
  WriteCallback,
} from "./node_types.ts";
import { RequestBodyReader } from "./request_body.ts";
import { readResponseHead, readTrailers, type ResponseHead } from "./response_head.ts";
import { ResponseParts } from "./response_parts.ts";
import { SocketIoHint } from "./socket_io_hint.ts";

const socketIoHint = new SocketIoHint(logToStandardError);

/** The objects of `node:http` for one request. */
export interface NodeMessages {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly socket: ClientSocket;
}

/** An exchange with a listener of `node:http`. */
export class NodeExchange implements MessageExchange {
  readonly #request: WebRequest;
  readonly #messages: NodeMessages;
  readonly #body: RequestBodyReader;
  #head: ResponseHead | undefined;
  /** The body, as long as it is one piece. */
  #whole: Uint8Array | string | null = null;
  /** Called when that piece is sent. */
  #wholeCallback: WriteCallback | undefined;
  /** Its parts, if it is more than that, or has begun before its end. */
  #parts: ResponseParts | undefined;
  #stream: BodyStream | undefined;
  #response: OutgoingResponse | undefined;
  /** Takes the response; undefined while the listener is called. */
  #waiting: PromiseWithResolvers<OutgoingResponse> | undefined;
  /** Called when all of the response is sent. */
  #callbacks: WriteCallback[] | undefined;
  #isBeginPlanned = false;
  #isOver = false;
  /** Whether the response is sent, also one to a HEAD that the program has not ended. */
  #isSent = false;
  /** Whether the event of the end is left to this exchange. */
  #emitsFinish = false;
  /** Whether the client has gone, or its body has failed. */
  #hasFailed = false;

  constructor(request: WebRequest, messages: NodeMessages) {
    this.#request = request;
    this.#messages = messages;
    this.#body = new RequestBodyReader(request, messages.request, (error) => this.#failBody(error));
  }

  /** The response, when the listener has been called: now, or as soon as the program begins it. */
  outcome(): OutgoingResponse | Promise<OutgoingResponse> {
    if (this.#response !== undefined) return this.#response;
    watchClient(this.#request, { abort: () => this.#abort() });
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  takeUncaught(error: unknown): boolean {
    if (this.#response !== undefined || this.#waiting === undefined) return false;
    this.#isOver = true;
    this.#waiting.reject(error);
    return true;
  }

  readBody(): void {
    this.#messages.socket.noteActivity();
    this.#body.read();
  }

  cutOffRequest(error: Error | undefined): void {
    this.#body.cancel();
    // The program has done that by itself, so the client gets nothing more.
    if (!this.#hasFailed) this.#messages.socket.destroy(error);
  }

  storeHead(firstLine: string, headers: NodeHeaders, own: OwnFields | undefined): void {
    const { response } = this.#messages;
    this.#head = readResponseHead(response, headers, own);
    // From here on, the runtime takes the head for sent.
    response._header = `${firstLine}\r\n`;
  }

  sendInformational(text: string): void {
    const { status, bytes } = readInformational(text);
    if (this.#response !== undefined) return;
    // The connection sends that one by itself, when the body is asked for.
    if (status === 100) this.#messages.request.read(0);
    else connectionOf(this.#request)?.sendInformational(bytes);
  }

  send(
    data: Uint8Array | string,
    encoding: Encoding,
    callback: WriteCallback | undefined,
  ): boolean {
    this.#messages.socket.noteActivity();
    if (data.length === 0) {
      if (callback !== undefined) this.#callAfterNothing(callback, encoding);
      return true;
    }
    const piece = decoded(data, encoding);
    if (this.#parts === undefined && this.#whole === null) {
      this.#whole = piece;
      this.#wholeCallback = callback;
      return piece.length < HIGH_WATER_MARK;
    }
    const parts = this.#openParts();
    parts.add(piece, byteLength(piece), callback);
    return this.#noteWaiting(parts);
  }

  /** The runtime ends a response with an empty piece in Latin-1. Any other one is sent at once. */
  #callAfterNothing(callback: WriteCallback, encoding: string | null | undefined): void {
    if (encoding === "latin1") (this.#callbacks ??= []).push(callback);
    else nextTick(callback);
  }

  #noteWaiting(parts: ResponseParts): boolean {
    this.#messages.response.outputSize = parts.waitingBytes;
    return parts.waitingBytes < HIGH_WATER_MARK;
  }

  #openParts(): ResponseParts {
    if (this.#parts !== undefined) return this.#parts;
    const parts = new ResponseParts(() => this.#onTaken());
    const whole = this.#whole;
    this.#whole = null;
    if (whole !== null) parts.add(whole, byteLength(whole), this.#wholeCallback);
    this.#wholeCallback = undefined;
    return this.#parts = parts;
  }

  #onTaken(): void {
    this.#messages.socket.noteActivity();
    const parts = this.#openParts();
    this.#noteWaiting(parts);
    if (parts.waitingBytes === 0) this.#messages.response._flush();
  }

  planToBegin(): void {
    if (this.#isBeginPlanned || this.#response !== undefined) return;
    this.#isBeginPlanned = true;
    queueMicrotask(() => {
      if (this.#response === undefined) this.#begin(this.#openParts());
    });
  }

  end(text: string): void {
    const { response } = this.#messages;
    response._implicitHeader();
    if (response._hasBody) this.#whole = text;
    response.finished = true;
    this.#emitsFinish = true;
    this.finish();
  }

  finish(): void {
    const { response } = this.#messages;
    const head = this.#head;
    if (this.#isOver || head === undefined) return;
    this.#isOver = true;
    response.emit("prefinish");
    if (this.#parts === undefined && !head.isChunked && !hasUnknownLength(response)) {
      const fields = fieldsOf(head, response);
      return this.#settle(new OutgoingResponse(head.status, null, fields, this.#whole));
    }
    const parts = this.#openParts();
    if (this.#response === undefined) this.#begin(parts);
    if (this.#stream !== undefined) this.#stream.trailers = readTrailers(response._trailer);
    parts.end();
    if (this.#isSent) nextTick(() => this.#close());
  }

  #begin(parts: ResponseParts): void {
    const head = this.#head;
    if (head === undefined) return;
    const fields = fieldsOf(head, this.#messages.response);
    const stream = new BodyStream(parts);
    stream.trailerNames = head.trailerNames;
    this.#stream = stream;
    this.#settle(new OutgoingResponse(head.status, null, fields, stream));
  }

  #settle(response: OutgoingResponse): void {
    if (response.status === 400) socketIoHint.look(response);
    this.#response = response;
    completionOf(this.#request).then(() => this.#onSent(), () => this.#abort());
    this.#waiting?.resolve(response);
  }

  /** All of the response is sent. A body that the client does not get, as with HEAD, may go on. */
  #onSent(): void {
    this.#isSent = true;
    if (this.#isOver) this.#close();
  }

  #close(): void {
    const { request, response, socket } = this.#messages;
    response.outputSize = 0;
    this.#wholeCallback?.();
    if (this.#callbacks !== undefined) { for (const callback of this.#callbacks) callback(); }
    if (this.#emitsFinish && !response.destroyed) response.emit("finish");
    socket.end(response);
    discardRest(request);
    response.destroyed = true;
    response._closed = true;
    response.emit("close");
  }

  /** The body of the request does not come to its end: the client is gone, or at fault. */
  #failBody(error: unknown): void {
    const { request } = this.#messages;
    this.#hasFailed = true;
    request.destroy(this.#abortedBy(error));
    // The client gets what the engine answers to such a body.
    this.takeUncaught(error);
  }

  /** Makes the error of a request that has ended early. If the program does not handle it, that is no panic. */
  #abortedBy(cause?: unknown): Error {
    const error = abortedError(cause);
    const answer = cause instanceof HttpError ? cause : new HttpError(400, "The client has gone");
    noteBodyFault(error, { of: this.#request, answer });
    return error;
  }

  /** The client has gone, or gets another response. */
  #abort(): void {
    const { request, response, socket } = this.#messages;
    if (response._closed) return;
    response._closed = true;
    this.#hasFailed = true;
    this.#body.cancel();
    this.#isOver = true;
    socket.noteGone();
    if (!request.destroyed) request.destroy(this.#abortedBy());
    response.destroyed = true;
    response.emit("close");
    this.#response ??= new OutgoingResponse(503, null, CLOSING, null);
    this.#waiting?.resolve(this.#response);
  }
}

const CLOSING: readonly Field[] = [["connection", "close"]];

/** Adds what concerns the connection, and the length of a body that a HEAD does not get. */
function fieldsOf(
  { fields }: ResponseHead,
  { req, shouldKeepAlive, _contentLength: length }: NodeResponse,
): Iterable<Field> {
  const isLengthAdded = req.method === "HEAD" && length !== null && length > 0;
  if (!isLengthAdded && shouldKeepAlive) return fields;
  return [
    ...fields,
    ...isLengthAdded ? [["content-length", String(length)] as const] : [],
    ...shouldKeepAlive ? [] : CLOSING,
  ];
}

/** Whether a response to a HEAD does not name the length that a GET would have. */
function hasUnknownLength(response: NodeResponse): boolean {
  return response.req.method === "HEAD" && !response._contentLength;
}

/**
 * Ends a request whose body the program has not read, as Node does after the response. Without a
 * listener it makes no difference, and costs nothing.
 */
function discardRest(request: NodeRequest): void {
  if (request._consuming) return;
  if (request._eventsCount > 0) request._dump();
  else {
    request._dumped = true;
    request.complete = true;
  }
}

/** Returns text as it is, if it is to be sent as UTF-8, and otherwise as the bytes that it stands for. */
function decoded(data: Uint8Array | string, encoding: Encoding): Uint8Array | string {
  if (typeof data !== "string" || encoding === null || encoding === undefined) return data;
  if (encoding === "utf8" || encoding === "utf-8") return data;
  return Buffer.from(data, encoding as BufferEncoding);
}

function byteLength(piece: Uint8Array | string): number {
  return typeof piece === "string" ? Buffer.byteLength(piece) : piece.length;
}
