// The handler of a server of `node:http`: makes the objects of each request, and calls the listeners.

import { headOf, peerOf, type WebRequest } from "../../handler/request.ts";
import type { Handler } from "../../handler/handler.ts";
import type { Peer } from "../../handler/client_origin.ts";
import type { OutgoingResponse } from "../../handler/outgoing_response.ts";
import type { RequestHead } from "../../http1/request_head.ts";
import { ClientSocket } from "./client_socket.ts";
import { NodeExchange } from "./node_exchange.ts";
import { EXCHANGE, type NodeHttp, type NodeRequest, type NodeServer } from "./node_types.ts";

/** Makes the handler that calls the listeners of a server. */
export function createNodeHandler(http: NodeHttp, server: NodeServer): Handler {
  const listeners = new NodeListeners(http, server);
  // The dispatcher takes a response that is ready to be sent from handlers of this library.
  return ((request: WebRequest) => listeners.call(request)) as unknown as Handler;
}

/** The listeners of one server. */
class NodeListeners {
  readonly #http: NodeHttp;
  readonly #server: NodeServer;
  readonly #sockets = new WeakMap<Peer, ClientSocket>();

  constructor(http: NodeHttp, server: NodeServer) {
    this.#http = http;
    this.#server = server;
  }

  /** Calls the listeners with a request. Throws what they throw. */
  call(request: WebRequest): OutgoingResponse | Promise<OutgoingResponse> {
    const { IncomingMessage, ServerResponse } = this.#http;
    const socket = this.#socketOf(request);
    const nodeRequest = new IncomingMessage(socket);
    fillRequest(nodeRequest, headOf(request));
    const response = new ServerResponse(nodeRequest);
    response.socket = socket;
    socket.begin(request, response);
    const exchange = new NodeExchange(request, { request: nodeRequest, response, socket });
    nodeRequest[EXCHANGE] = exchange;
    response[EXCHANGE] = exchange;
    this.#server.emit("request", nodeRequest, response);
    return exchange.outcome();
  }

  #socketOf(request: WebRequest): ClientSocket {
    const peer = peerOf(request);
    const known = this.#sockets.get(peer);
    if (known !== undefined) return known;
    const socket = new ClientSocket(this.#server, request);
    this.#sockets.set(peer, socket);
    return socket;
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
