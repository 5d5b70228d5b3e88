// The handler of a server of `node:http`: makes the objects of each request, and calls the listeners.

import { Buffer } from "node:buffer";
import type { ConnectionHooks, RefusalAnswer } from "../../handler/connection_hooks.ts";
import type { Handler } from "../../handler/handler.ts";
import { OutgoingResponse } from "../../handler/outgoing_response.ts";
import {
  type ClientConnection,
  connectionOf,
  headOf,
  type WebRequest,
} from "../../handler/request.ts";
import { expectationOf } from "../../http1/expectation.ts";
import { parseList } from "../../http1/grammar.ts";
import type { Refusal } from "../../http1/refusal.ts";
import { type RequestHead, Seen } from "../../http1/request_head.ts";
import { logToStandardError } from "../../telemetry/log.ts";
import { clientErrorOf } from "./client_error.ts";
import { ClientSocket } from "./client_socket.ts";
import { noteFastifyRoutes } from "./framework_route.ts";
import { nextTick } from "./next_tick.ts";
import { NodeExchange } from "./node_exchange.ts";
import {
  EXCHANGE,
  type NodeHttp,
  type NodeRequest,
  type NodeResponse,
  type NodeServer,
} from "./node_types.ts";
import type { OpenSockets } from "./open_sockets.ts";
import { RefusedSocket } from "./refused_socket.ts";
import { replaceRequestMethods } from "./request_methods.ts";
import { replaceResponseMethods } from "./response_methods.ts";
import { UpgradedSocket } from "./upgraded_socket.ts";

const UNUSABLE_ANSWER =
  "A listener to clientError has written something other than one whole response, so its client has " +
  "received that of this server: write a status line, fields, an empty line and the body, and end the socket";

const WITH_BODY = Seen.ContentLength | Seen.TransferEncoding;

/** Replaces the methods of requests and responses that would reach a socket. */
export function replaceMessageMethods(http: NodeHttp): void {
  replaceResponseMethods(http);
  replaceRequestMethods(http);
}

/** Makes what calls the listeners of a server. */
export function createNodeListeners(
  http: NodeHttp,
  server: NodeServer,
  sockets: OpenSockets,
): { readonly handler: Handler; readonly hooks: ConnectionHooks } {
  const listeners = new NodeListeners(http, server, sockets);
  // The dispatcher takes a response that is ready to be sent from handlers of this library.
  const handler = ((request: WebRequest) => listeners.call(request)) as unknown as Handler;
  return { handler, hooks: listeners };
}

/** The classes of requests and responses. */
type MessageClasses = Pick<NodeHttp, "IncomingMessage" | "ServerResponse">;

/** Returns the class that a program has passed to `createServer`; otherwise that of `node:http`. */
function classOf<Name extends keyof MessageClasses>(
  server: NodeServer,
  name: Name,
  http: MessageClasses,
): MessageClasses[Name] {
  const key = Object.getOwnPropertySymbols(server).find(({ description }) => description === name);
  const own: unknown = key === undefined ? undefined : Reflect.get(server, key);
  return typeof own === "function" ? own as MessageClasses[Name] : http[name];
}

/** The listeners of one server. */
class NodeListeners implements ConnectionHooks {
  readonly #http: NodeHttp;
  readonly #server: NodeServer;
  readonly #sockets: OpenSockets;
  readonly #classes: MessageClasses;
  #isUnusableNoted = false;
  readonly #onGone = (socket: ClientSocket): void => this.#sockets.delete(socket);

  constructor(http: NodeHttp, server: NodeServer, sockets: OpenSockets) {
    this.#http = http;
    this.#server = server;
    this.#sockets = sockets;
    this.#classes = {
      IncomingMessage: classOf(server, "IncomingMessage", http),
      ServerResponse: classOf(server, "ServerResponse", http),
    };
  }

  /** Calls the listeners with a request. Throws what they throw. */
  call(request: WebRequest): OutgoingResponse | Promise<OutgoingResponse> {
    const { IncomingMessage, ServerResponse } = this.#classes;
    const socket = this.#socketOf(connectionOf(request), request.remoteAddr);
    const head = headOf(request);
    if (this.#isUpgrade(head) && connectionOf(request) !== undefined) {
      return this.#upgrade(head, socket);
    }
    const nodeRequest = new IncomingMessage(socket);
    fillRequest(nodeRequest, head);
    const response = new ServerResponse(nodeRequest);
    response.socket = socket;
    // Whether the connection persists, this server decides.
    response.shouldKeepAlive = !socket.begin(response);
    const exchange = new NodeExchange(request, { request: nodeRequest, response, socket });
    nodeRequest[EXCHANGE] = exchange;
    response[EXCHANGE] = exchange;
    this.#emit(head, nodeRequest, response);
    return exchange.outcome();
  }

  /**
   * Whether a request is for the listeners to `upgrade`. Without one it is a request like any other, as
   * it is with a body: the other protocol would read that.
   */
  #isUpgrade(head: RequestHead): boolean {
    const { seen } = head;
    return (seen & Seen.Connection) !== 0 && (seen & WITH_BODY) === 0 &&
      this.#server.listenerCount("upgrade") > 0 && head.header("upgrade") !== null &&
      parseList(head.header("connection") ?? "").includes("upgrade");
  }

  /** Hands the connection over to the program, which writes the response by itself. */
  #upgrade(head: RequestHead, client: ClientSocket): OutgoingResponse {
    const socket = new UpgradedSocket(client);
    const request = new this.#classes.IncomingMessage(socket);
    fillRequest(request, head);
    request.upgrade = true;
    request.complete = true;
    request.push(null);
    // As in Node, `closeAllConnections` does not concern it.
    this.#sockets.delete(client);
    try {
      this.#server.emit("upgrade", request, socket, Buffer.alloc(0));
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return new OutgoingResponse(101, null, null, null, socket);
  }

  readonly takesExpectations = (): boolean => this.#server.listenerCount("checkExpectation") > 0;

  nameRoutes(): void {
    noteFastifyRoutes();
  }

  answerRefusal(
    refusal: Refusal,
    connection: ClientConnection,
    remoteAddr: Deno.NetAddr,
  ): Promise<RefusalAnswer> | undefined {
    if (this.#server.listenerCount("clientError") === 0) return undefined;
    const error = clientErrorOf(refusal);
    if (error === undefined) return undefined;
    const client = this.#socketOf(connection, remoteAddr);
    const socket = new RefusedSocket(client);
    client.refused = socket;
    nextTick(() => {
      try {
        this.#server.emit("clientError", error, socket);
      } catch (failure) {
        socket.leave();
        throw failure;
      }
    });
    return socket.answer.then((answer) => {
      client.refused = undefined;
      if (answer === "refusal") this.#noteUnusable(socket);
      return answer;
    });
  }

  /** Logs, once, that what a listener to `clientError` has written was not sent. */
  #noteUnusable({ bytesWritten }: RefusedSocket): void {
    if (this.#isUnusableNoted || bytesWritten === 0) return;
    this.#isUnusableNoted = true;
    logToStandardError(UNUSABLE_ANSWER);
  }

  /**
   * Emits the event of a request. Listeners to `checkContinue` and `checkExpectation` decide by
   * themselves what the client expects.
   */
  #emit(head: RequestHead, request: NodeRequest, response: NodeResponse): void {
    const event = (head.seen & Seen.Expect) === 0 ? "request" : this.#expectationEvent(head);
    this.#server.emit(event, request, response);
  }

  #expectationEvent(head: RequestHead): string {
    const expectation = expectationOf(head);
    if (expectation === "nothing") return "request";
    if (expectation === "other") return "checkExpectation";
    return this.#server.listenerCount("checkContinue") > 0 ? "checkContinue" : "request";
  }

  #socketOf(connection: ClientConnection | undefined, remoteAddr: Deno.NetAddr): ClientSocket {
    const known = connection?.companion;
    if (known instanceof ClientSocket) return known;
    const server = this.#server;
    const socket = new ClientSocket(server, connection, remoteAddr, this.#onGone);
    if (connection !== undefined) connection.companion = socket;
    this.#sockets.add(socket);
    this.#announce(socket);
    return socket;
  }

  /** Emits `connection`, to the listeners of the program: that of the runtime would read the socket. */
  #announce(socket: ClientSocket): void {
    const server = this.#server;
    if (server.listenerCount("connection") < 2) return;
    for (const listener of server.rawListeners("connection")) {
      if (listener !== this.#http._connectionListener) listener.call(server, socket);
    }
  }
}

/** Fills a request with what its head says. */
function fillRequest(request: NodeRequest, head: RequestHead): void {
  const { minorVersion, fieldCount } = head;
  request.httpVersionMajor = 1;
  request.httpVersionMinor = minorVersion;
  request.httpVersion = minorVersion === 1 ? "1.1" : "1.0";
  request.method = head.method;
  request.url = head.target;
  const lines: string[] = [];
  for (let i = 0; i < fieldCount; i++) lines.push(head.fieldName(i), head.fieldValue(i));
  request._addHeaderLines(lines, lines.length);
}
