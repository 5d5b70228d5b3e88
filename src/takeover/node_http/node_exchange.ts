// One request and its response, between this server and the objects of `node:http`. The objects are the
// runtime's own, so that frameworks may do with them what they do elsewhere. Their methods reach this
// exchange where they would reach a socket (see response_methods.ts and request_methods.ts).

import { Buffer } from "node:buffer";
import type { Field } from "../../handler/checked_headers.ts";
import { BodyStream } from "../../handler/body_stream.ts";
import { OutgoingResponse } from "../../handler/outgoing_response.ts";
import { completionOf, watchClient, type WebRequest } from "../../handler/request.ts";
import { type ClientSocket, HIGH_WATER_MARK } from "./client_socket.ts";
import { abortedError } from "./node_errors.ts";
import type {
  MessageExchange,
  NodeHeaders,
  NodeRequest,
  NodeResponse,
  OwnFields,
  WriteCallback,
} from "./node_types.ts";
import { RequestBodyReader } from "./request_body.ts";
import { readResponseHead, type ResponseHead } from "./response_head.ts";
import { ResponseParts } from "./response_parts.ts";

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
  /** Its parts, if it is more than that, or has begun before its end. */
  #parts: ResponseParts | undefined;
  #response: OutgoingResponse | undefined;
  /** Resolves with the response; undefined while the listener is called. */
  #waiting: PromiseWithResolvers<OutgoingResponse> | undefined;
  /** Called when all of the response is sent. */
  #callbacks: WriteCallback[] | undefined;
  #isBeginPlanned = false;
  #isOver = false;

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

  /** Whether the listener has ended its response. */
  get hasEnded(): boolean {
    return this.#messages.response.finished;
  }

  readBody(): void {
    this.#body.read();
  }

  destroyRequest(error: Error | undefined): void {
    const { request, socket } = this.#messages;
    this.#body.cancel();
    if (!request.complete && !socket.destroyed) socket.destroy(error);
  }

  storeHead(firstLine: string, headers: NodeHeaders, own: OwnFields | undefined): void {
    const { response } = this.#messages;
    this.#head = readResponseHead(response, headers, own);
    // From here on, the runtime takes the head for sent.
    response._header = `${firstLine}\r\n`;
  }

  send(
    data: Uint8Array | string,
    encoding: string | null | undefined,
    callback: WriteCallback | undefined,
  ): boolean {
    const piece = typeof data === "string" && !isUtf8(encoding)
      ? Buffer.from(data, encoding as BufferEncoding)
      : data;
    if (piece.length === 0) {
      if (callback !== undefined) this.#whenSent(callback);
      return true;
    }
    if (this.#parts === undefined && this.#whole === null) {
      this.#whole = piece;
      if (callback !== undefined) this.#whenSent(callback);
      return piece.length < HIGH_WATER_MARK;
    }
    const parts = this.#openParts();
    parts.add(piece, byteLength(piece), callback);
    return this.#noteWaiting(parts);
  }

  #whenSent(callback: WriteCallback): void {
    (this.#callbacks ??= []).push(callback);
  }

  #noteWaiting(parts: ResponseParts): boolean {
    this.#messages.response.outputSize = parts.waitingBytes;
    return parts.waitingBytes < HIGH_WATER_MARK;
  }

  #openParts(): ResponseParts {
    if (this.#parts !== undefined) return this.#parts;
    const parts = new ResponseParts(() => this.#onTaken(), () => this.#abort());
    const whole = this.#whole;
    this.#whole = null;
    if (whole !== null) parts.add(whole, byteLength(whole), undefined);
    return this.#parts = parts;
  }

  #onTaken(): void {
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

  finish(): void {
    const { response } = this.#messages;
    const head = this.#head;
    if (this.#isOver || head === undefined) return;
    this.#isOver = true;
    response.emit("prefinish");
    const parts = this.#parts;
    if (parts !== undefined || head.isChunked || hasUnknownLength(response)) {
      const body = this.#openParts();
      body.end();
      if (this.#response === undefined) this.#begin(body);
      return;
    }
    response.outputSize = this.#whole?.length ?? 0;
    this.#settle(new OutgoingResponse(head.status, null, fieldsOf(head, response), this.#whole));
  }

  #begin(parts: ResponseParts): void {
    const head = this.#head;
    if (head === undefined) return;
    const { response } = this.#messages;
    const stream = new BodyStream(parts);
    this.#settle(new OutgoingResponse(head.status, null, fieldsOf(head, response), stream));
  }

  #settle(response: OutgoingResponse): void {
    this.#response = response;
    completionOf(this.#request).then(() => this.#onSent(), () => this.#abort());
    this.#waiting?.resolve(response);
  }

  /** All of the response is sent. */
  #onSent(): void {
    const { request, response, socket } = this.#messages;
    response.outputSize = 0;
    for (const callback of this.#callbacks ?? []) callback();
    if (socket._httpMessage === response) socket._httpMessage = null;
    discardRest(request);
    response.destroyed = true;
    response._closed = true;
    response.emit("close");
  }

  /** The body of the request does not come to its end: the client is gone, or at fault. */
  #failBody(error: unknown): void {
    const { request } = this.#messages;
    request.aborted = true;
    request.destroy(Object.assign(abortedError(), { cause: error }));
    // The client gets what the engine answers to such a body.
    if (this.#response !== undefined || this.#waiting === undefined) return;
    this.#isOver = true;
    this.#waiting.reject(error);
  }

  /** The client has gone, or gets another response. */
  #abort(): void {
    const { request, response, socket } = this.#messages;
    if (response._closed) return;
    response._closed = true;
    this.#body.cancel();
    this.#isOver = true;
    socket.noteClosed();
    if (!request.destroyed) request.destroy(abortedError());
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
  if (request.eventNames().length > 0) request._dump();
  else {
    request._dumped = true;
    request.complete = true;
  }
}

function isUtf8(encoding: string | null | undefined): boolean {
  return encoding === null || encoding === undefined || encoding === "utf8" || encoding === "utf-8";
}

function byteLength(piece: Uint8Array | string): number {
  return typeof piece === "string" ? Buffer.byteLength(piece) : piece.length;
}
