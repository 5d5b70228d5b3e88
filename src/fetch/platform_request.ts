// Makes requests of the platform's `Request`s, for `WebServer.fetch()`. Such a request is held to
// the same rules as one that comes over a socket: the head goes through the same parser.

import { createPeer, type PeerSettings } from "../handler/client_origin.ts";
import {
  createIncomingRequest,
  createRequest,
  type ExchangeWatch,
  type WebRequest,
} from "../handler/request.ts";
import { parseDecimal } from "../http1/grammar.ts";
import { type HeadLimits, HeadParser } from "../http1/head_parser.ts";
import { type Refusal, REFUSALS } from "../http1/refusal.ts";
import { IncomingBody } from "../handler/incoming_body.ts";
import { RequestBody } from "../http1/request_body.ts";
import { encodeHead, RequestHead } from "../http1/request_head.ts";
import { joinedParts } from "../runtime/joined_parts.ts";
import {
  maxStreamedBytes,
  type RequestLimits,
  type StreamingRule,
} from "../http1/request_parser.ts";
import { PlatformBody } from "./platform_body.ts";

/** Where a platform `Request` came from. `Deno.serve` passes it to its handlers. */
export interface PeerInfo {
  /**
   * The address of the peer. Without one, no field about the client is trusted, whatever
   * `trustProxy` is.
   */
  readonly remoteAddr?: Deno.Addr;
}

/** The limits of a platform `Request`, and the proxies whose fields are trusted. */
export type PlatformRequestSettings = RequestLimits & PeerSettings;

/** What makes a `WebRequest` of a platform `Request` besides the settings of the server. */
export interface PlatformRequestOptions {
  readonly info: PeerInfo | undefined;
  readonly watch: ExchangeWatch;
  /** Whether the handler is called before the body is whole. */
  readonly isStreamed: StreamingRule;
}

/** A platform `Request` that no handler is called with. */
export interface RefusedPlatformRequest {
  readonly refusal: Refusal;
  /** The request without its body; undefined if its head was refused. */
  readonly request: WebRequest | undefined;
}

/**
 * Makes a `WebRequest` of a platform `Request`. Its head goes through the same parser, under the
 * same limits, as one that came over a socket; its body is read into memory, up to the limit, or
 * while its handler works.
 */
export async function fromPlatformRequest(
  request: Request,
  settings: PlatformRequestSettings,
  { info, watch, isStreamed }: PlatformRequestOptions,
): Promise<WebRequest | RefusedPlatformRequest> {
  const head = parseHead(request, settings);
  if (!(head instanceof RequestHead)) return { refusal: head, request: undefined };
  const scheme = request.url.startsWith("https:") ? "https" : "http";
  const peer = createPeer(info?.remoteAddr, scheme, settings);
  const refuse = (refusal: Refusal): RefusedPlatformRequest => ({
    refusal,
    request: createRequest(head, RequestBody.EMPTY, peer, watch),
  });
  const declared = declaredLengthOf(head);
  const isIncoming = request.body !== null && isStreamed(head);
  const maxBytes = isIncoming ? maxStreamedBytes(settings) : settings.maxBodyBytes;
  if (declared !== undefined && declared > maxBytes) return refuse(REFUSALS.bodyTooLarge);
  const body = isIncoming
    ? await beginBody(request.body, head, settings)
    : await readBody(request, settings.maxBodyBytes);
  if (!(body instanceof RequestBody || body instanceof IncomingBody)) return refuse(body);
  return body instanceof IncomingBody
    ? createIncomingRequest(head, body, peer, watch)
    : createRequest(head, body, peer, watch);
}

/** Encodes the head of a platform `Request` as bytes, and parses them. */
function parseHead(request: Request, limits: HeadLimits): RequestHead | Refusal {
  const url = new URL(request.url);
  url.hash = "";
  const target = url.href.slice(url.href.indexOf("/", url.protocol.length + "//".length));
  const fields = [...request.headers];
  if (!request.headers.has("host")) fields.unshift(["host", url.host]);
  const bytes = encodeHead({ method: request.method, target, fields });
  const parser = new HeadParser(limits);
  const outcome = parser.parse(bytes, 0, bytes.length);
  switch (outcome.kind) {
    case "refused":
      return outcome.refusal;
    case "complete":
      return parser.take(bytes, 0, outcome.end);
    case "incomplete":
      throw new Error("A whole head was encoded, and only a part of it was read");
  }
}

/** Begins to read a body for a handler that is called before all of it has come. */
async function beginBody(
  stream: ReadableStream<Uint8Array>,
  head: RequestHead,
  settings: PlatformRequestSettings,
): Promise<RequestBody | IncomingBody | Refusal> {
  // Another reader has taken the body.
  if (stream.locked) return REFUSALS.endedEarly;
  const body = new PlatformBody(stream, declaredLengthOf(head), {
    maxStreamedBytes: maxStreamedBytes(settings),
    maxCollectedBytes: settings.maxBodyBytes,
  });
  // The client may wait for `100 Continue`, which goes out when the body is first asked for.
  if (head.header("expect") !== null) return body.incoming;
  return await body.readAhead() ?? body.incoming;
}

function declaredLengthOf(head: RequestHead): number | undefined {
  return parseDecimal(head.header("content-length") ?? "");
}

/** Reads the body of a platform `Request` into memory. */
async function readBody(request: Request, maxBytes: number): Promise<RequestBody | Refusal> {
  if (request.body === null) return RequestBody.EMPTY;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Leaving the loop cancels the stream, so what is over the limit is never read.
    for await (const chunk of request.body) {
      length += chunk.length;
      if (length > maxBytes) return REFUSALS.bodyTooLarge;
      chunks.push(chunk);
    }
  } catch {
    // The client has gone in the middle of its body. That is worth a refusal, and no log line.
    return REFUSALS.endedEarly;
  }
  return RequestBody.own(joinedParts(chunks, length), length, undefined);
}
