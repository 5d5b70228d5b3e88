// What a handler sees of a request. It is a view: the head is text that stays, the body is memory that is used again when
// the answer is complete, and everything beyond the head is made when it is first asked for.

import type { AddressRanges } from "../net/address_ranges.ts";
import { noteBodyFault, notJson, unknownContentCoding } from "./body_faults.ts";
import {
  canDecodeAtOnce,
  type ContentCoding,
  decodeAtOnce,
  type Decoded,
  prepareDecoding,
  readContentCoding,
} from "./content_coding.ts";
import { conflictError, type Origin, originOf, type Peer } from "./client_origin.ts";
import { HttpError, lateReadError, refusalError } from "./errors.ts";
import { parseFormEncoding, readForm } from "./form.ts";
import type { LogReason } from "../http1/log_reason.ts";
import type { Refusal } from "../http1/refusal.ts";
import { IncomingBody } from "./incoming_body.ts";
import { RequestBody } from "../http1/request_body.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { idOfNumber, isSaneId, requestIdFrom, WrittenId } from "../telemetry/request_id.ts";
import { createAbortController } from "../runtime/async_context.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import { addFields } from "./lazy_headers.ts";
import { createPlatformRequest } from "./platform_request.ts";
import type { UncaughtOwner } from "./uncaught_owner.ts";
import { originOfHead, originOfHost } from "./request_url.ts";
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from "./web_socket_options.ts";

/** The names of the parameters of a path, as a union of types: each segment that begins with ":" is one. */
export type ParameterNames<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? ParameterNames<Segment> | ParameterNames<Rest>
  : Path extends `:${infer Name}` ? Name
  : never;

/**
 * The parameters of a path as an object type: `PathParams<"/users/:id/posts/:postId">` is
 * `{ id: string; postId: string }`. A path that is only known as a `string` may have any.
 *
 * @example The type that `req.params` has
 * ```ts
 * import type { PathParams } from "@mudpie/server";
 *
 * const params: PathParams<"/users/:id"> = { id: "7" };
 * console.log(params.id);
 * ```
 */
export type PathParams<Path extends string> = string extends Path ? Record<string, string>
  : `/${string}` extends Path ? Record<string, string>
  : { [Name in ParameterNames<Path>]: string };

/** Which pattern has matched, as far as a request has to know. */
export interface MatchedRoute {
  /** Which one it is of those that were added, from 0. */
  readonly index: number;
  /** How many segments the pattern has. */
  readonly depth: number;
  /** The names of its parameters, and which segment (from 0) each one is. */
  readonly parameters: readonly { readonly name: string; readonly segment: number }[];
  /** Whether it matches this path alone. */
  readonly isExact: boolean;
  /** Whether its handlers read the body as a stream, and in no other way. */
  readonly streamsBody: boolean;
}

/** Takes the work of requests that goes on after their responses. */
export interface BackgroundWork {
  /** Observes `work`, a promise or any other value, from now on. It may be added at any time, also after the response. */
  add(work: unknown, request: WebRequest): void;
  /**
   * Observes the end of a body's source that was cut off: its `cancel`, or the `finally` of its
   * generator. `ending` does not reject.
   */
  addEnding(ending: Promise<void>, request: WebRequest): void;
}

/** Upgrades requests to WebSockets. */
export interface WebSocketHost {
  /**
   * Prepares the WebSocket of a request. `defaultOrigins` are the pages that may open it if no option
   * names others.
   *
   * @throws {HttpError} when the request does not ask for a WebSocket as it has to, or may not have it
   */
  upgrade(
    request: WebRequest,
    options: UpgradeWebSocketOptions,
    defaultOrigins: "any" | "same",
  ): WebSocketUpgrade;
}

/** How the exchange that a request belongs to is watched, for `signal`, and what outlives it. */
export interface ExchangeWatch {
  /** What takes the background work of the request. */
  readonly background: BackgroundWork;
  /** What upgrades the request to a WebSocket; undefined if it came without a connection. */
  readonly webSockets: WebSocketHost | undefined;
  /** Called when a handler asks for `signal` first: from now on the client's going should be noticed. */
  readonly onSignalWanted: (controller: Abortable) => void;
  /** Called when a handler wants to know when its answer has been sent. It rejects with `notSent()` when it cannot be. */
  readonly onCompletionWanted: () => Promise<void>;
  /**
   * Called when a handler prepares an upgrade of the connection. It is cancelled when it can no longer
   * begin: the request has another response, or none. It may be cancelled more than once.
   */
  readonly onUpgradePrepared: (upgrade: Cancellable) => void;
  /** Called with the reason for which the request gets an error response, or only a part of its response. */
  readonly noteReason: (reason: LogReason) => void;
  /**
   * Returns the response to what a handler has thrown, as a handler returns one; undefined if it is
   * no response. The type of responses would make a ring of imports.
   */
  readonly answerTo: (error: unknown, request: WebRequest) => unknown;
  /** The connection that the request has come over; undefined if there is none. */
  readonly connection: ClientConnection | undefined;
  /** Called when the program's own framework has matched a route, such as "/users/:id". */
  noteRoute(pattern: string): void;
}

/** A connection, as far as a program that sees connections may act on it. */
export interface ClientConnection {
  /** What stands for the connection in the program; undefined until the program sees it. */
  companion: ConnectionCompanion | undefined;
  /** Closes the connection at once: its client gets nothing more. */
  hangUp(): void;
  /** Sends an informational response, as it is, if the response to the present request has not begun. */
  sendInformational(bytes: Uint8Array): void;
}

/** What stands for a connection in a program. It takes uncaught errors for the present request. */
export interface ConnectionCompanion extends UncaughtOwner {
  /**
   * The name of the route that the program's own framework has matched to the present request; null
   * if it has matched none, and undefined if that is not known. It may be read until the next
   * request, and costs something.
   */
  readonly route: string | null | undefined;
  /** Called once, when the connection is closed. */
  onClosed(): void;
}

/** What is aborted when the client goes. */
export interface Abortable {
  abort(reason: DOMException): void;
}

/** What a handler has prepared in case that its response needs it. */
export interface Cancellable {
  cancel(): void;
}

/** The id that was written last. */
const WRITTEN_ID = new WrittenId();

const NO_ROUTE: MatchedRoute = {
  index: -1,
  depth: 0,
  parameters: [],
  isExact: true,
  streamsBody: false,
};

/** Says which route a request has matched. For dispatch.ts alone: handlers have nothing to set. */
export let setRoute: (request: WebRequest, route: MatchedRoute) => void;
/** Returns the exchange of a request; undefined where nobody watches, and once the exchange is over. */
export let watchOf: (request: WebRequest) => ExchangeWatch | undefined;
/** The index of the route that a request has matched; undefined where there is none. */
export let routeIndexOf: (request: WebRequest) => number | undefined;
/**
 * Notes the route that the program's own framework has matched, such as "/users/:id", for traces and
 * metrics. It has no effect once the exchange is over.
 */
export let noteRoute: (request: WebRequest, pattern: string) => void;
/** Returns the head of a request. */
export let headOf: (request: WebRequest) => RequestHead;
/** Ends what a request shares with its connection: the body's memory is used again from here on. */
export let releaseRequest: (request: WebRequest) => void;
/** Whether `error` is what a handler throws when it stops because its `signal` has aborted: the abort's own reason, or of its kind. */
export let isAbort: (request: WebRequest, error: unknown) => boolean;
/** What a request is called, as far as somebody has asked for its `id`, or its own name was written down; else empty. */
export let idInUse: (request: WebRequest) => string;
/** Returns the id of a request as bytes, which have to be copied before another id is written. A request without an id gets one. */
export let writeId: (request: WebRequest) => WrittenId;
/** Returns the response to what the handler of a request has thrown; undefined if that is no response. */
export let answerToThrown: (request: WebRequest, error: unknown) => unknown;
/** Has the log give a reason for the response to a request. */
export let noteReason: (request: WebRequest, reason: LogReason) => void;
/** Whether a request has a coded body that cannot be decoded in the moment in which a handler asks for it. */
export let needsDecodingAhead: (request: WebRequest) => boolean;
/**
 * Decodes such a body, or loads what can do so later. A fault of the body comes out when the body is
 * read; it rejects only when a decoder cannot be loaded.
 */
export let decodeAhead: (request: WebRequest) => Promise<void>;
/** Prepares the WebSocket of a request. Throws as {@linkcode WebRequest.upgradeWebSocket} does. */
export let upgradeByHost: (
  request: WebRequest,
  options: UpgradeWebSocketOptions,
  defaultOrigins: "any" | "same",
) => WebSocketUpgrade;
/** When the answer to a request has been sent. Where nobody watches any more, it is taken to have been. */
export let completionOf: (request: WebRequest) => Promise<void>;
/** Has an upgrade cancelled when it can no longer begin. */
export let watchUpgrade: (request: WebRequest, upgrade: Cancellable) => void;
/** Has `watcher` aborted when the client goes, or the server gives up. For a request without a `signal`. */
export let watchClient: (request: WebRequest, watcher: Abortable) => void;
/** Returns the connection of a request until its response is sent; undefined if there is none. */
export let connectionOf: (request: WebRequest) => ClientConnection | undefined;
/** Returns the bytes of a body for their reader to keep, or what reads it while it comes; undefined if there is none to read. */
export let takeBody: (request: WebRequest) => Uint8Array<ArrayBuffer> | IncomingBody | undefined;
/** Has a body that its handler reads while it comes fail, unless it is over. */
export let failBody: (request: WebRequest, refusal: Refusal) => void;
/** The error with which such a body has failed; undefined if it has not. */
export let bodyFailureOf: (request: WebRequest) => HttpError | undefined;
/** Makes a request of what a parser has found. */
export let createRequest: (
  head: RequestHead,
  body: RequestBody,
  peer: Peer,
  watch: ExchangeWatch | undefined,
) => WebRequest;

/** Makes a request whose body has not come whole. */
export function createIncomingRequest(
  head: RequestHead,
  incoming: IncomingBody,
  peer: Peer,
  watch: ExchangeWatch | undefined,
): WebRequest {
  const request = createRequest(head, RequestBody.comingBy(incoming), peer, watch);
  incoming.belongTo(request);
  return request;
}

/**
 * A request, as a handler gets it.
 *
 * Everything beyond the head is lazy: what a handler does not read costs nothing. The head (`method`, `target`, `path`,
 * `params`, `rest`, `query`, `headers`, `remoteAddr`, `clientAddr`, `scheme`, `host`) stays readable after the response, for
 * instance in a log that is written later. The body does not: what was not read by then throws.
 *
 * The type parameter is the path of the route, from which `params` has its type. The server makes the requests; to test a
 * handler, give a `Request` to `WebServer.fetch`.
 *
 * @example Read a parameter, a query value and a header
 * ```ts
 * import { WebResponse, WebServer } from "@mudpie/server";
 *
 * const server = new WebServer();
 * server.addPath("/users/:id", (req) =>
 *   WebResponse.json({
 *     id: req.params.id,
 *     page: req.query.get("page"),
 *     agent: req.header("user-agent"),
 *   }));
 *
 * const response = await server.fetch(new Request("http://localhost/users/7?page=2"));
 * console.log(await response.json()); // { id: "7", page: "2", agent: null }
 * ```
 */
export class WebRequest<Path extends string = string> {
  readonly #head: RequestHead;
  #body: RequestBody;
  readonly #peer: Peer;
  /** Undefined where nobody watches, and once the exchange is over. */
  #watch: ExchangeWatch | undefined;
  /** Kept for longer than the exchange. */
  readonly #background: BackgroundWork | undefined;
  #route: MatchedRoute = NO_ROUTE;
  #params: PathParams<Path> | undefined;
  #origin: Origin | undefined;
  #query: URLSearchParams | undefined;
  #headers: Headers | undefined;
  #text: string | undefined;
  /** Empty until somebody asks for it, or the name that the request has brought along is written down. */
  #id = "";
  /** The number of a new name that was written down before anybody asked; 0 where there is none. */
  #idNumber = 0;
  #controller: AbortController | undefined;
  /** Undefined until it is looked at. */
  #coding: ContentCoding | "identity" | "unknown" | undefined;
  /** What has come of decoding the body; undefined before. */
  #decoded: Decoded | undefined;

  private constructor(
    head: RequestHead,
    body: RequestBody,
    peer: Peer,
    watch: ExchangeWatch | undefined,
  ) {
    this.#head = head;
    this.#body = body;
    this.#peer = peer;
    this.#watch = watch;
    this.#background = watch?.background;
  }

  static {
    createRequest = (head, body, peer, watch) => new WebRequest(head, body, peer, watch);
    setRoute = (request, route) => {
      request.#route = route;
    };
    routeIndexOf = (request) => request.#route === NO_ROUTE ? undefined : request.#route.index;
    watchOf = (request) => request.#watch;
    noteRoute = (request, pattern) => request.#watch?.noteRoute(pattern);
    headOf = (request) => request.#head;
    idInUse = (request) => request.#id === "" && request.#idNumber === 0 ? "" : request.id;
    writeId = (request) => {
      if (request.#id === "" && request.#idNumber === 0) {
        const given = request.#head.header("x-request-id");
        if (given === null || !isSaneId(given)) {
          request.#idNumber = WRITTEN_ID.writeNew();
          return WRITTEN_ID;
        }
        request.#id = given;
      }
      WRITTEN_ID.write(request.id);
      return WRITTEN_ID;
    };
    isAbort = (request, error) => {
      const signal = request.#controller?.signal;
      if (signal === undefined || !signal.aborted) return false;
      return error === signal.reason || isAbortError(error);
    };
    needsDecodingAhead = (request) => {
      // Most requests have no body, and these are told apart first.
      if (request.#body.length === 0) return false;
      const coding = request.#contentCoding();
      return coding !== "identity" && coding !== "unknown" &&
        !canDecodeAtOnce(coding, request.#body.length, request.#maxDecodedBytes);
    };
    decodeAhead = async (request) => {
      const coding = request.#contentCoding() as ContentCoding;
      request.#decoded = await prepareDecoding(request.body, coding, request.#maxDecodedBytes);
    };
    watchClient = (request, watcher) => request.#watch?.onSignalWanted(watcher);
    connectionOf = (request) => request.#watch?.connection;
    takeBody = (request) => {
      if (request.#body === RequestBody.EMPTY) return undefined;
      return request.#incoming ?? request.#body.give();
    };
    failBody = (request, refusal) => void request.#incoming?.fail(refusal);
    bodyFailureOf = (request) => request.#incoming?.failure;
    upgradeByHost = (request, options, defaultOrigins) => {
      const watch = request.#watch;
      if (watch === undefined) throw lateUpgradeError(request);
      if (watch.webSockets !== undefined) {
        return watch.webSockets.upgrade(request, options, defaultOrigins);
      }
      throw new HttpError(501, "A WebSocket needs a connection: this request came through fetch()");
    };
    answerToThrown = (request, error) => request.#watch?.answerTo(error, request);
    noteReason = (request, reason) => request.#watch?.noteReason(reason);
    completionOf = (request) => request.#watch?.onCompletionWanted() ?? Promise.resolve();
    watchUpgrade = (request, upgrade) => {
      if (request.#watch === undefined) upgrade.cancel();
      else request.#watch.onUpgradePrepared(upgrade);
    };
    const releaseIncoming = (request: WebRequest) => {
      request.#incoming?.release(() => lateReadError(request));
    };
    releaseRequest = (request) => {
      request.#body.release();
      // In a function of its own: the closure in it would cost each request an allocation.
      if (request.#body.streamed !== undefined) releaseIncoming(request);
      // The connection goes on to another request: it must not take this one's signal for the other's.
      request.#watch = undefined;
    };
  }

  /** The method, such as `GET`; case-sensitive (RFC 9110, section 9.1). */
  get method(): string {
    return this.#head.method;
  }

  /** The request target exactly as the client sent it (RFC 9112, section 3.2). */
  get target(): string {
    return this.#head.target;
  }

  /**
   * The path, percent-decoded, its dot segments resolved. Decoding is lossy: what is not UTF-8 becomes U+FFFD. An encoded
   * slash stays `%2F`, so that splitting the path, or joining it to the name of a folder, never makes a segment that was
   * not there.
   */
  get path(): string {
    return this.#head.path;
  }

  /** The path's parameters, percent-decoded in full (an encoded slash is a slash here); typed by the route's path. */
  get params(): PathParams<Path> {
    if (this.#params === undefined) {
      // Without a prototype a parameter may have any name, "__proto__" included.
      const params: Record<string, string> = Object.create(null);
      for (const { name, segment } of this.#route.parameters) {
        params[name] = this.#head.segment(segment);
      }
      this.#params = params as PathParams<Path>;
    }
    return this.#params;
  }

  /**
   * What follows the matched prefix in {@linkcode path}: for the prefix `/files` and the path `/files/a/b` it is `/a/b`.
   * Empty where nothing follows, and on an exact path.
   */
  get rest(): string {
    if (this.#route.isExact) return "";
    const path = this.#head.path;
    let at = 0;
    for (let i = 0; i < this.#route.depth; i++) {
      at = path.indexOf("/", at + 1);
      if (at < 0) return "";
    }
    return path.slice(at);
  }

  /** The query of the target, parsed as the URL standard does (`application/x-www-form-urlencoded`). */
  get query(): URLSearchParams {
    return this.#query ??= this.#head.parseQuery();
  }

  /**
   * The header fields as the platform's own `Headers`: `getCookies(req.headers)` and the rest of `@std/http` work as they
   * are. To read one field, {@linkcode header} is cheaper.
   */
  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new (platformClass("Headers"))();
      addFields(this.#headers, this.#head);
    }
    return this.#headers;
  }

  /** The value of one header field, its name in whatever case; null where the request has none. Several lines are joined with ", ". */
  header(name: string): string | null {
    return this.#head.header(name);
  }

  /**
   * The body's bytes as they were sent, in the content coding that `Content-Encoding` names; empty where there is none. They are the
   * handler's to keep.
   *
   * @throws {TypeError} when it is first asked for after the response was sent, and where the body is read as a {@linkcode stream}
   */
  get body(): Uint8Array<ArrayBuffer> {
    this.#checkInMemory("body");
    return this.#body.take() ?? this.#refuseLateRead();
  }

  /**
   * The body as a byte stream of what was sent, in the content coding that `Content-Encoding` names; the same stream each time. If the
   * path was added with `streamBody: true`, the handler is called before the body has come: the stream reads from the client
   * what its reader asks for, and has no part of more than 65,536 bytes. Otherwise it has the bytes of {@linkcode body}.
   *
   * If the body cannot be read to its end, the stream fails with an `HttpError`: 400 if the client has gone or has sent a malformed
   * body, 408 if it is too slow (`bodyTimeout`), 413 if the body is larger than `maxStreamedBodyBytes`. That is the answer
   * if the handler does not catch it. A reader that begins after the response fails with a `TypeError`.
   *
   * @throws {TypeError} when the body is in memory, and is first asked for after the response was sent
   *
   * @example Store an upload of any size in a file
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.addPath("/uploads", {
   *   PUT: async (req) => {
   *     const path = await Deno.makeTempFile();
   *     const file = await Deno.open(path, { write: true });
   *     await req.stream.pipeTo(file.writable);
   *     return WebResponse.text(path, { status: 201 });
   *   },
   * }, { streamBody: true });
   *
   * const upload = new Request("http://localhost/uploads", { method: "PUT", body: "abc" });
   * const path = await (await server.fetch(upload)).text();
   * console.log(await Deno.readTextFile(path)); // abc
   * await Deno.remove(path);
   * ```
   */
  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const incoming = this.#incoming;
    if (incoming !== undefined) return incoming.stream;
    // The empty body is that of many requests, which must not share a stream.
    if (this.#body === RequestBody.EMPTY) {
      this.#body = RequestBody.own(new Uint8Array(0), 0, undefined);
    }
    const body = this.#body;
    body.streamed ??= streamOf(body.give() ?? this.#refuseLateRead());
    return body.streamed as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  /** The body if it has not come whole. */
  get #incoming(): IncomingBody | undefined {
    const { streamed } = this.#body;
    return streamed instanceof IncomingBody ? streamed : undefined;
  }

  /** Throws if the body is read as a stream: then there may be no more of it in memory than a part. */
  #checkInMemory(reader: string): void {
    if (this.#incoming === undefined && !this.#route.streamsBody) return;
    throw new TypeError(
      `Cannot read the body of ${this.method} ${JSON.stringify(this.target)} with ${reader}: ` +
        "its path was added with streamBody: true, so read the body from req.stream",
    );
  }

  /**
   * The body as UTF-8 text, lossy, without a byte order mark. A body that `Content-Encoding` says is gzip, deflate or br is decoded, unless
   * the server's option `decodeRequestBodies` is false.
   *
   * @throws {HttpError} 415 with `Accept-Encoding` for another content coding or several ones (RFC 9110, section 15.5.16), 400 when the
   * coded data is damaged or cut off, 413 when it decodes to more than `maxBodyBytes`
   * @throws {TypeError} when it is first asked for after the response was sent, and where the body is read as a {@linkcode stream}
   */
  text(): string {
    this.#checkInMemory("text()");
    return this.#text ??= this.#readText();
  }

  /**
   * The body, decoded as {@linkcode text} does it, parsed as JSON. `T` is what the caller takes it to be; nothing is checked against it. The content type is not
   * looked at, as `Request.json()` does not either.
   *
   * @throws {HttpError} 400 when the body is not JSON, and what {@linkcode text} throws; it answers by itself when the handler does not catch it
   * @throws {TypeError} when the body is first asked for after the response was sent, and where it is read as a {@linkcode stream}
   *
   * @example Echo a JSON body
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.addPath("/echo", { POST: (req) => WebResponse.json(req.json<{ name: string }>()) });
   *
   * const bad = await server.fetch(new Request("http://localhost/echo", { method: "POST", body: "{" }));
   * console.log(bad.status); // 400
   * ```
   */
  json<T = unknown>(): T {
    this.#checkInMemory("json()");
    const text = this.text();
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw this.#blameClient(notJson(cause));
    }
  }

  /**
   * Reads the body, decoded as {@linkcode text} does it, as a form: `application/x-www-form-urlencoded` or `multipart/form-data`.
   *
   * Names, file names and values are what the user has entered, as browsers encode it: UTF-8, and in names `%22`, `%0D` and `%0A`
   * for a quote, CR and LF (WHATWG HTML, "multipart form data"; RFC 7578). A part with a file name is a `File`; a file input in
   * which the user has chosen nothing is a `File` with an empty name. A file name is the client's word: it can hold
   * slashes and control characters, so no path should be made of it.
   *
   * A multipart form may have at most 1,000 parts, and each at most 16,384 bytes of header fields; an urlencoded one at most
   * 10,000 fields.
   *
   * @throws {HttpError} 415 when the content type is neither, 400 when the body is malformed or cut off, 413 when it has
   * more or larger parts than that, and what {@linkcode text} throws; all answer by themselves when the handler does not catch them
   * @throws {TypeError} when the body is first asked for after the response was sent, and where it is read as a {@linkcode stream}
   *
   * @example Read an upload
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.addPath("/photos", {
   *   POST: async (req) => {
   *     const form = await req.formData();
   *     const photo = form.get("photo");
   *     return WebResponse.text(photo instanceof File ? `${photo.name}: ${photo.size} bytes` : "no photo");
   *   },
   * });
   *
   * const body = new FormData();
   * body.append("photo", new File(["abc"], 'a;"b".png'));
   * const response = await server.fetch(new Request("http://localhost/photos", { method: "POST", body }));
   * console.log(await response.text()); // a;"b".png: 3 bytes
   * ```
   */
  formData(): Promise<FormData> {
    return Promise.try(() => {
      this.#checkInMemory("formData()");
      const encoding = parseFormEncoding(this.header("content-type") ?? "");
      if (encoding.kind === "refused") throw this.#refuseBody(encoding);
      const reading = readForm(encoding, this.#decodedBody() ?? this.body);
      if (reading.kind === "refused") throw this.#refuseBody(reading);
      return reading.form;
    });
  }

  /**
   * What the request is called in logs: its `X-Request-Id` where that is made of at most 128 letters, digits and `_ . + = : @ / -`,
   * or else a name that no other request has. Where it is asked for, or requests are logged, the response has the same `X-Request-Id`,
   * unless the handler sets one itself.
   */
  get id(): string {
    if (this.#id === "") {
      this.#id = this.#idNumber > 0
        ? idOfNumber(this.#idNumber)
        : requestIdFrom(this.#head.header("x-request-id"));
    }
    return this.#id;
  }

  /**
   * The address of the peer: behind a front end, the front end's, whatever that says; {@linkcode clientAddr} is the client's. A request
   * that came through `WebServer.fetch` has the address that its caller gave, or else 127.0.0.1 and port 0.
   */
  get remoteAddr(): Deno.NetAddr {
    return this.#peer.addr;
  }

  /**
   * The address of the client: the one that the front ends tell of whom the server's option `trustProxy` names, or else the peer's
   * own, {@linkcode remoteAddr}. The port is 0 where they do not tell it. Nothing that a client sends can make it another
   * client's, unless the front end passes it on for its own word.
   *
   * @throws {HttpError} 400 when `Forwarded` and `X-Forwarded-*` name different clients, of which one may be forged, and the option
   * `forwardedBy` does not say which kind the front end writes; it answers by itself when the handler does not catch it
   *
   * @example Count the requests of each client behind nginx
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * const server = new WebServer({ trustProxy: "loopback" });
   * server.addPath("/", (req) => WebResponse.text(req.clientAddr.hostname));
   *
   * const request = new Request("http://localhost/", { headers: { "x-forwarded-for": "192.0.2.7" } });
   * const nginx = { transport: "tcp", hostname: "127.0.0.1", port: 40_000 } as const;
   * const response = await server.fetch(request, { remoteAddr: nginx });
   * console.log(await response.text()); // 192.0.2.7
   * ```
   */
  get clientAddr(): Deno.NetAddr {
    const { addr, trust } = this.#peer;
    return trust === undefined ? addr : this.#agreedOrigin(trust).clientAddr;
  }

  /**
   * The scheme with which the client has asked: what a front end says whom `trustProxy` names, or else that of the connection itself,
   * which is `http`, and in a request that came through `WebServer.fetch` that of its URL.
   *
   * @throws {HttpError} 400 when {@linkcode clientAddr} does
   */
  get scheme(): "http" | "https" {
    const { scheme, trust } = this.#peer;
    return trust === undefined ? scheme : this.#agreedOrigin(trust).scheme;
  }

  /**
   * The host for which the client has asked, with the port where it named one: what a front end says whom `trustProxy` names, or else
   * the Host field; `localhost` where an HTTP/1.0 request has none. It is a valid host; but clients can ask for any, so a link
   * that others will follow should not be made of it unless the front end, or the handler, takes known hosts only.
   *
   * @throws {HttpError} 400 when {@linkcode clientAddr} does
   */
  get host(): string {
    const { trust } = this.#peer;
    const told = trust === undefined ? undefined : this.#agreedOrigin(trust).host;
    return told ?? this.#head.host ?? "localhost";
  }

  /** Worked out when it is first asked for. */
  #originAmong(trust: AddressRanges): Origin {
    return this.#origin ??= originOf(this.#head, this.#peer, trust);
  }

  /** The same for those that need a certain client: it throws in a conflict. */
  #agreedOrigin(trust: AddressRanges): Origin {
    const origin = this.#originAmong(trust);
    if (origin.conflict !== undefined) throw conflictError(origin.conflict);
    return origin;
  }

  /**
   * Aborts when the client goes (which includes ending its side of the connection) or the server gives up on the request:
   * `handlerTimeout`, or a shutdown's `drainTimeout`. A handler that passes it on to `fetch` and the like stops working
   * for nobody, and that what they throw then comes out of the handler is no panic. It costs nothing until it is first asked for, and what went before that is not seen.
   */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = createAbortController();
      this.#watch?.onSignalWanted(this.#controller);
    }
    return this.#controller.signal;
  }

  /**
   * Has the worker wait for work that goes on after the response, such as a mail or an error report. A worker that ends (shutdown,
   * reload, recycling, panic) waits for it within `drainTimeout`, and for at least 1 s after its last connection; what has not
   * finished by then is cut off and logged. A promise that rejects is logged with this request, and is no panic.
   *
   * It may be called at any time, also after the response was sent or the client has gone. A value that is not a promise is
   * accepted, as `ExtendableEvent.waitUntil` of the Service Workers specification does. In a request that came through
   * `WebServer.fetch` on a thread that is no worker, the promise is observed in the same way, but nothing waits for it.
   *
   * @example Send a mail after the response
   * ```ts
   * import { WebResponse, WebServer } from "@mudpie/server";
   *
   * async function sendMail(_to: string): Promise<void> {}
   *
   * const server = new WebServer();
   * server.addExactPath("/orders", {
   *   POST: (req) => {
   *     req.waitUntil(sendMail("shop@example.com"));
   *     return WebResponse.empty(202);
   *   },
   * });
   * ```
   */
  waitUntil(promise: PromiseLike<unknown>): void {
    this.#background?.add(promise, this as unknown as WebRequest);
  }

  /**
   * Upgrades the request to a WebSocket (RFC 6455). The handler returns the response, and the
   * WebSocket opens when that is sent. The callbacks of the WebSocket run in the worker of the
   * request. A callback that throws costs its own WebSocket, which closes with 1011.
   *
   * Only pages of the server's own origin may open it, unless `allowedOrigins` names others: another
   * page would act for the user who visits it, with that user's cookies.
   *
   * @throws {HttpError} when the request is no WebSocket handshake (400, 405 or 426, with the header
   * fields that the client needs), when a page of another origin has sent it (403), when the client
   * does not offer the protocol (400), when there are `maxWebSockets` (503), and 501 if the request
   * came through `WebServer.fetch`; it answers by itself when the handler does not catch it
   * @throws {TypeError} when the request was answered or upgraded already, or an option is wrong
   *
   * @example Send each message back
   * ```ts
   * import { WebServer } from "@mudpie/server";
   *
   * const server = new WebServer();
   * server.addPath("/echo", (req) => {
   *   const { socket, response } = req.upgradeWebSocket();
   *   socket.onmessage = ({ data }) => socket.send(data);
   *   return response;
   * });
   *
   * const response = await server.fetch(new Request("http://localhost/echo"));
   * console.log(response.status); // 501
   * ```
   */
  upgradeWebSocket(options: UpgradeWebSocketOptions = {}): WebSocketUpgrade {
    return upgradeByHost(this as unknown as WebRequest, options, "same");
  }

  /**
   * The same request as the platform's `Request`, for code that is written for it: what fetch-style applications get. The URL is put
   * together of {@linkcode scheme}, {@linkcode host} and the target. Where {@linkcode clientAddr} throws, no field of the front end is
   * believed: the scheme is the connection's, and the host that of the Host field. Its `signal` is this request's, and what is made
   * of it (`request.clone()`, `new Request(request)`, `fetch(request)`) aborts with it. Its headers cannot be changed, as under
   * `Deno.serve`. It also has this request's {@linkcode waitUntil}, where frameworks such as h3 look for it.
   *
   * It answers out of the memory of this request as far as it can, and makes a whole `Request` when something needs one. Its body can be
   * read once, and has to be read, or passed on, before the response is sent.
   *
   * @throws {HttpError} 400 when the host makes no URL; 501 when the platform's `Request` has no such method (TRACE, TRACK)
   */
  toRequest(): Request {
    const head = this.#head;
    if (isForbiddenMethod(head.method)) {
      throw new HttpError(501, `The method ${head.method} is not served here`);
    }
    const { scheme, trust } = this.#peer;
    const told = trust === undefined ? undefined : this.#originAmong(trust);
    const origin = told?.host === undefined
      ? originOfHead(told?.scheme ?? scheme, head)
      : originOfHost(told.scheme, told.host);
    if (origin === undefined) {
      throw new HttpError(400, "The host and the target of the request do not make a URL");
    }
    return createPlatformRequest({
      head,
      body: this.#body,
      incoming: this.#incoming,
      origin,
      headers: this.#headers && new (platformClass("Headers"))(this.#headers),
      source: this,
    });
  }

  /** Notes that the client is at fault: where nothing handles the error, that costs no worker, wherever it comes out. */
  #blameClient(error: HttpError): HttpError {
    noteBodyFault(error, { of: this, answer: error });
    return error;
  }

  #refuseBody({ status, reason }: Pick<Refusal, "status" | "reason">): HttpError {
    return this.#blameClient(refusalError({ status, reason, logReason: "bad_body" }));
  }

  #readText(): string {
    const decoded = this.#decodedBody();
    if (decoded !== undefined) return UTF_8.decode(decoded);
    return this.#body.decode() ?? this.#refuseLateRead();
  }

  #contentCoding(): ContentCoding | "identity" | "unknown" {
    // An empty body is coded in no way, whatever its head says.
    if (this.#body.length === 0 || this.#peer.maxDecodedBytes === undefined) return "identity";
    return this.#coding ??= readContentCoding(this.#head.header("content-encoding"));
  }

  get #maxDecodedBytes(): number {
    return this.#peer.maxDecodedBytes ?? 0;
  }

  /** The body with its content coding undone; undefined where it has none. */
  #decodedBody(): Uint8Array<ArrayBuffer> | undefined {
    const coding = this.#contentCoding();
    if (coding === "identity") return undefined;
    const decoded = this.#decoded ??= coding === "unknown"
      ? unknownContentCoding()
      : decodeAtOnce(this.body, coding, this.#maxDecodedBytes);
    if (decoded instanceof HttpError) throw this.#blameClient(decoded);
    return decoded;
  }

  #refuseLateRead(): never {
    throw lateReadError(this);
  }
}

function lateUpgradeError({ method, target }: WebRequest): TypeError {
  return new TypeError(
    `Cannot upgrade ${method} ${JSON.stringify(target)} to a WebSocket: ` +
      "it was answered already; upgrade it before the handler returns",
  );
}

/** Makes a byte stream of bytes, which are the stream's from then on. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  }) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A handler may throw anything, even a proxy that throws when it is looked at. */
function isAbortError(error: unknown): boolean {
  try {
    return error instanceof DOMException && error.name === "AbortError";
  } catch {
    return false;
  }
}

/** As the platform decodes a body: lossy, and without a byte order mark. */
const UTF_8 = new TextDecoder();

/** The methods that the platform's Request does not have (WHATWG Fetch, "new Request"), in any case. */
const FORBIDDEN_METHOD = /^(?:CONNECT|TRACE|TRACK)$/i;

function isForbiddenMethod(method: string): boolean {
  return method !== "GET" && method !== "POST" && FORBIDDEN_METHOD.test(method);
}
