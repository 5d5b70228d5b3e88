// The parts of `node:http` that this folder uses, as the runtime has them. The public types lack the
// members that begin with an underscore, which frameworks use as well, and which stay as they are.

import type { EventEmitter } from "node:events";
import type { UncaughtOwner } from "../../handler/uncaught_owner.ts";

/** The exchange of a request or a response that this server has made. All others have none. */
export const EXCHANGE: unique symbol = Symbol("mudpie exchange");

/** What the methods of a request and of its response reach in place of a socket. */
export interface MessageExchange extends UncaughtOwner {
  /** Reads more of the body of the request. */
  readBody(): void;
  /** Notes that the request is destroyed before its end. */
  cutOffRequest(error: Error | undefined): void;
  /** Takes the head of the response. `own` are the fields that `setHeader` has set. */
  storeHead(firstLine: string, headers: NodeHeaders, own: OwnFields | undefined): void;
  /**
   * Takes a piece of the body of the response. Returns whether there is room for more. An empty one
   * carries the callback of the end.
   */
  send(
    data: Uint8Array | string,
    encoding: Encoding,
    callback: WriteCallback | undefined,
  ): boolean;
  /** Sends an informational response, as text. */
  sendInformational(text: string): void;
  /** Begins the response soon, unless the program ends it in this turn: then its length is known. */
  planToBegin(): void;
  /** Takes all of the body at once, and the end of the response. Nothing was written before. */
  end(text: string): void;
  /** Takes the end of the response. */
  finish(): void;
}

/** Fields as `setHeader` keeps them: by their names in lower case. */
export type OwnFields = Readonly<Record<string, readonly [name: string, value: unknown]>>;

/** What a program passes as header fields: an object, pairs, or names and values in turn. */
export type NodeHeaders = object | readonly unknown[] | null | undefined;

/** How text stands for bytes; UTF-8 if it is not named. */
export type Encoding = string | null | undefined;

/** Called when what was written has been sent, or cannot be. */
export type WriteCallback = (error?: Error | null) => void;

/** A request, as its listener sees it: an `http.IncomingMessage`. */
export interface NodeRequest extends EventEmitter {
  [EXCHANGE]: MessageExchange | undefined;
  httpVersionMajor: number;
  httpVersionMinor: number;
  httpVersion: string;
  method: string;
  url: string;
  complete: boolean;
  aborted: boolean;
  upgrade: boolean;
  joinDuplicateHeaders: boolean;
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  readonly rawHeaders: string[];
  readonly headers: Record<string, string | string[] | undefined>;
  /** How many events have listeners. */
  readonly _eventsCount: number;
  /** Whether a listener has asked for the body. */
  _consuming: boolean;
  _dumped: boolean;
  readonly _readableState: { readingMore: boolean };
  push(chunk: Uint8Array | null): boolean;
  read(size: number): unknown;
  destroy(error?: Error): this;
  resume(): this;
  /** Takes the fields of the head, or of the trailers if the message is complete. */
  _addHeaderLines(lines: string[], count: number): void;
  _dump(): void;
}

/** A response, as its listener sees it: an `http.ServerResponse`. */
export interface NodeResponse extends EventEmitter {
  [EXCHANGE]: MessageExchange | undefined;
  statusCode: number;
  statusMessage: string | undefined;
  readonly req: NodeRequest;
  readonly headersSent: boolean;
  socket: object | null;
  finished: boolean;
  destroyed: boolean;
  shouldKeepAlive: boolean;
  chunkedEncoding: boolean;
  outputSize: number;
  _header: string | null;
  _headerSent: boolean;
  _contentLength: number | null;
  _hasBody: boolean;
  _closed: boolean;
  readonly strictContentLength: boolean;
  _trailer: string;
  _implicitHeader(): void;
  _flush(): void;
  getRawHeaderNames(): string[];
  getHeader(name: string): unknown;
}

/** An `http.Server`. */
export interface NodeServer extends EventEmitter {
  _handle: unknown;
  readonly listening: boolean;
  timeout: number;
  keepAliveTimeout: number;
  headersTimeout: number;
  requestTimeout: number;
  maxHeadersCount: number | null;
  maxHeaderSize: number | undefined;
  maxRequestsPerSocket: number;
  readonly joinDuplicateHeaders: boolean | undefined;
}

/** A class of `node:http`, which can be called with `new`. */
export type NodeClass<Arguments extends unknown[], Instance> =
  & (new (...args: Arguments) => Instance)
  & { readonly prototype: Instance };

/** The module `node:http`. */
export interface NodeHttp {
  readonly Server: NodeClass<[], NodeServer>;
  readonly IncomingMessage: NodeClass<[object], NodeRequest>;
  readonly ServerResponse: NodeClass<[NodeRequest], NodeResponse>;
  readonly OutgoingMessage: { readonly prototype: object };
  readonly _connectionListener: (socket: object) => void;
}
