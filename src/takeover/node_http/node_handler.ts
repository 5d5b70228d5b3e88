// The handler of a server of `node:http`: makes the objects of each request, and calls the listeners.

import { Buffer } from "node:buffer";
import type { Handler } from "../../handler/handler.ts";
import { OutgoingResponse } from "../../handler/outgoing_response.ts";
import { connectionOf, headOf, type WebRequest } from "../../handler/request.ts";
import { parseList } from "../../http1/grammar.ts";
import { type RequestHead, Seen } from "../../http1/request_head.ts";
import { ClientSocket } from "./client_socket.ts";
import { NodeExchange } from "./node_exchange.ts";
import {
  EXCHANGE,
  type NodeHttp,
  type NodeRequest,
  type NodeResponse,
  type NodeServer,
} from "./node_types.ts";
import type { OpenSockets } from "./open_sockets.ts";
import { replaceRequestMethods } from "./request_methods.ts";
import { replaceResponseMethods } from "./response_methods.ts";
import { UpgradedSocket } from "./upgraded_socket.ts";

const WITH_BODY = Seen.ContentLength | Seen.TransferEncoding;

/** Replaces the methods of requests and responses that would reach a socket. */
export function replaceMessageMethods(http: NodeHttp): void {
  replaceResponseMethods(http);
  replaceRequestMethods(http);
}

/** Makes the handler that calls the listeners of a server. */
export function createNodeHandler(
  http: NodeHttp,
  server: NodeServer,
  sockets: OpenSockets,
): Handler {
  const listeners = new NodeListeners(http, server, sockets);
  // The dispatcher takes a response that is ready to be sent from handlers of this library.
  return ((request: WebRequest) => listeners.call(request)) as unknown as Handler;
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
class NodeListeners {
  readonly #http: NodeHttp;
  readonly #server: NodeServer;
  readonly #sockets: OpenSockets;
  readonly #classes: MessageClasses;
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
    const socket = this.#socketOf(request);
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

  /** A listener to `checkContinue` decides by itself whether the client is to send its body. */
  #emit(head: RequestHead, request: NodeRequest, response: NodeResponse): void {
    const server = this.#server;
    const isChecked = (head.seen & Seen.Expect) !== 0 && server.listenerCount("checkContinue") > 0;
    server.emit(isChecked ? "checkContinue" : "request", request, response);
  }

  #socketOf(request: WebRequest): ClientSocket {
    const connection = connectionOf(request);
    const known = connection?.companion;
    if (known instanceof ClientSocket) return known;
    const server = this.#server;
    const socket = new ClientSocket(server, connection, request.remoteAddr, this.#onGone);
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
