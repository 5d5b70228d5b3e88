// Requests without a socket, for tests: one as text that goes through the parser of a connection, which takes targets and
// fields that a platform `Request` cannot have, and one through a server's `fetch`, whose handler hands something out.

import type { Handler } from "../../../src/handler/handler.ts";
import { Dispatcher } from "../../../src/routing/dispatcher.ts";
import { HeadParser } from "../../../src/http1/head_parser.ts";
import { RequestBody } from "../../../src/http1/request_body.ts";
import { encodeHead, RequestHead } from "../../../src/http1/request_head.ts";
import { decodePath } from "../../../src/http1/target.ts";
import type { WebServerOptions } from "../../../src/options/server_options.ts";
import type { PeerInfo } from "../../../src/fetch/platform_request.ts";
import type { Peer } from "../../../src/handler/client_origin.ts";
import { createRequest, type WebRequest } from "../../../src/handler/request.ts";
import type { OutgoingResponse } from "../../../src/handler/outgoing_response.ts";
import { WebResponse } from "../../../src/handler/response.ts";
import { MethodTargets } from "../../../src/routing/route_target.ts";
import { Router } from "../../../src/routing/router.ts";
import type { PathPattern } from "../../../src/routing/route_pattern.ts";
import { WebServer } from "../../../src/server.ts";

const LIMITS = { maxTargetBytes: 8_192, maxHeadBytes: 16_384, maxHeaderCount: 100 };

/** Where requests come from that are made of text. */
export const PEER: Peer = {
  addr: { transport: "tcp", hostname: "192.0.2.7", port: 40_000 },
  scheme: "http",
  trust: undefined,
};

/** A request as it would stand on a socket. */
export interface RequestText {
  method?: string;
  target?: string;
  fields?: [name: string, value: string][];
  body?: string;
  /** Who has sent it; {@linkcode PEER} unless it is given. */
  peer?: Peer;
}

/** Makes the request that a connection would make of the text, or the status with which it would refuse it. */
export function requestFromText(text: RequestText): WebRequest | number {
  const { method = "GET", target = "/", fields = [["Host", "localhost"]], body = "" } = text;
  const { peer = PEER } = text;
  const bytes = encodeHead({ method, target, fields });
  const parser = new HeadParser(LIMITS);
  const outcome = parser.parse(bytes, 0, bytes.length);
  if (outcome.kind === "refused") return outcome.refusal.status;
  if (outcome.kind === "incomplete") throw new Error("The head of a test's request has no end");
  const head = parser.take(bytes, 0, outcome.end);
  if (!(head instanceof RequestHead)) return head.status;
  const bodyBytes = new TextEncoder().encode(body);
  return createRequest(head, RequestBody.lent(bodyBytes, 0, bodyBytes.length), peer, undefined);
}

/** The request that a connection would make of the text, which must be one. */
export function parsedRequest(text: RequestText): WebRequest {
  const request = requestFromText(text);
  if (typeof request === "number") throw new Error(`The parser answers ${request}`);
  return request;
}

/** An answer as a test looks at it. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Routes for a dispatcher: "exact /path" or "prefix /path", each with what it leads to. */
type Routes = Record<string, Handler | Record<string, Handler>>;

/** A dispatcher of its own, and the panics that it has reported. */
export class TestDispatcher {
  readonly panics: unknown[] = [];
  /** The answers to bad bodies whose errors came out of a handler. */
  readonly bodyFaults: number[] = [];
  readonly #dispatcher: Dispatcher;

  constructor(routes: Routes) {
    const router = new Router<Handler>(decodePath);
    for (const [route, target] of Object.entries(routes)) {
      const [kind, pattern] = route.split(" ");
      router.add(pattern, kind === "exact", routeTarget(target), () => "a test");
    }
    this.#dispatcher = new Dispatcher(router, (error) => {
      this.panics.push(error);
      return undefined;
    }, ({ answer }) => this.bodyFaults.push(answer.status));
  }

  /** What `dispatch` returns, as it is. */
  dispatch(request: WebRequest): OutgoingResponse | Promise<OutgoingResponse> {
    return this.#dispatcher.dispatch(request);
  }

  /** What `routeOf` returns, as it is. */
  routeOf(head: RequestHead): number | undefined {
    return this.#dispatcher.routeOf(head);
  }

  /** The answer to a request that stands as text; the status alone where the parser refuses it. */
  async answer(text: RequestText): Promise<Answer> {
    const request = requestFromText(text);
    if (typeof request === "number") return { status: request, text: "", headers: new Headers() };
    const { status, body, contentType, fields } = await this.#dispatcher.dispatch(request);
    const headers = new Headers(fields?.map(([name, value]) => [name, value]));
    if (contentType !== null) headers.set("content-type", contentType);
    const answerText = typeof body === "string"
      ? body
      : new TextDecoder().decode(body ?? undefined);
    return { status, text: answerText, headers };
  }
}

function routeTarget(
  target: Handler | Record<string, Handler>,
): Handler | MethodTargets<Handler> {
  return typeof target === "function" ? target : new MethodTargets(new Map(Object.entries(target)));
}

/** How a request is given to {@linkcode readInHandler}, beside itself. */
interface ReadOptions {
  server?: WebServerOptions;
  info?: PeerInfo;
}

/** What `read` makes of the request while its handler runs; what `read` throws, this rejects with. */
export async function readInHandler<const Path extends PathPattern, Value>(
  path: Path,
  request: Request,
  read: (req: WebRequest<Path>) => Value | Promise<Value>,
  options: ReadOptions = {},
): Promise<Value> {
  const outcome = Promise.withResolvers<Value>();
  // It is awaited below, once the server has answered.
  outcome.promise.catch(() => {});
  const server = new WebServer(options.server);
  server.addPath(path, async (req: WebRequest<Path>) => {
    try {
      outcome.resolve(await read(req));
    } catch (error) {
      outcome.reject(error);
    }
    return WebResponse.empty();
  });
  const { status } = await server.fetch(request, options.info);
  if (status !== 204) outcome.reject(new Error(`The handler was not called: status ${status}`));
  return await outcome.promise;
}
