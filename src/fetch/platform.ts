// The platform's `Request` and `Response`, and ours: for handlers that answer with a `Response`, and for `fetch()`, which
// takes the one and gives the other. What comes this way is held to the same rules as what comes over a socket.

import { type BodySource, type BodyStream, UNWANTED } from "../handler/body_stream.ts";
import { createPeer, type PeerSettings } from "../handler/client_origin.ts";
import { parseDecimal } from "../http1/grammar.ts";
import { type HeadLimits, HeadParser } from "../http1/head_parser.ts";
import { type Refusal, REFUSALS } from "../http1/refusal.ts";
import { RequestBody } from "../http1/request_body.ts";
import { encodeHead, RequestHead } from "../http1/request_head.ts";
import type { EncodableBody } from "../http1/response_encoder.ts";
import { statusHasBody } from "../http1/status.ts";
import { createRequest, type ExchangeWatch, type WebRequest } from "../handler/request.ts";
import { checkSendable, outgoing, WebResponse } from "../handler/response.ts";
import { settlesWithin } from "../runtime/event_loop.ts";

/** Where a `Request` of the platform came from, as far as its giver knows: `Deno.serve` passes it to its handlers. */
export interface PeerInfo {
  /** The address of the peer. Without one, nobody is believed about who the client is, whatever `trustProxy` says. */
  readonly remoteAddr?: Deno.Addr;
}

/** How large a request may be that comes as a `Request` of the platform, and who is believed about who has sent it. */
export type PlatformRequestSettings = HeadLimits & PeerSettings;

/**
 * Makes a `WebRequest` of a platform `Request`. Its head goes through the same parser, under the same limits, as one that
 * came over a socket; its body is read into memory, and no further than the limit.
 */
export async function fromPlatformRequest(
  request: Request,
  settings: PlatformRequestSettings,
  info: PeerInfo | undefined,
  watch: ExchangeWatch,
): Promise<WebRequest | Refusal> {
  const head = headOf(request, settings);
  if (!(head instanceof RequestHead)) return head;
  const declared = parseDecimal(head.header("content-length") ?? "");
  if (declared !== undefined && declared > settings.maxBodyBytes) return REFUSALS.bodyTooLarge;
  const body = await readBody(request, settings.maxBodyBytes);
  if (!(body instanceof RequestBody)) return body;
  const scheme = request.url.startsWith("https:") ? "https" : "http";
  return createRequest(head, body, createPeer(info?.remoteAddr, scheme, settings), watch);
}

function headOf(request: Request, limits: HeadLimits): RequestHead | Refusal {
  const url = new URL(request.url);
  const fields = [...request.headers];
  if (!request.headers.has("host")) fields.unshift(["host", url.host]);
  const bytes = encodeHead({ method: request.method, target: url.pathname + url.search, fields });
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

/** The body of a platform request, or why it is refused. */
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
    // The client has gone in the middle of its body: nothing that is worth more than a refusal.
    return REFUSALS.endedEarly;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return RequestBody.own(bytes, length, undefined);
}

/**
 * A `Response` of the platform as one of ours. A body that is there at once is read into memory; one that is made while it is sent
 * goes on being made.
 *
 * @throws {TypeError} when it is an error response, its body was used already, or a header may not be sent
 */
export function fromPlatformResponse(response: Response): WebResponse | Promise<WebResponse> {
  const { status } = response;
  if (response.type === "error") {
    throw new TypeError(
      "Cannot answer with Response.error(): it stands for a network failure and has no status",
    );
  }
  if (response.bodyUsed) {
    throw new TypeError(
      "Cannot answer with a Response whose body was read already: answer with a new one, or a clone",
    );
  }
  const headers = headersOf(response);
  const { body } = response;
  if (body === null) return new WebResponse(null, { status, headers });
  if (hasBindingLength(response, headers)) {
    return checkSendable(new WebResponse(body, { status, headers }));
  }
  return bodyOf(body).then((body) =>
    new WebResponse(body, { status, headers: headersFor(body, headers) })
  );
}

/** The codings that the platform's `fetch` undoes in a body, and leaves in its headers. */
const UNDONE_CODING = /^(?:gzip|br)$/i;

/**
 * The headers of a response. One that comes out of `fetch` as it is does not say how it was coded, as from `Deno.serve`; and
 * what its server has offered in Upgrade holds for the connection to that server (RFC 9110, section 7.8). Only a 426 keeps
 * that: its client can do nothing without it.
 */
function headersOf({ url, status, headers }: Response): Headers {
  // No other response has an address.
  if (url === "") return headers;
  const isDecoded = UNDONE_CODING.test(headers.get("content-encoding") ?? "");
  const offersUpgrade = status !== 426 && headers.has("upgrade");
  if (!isDecoded && !offersUpgrade) return headers;
  const others = new Headers(headers);
  if (offersUpgrade) others.delete("upgrade");
  if (isDecoded) {
    others.delete("content-encoding");
    others.delete("content-length");
  }
  return others;
}

/**
 * Whether the length holds that a response declares: to that of a stream, whenever its parts come. What was made of text or
 * bytes has the length that it has. A body out of `fetch` in a response of its own may have taken over the length of what was
 * coded, so with a coding the length does not hold.
 */
function hasBindingLength(response: Response, headers: Headers): boolean {
  // What is no number declares nothing: such a field is dropped, as it is from a response of ours.
  const declared = parseDecimal(headers.get("content-length") ?? "");
  return declared !== undefined && !headers.has("content-encoding") && !isMadeOfMemory(response);
}

/** The headers of a body whose declared length does not hold: with one that is passed on as it comes, it would. */
function headersFor(body: BodySource | Uint8Array | null, headers: Headers): Headers {
  if (body === null || body instanceof Uint8Array) return headers;
  if (!headers.has("content-length")) return headers;
  const others = new Headers(headers);
  others.delete("content-length");
  return others;
}

/** What a response is to the platform: the "source" of a body is what it was made of (WHATWG Fetch, "body"). */
interface InnerResponse {
  readonly body?: { readonly source?: unknown } | null;
}

/** Where the platform keeps that; undefined until it was looked for, and null where it is not found. */
let innerKey: symbol | null | undefined;

/**
 * Whether a response, whose body was asked for already, was made of text or bytes. The platform has no public way to tell: once
 * it is read, text is a stream of one part like others. So this looks where `Deno.serve` does. Without that place it is true:
 * then the length of what comes at once is corrected, and no text is a panic.
 */
function isMadeOfMemory(response: Response): boolean {
  innerKey ??= findInnerKey();
  if (innerKey === null) return true;
  const source = sourceOf(response, innerKey);
  return typeof source === "string" || ArrayBuffer.isView(source) || source instanceof ArrayBuffer;
}

function findInnerKey(): symbol | null {
  const probe = new Response("probe");
  // What it was made of is in its place from when the body was asked for.
  if (probe.body === null) return null;
  const keys = Object.getOwnPropertySymbols(probe);
  return keys.find((key) => sourceOf(probe, key) === "probe") ?? null;
}

function sourceOf(response: Response, key: symbol): unknown {
  const inner = (response as unknown as Record<symbol, InnerResponse | null | undefined>)[key];
  return inner?.body?.source;
}

/** How many turns of the microtask queue a part of a stream gets that is there without really being waited for. */
const SETTLING_TURNS = 8;

/** What is in a stream: bytes, where it has come to its end with one part, without anything being waited for; or its parts. */
async function bodyOf(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array | AsyncIterable<Uint8Array> | null> {
  const reader = stream.getReader();
  const first = reader.read();
  if (!await settlesWithin(first, SETTLING_TURNS)) return restOf(reader, [first]);
  const { done, value } = await first;
  if (done) return null;
  const second = reader.read();
  if (await settlesWithin(second, SETTLING_TURNS) && (await second).done) return value;
  return restOf(reader, [first, second]);
}

type Part = ReadableStreamReadResult<Uint8Array>;

/** The parts of a stream, of which the first have been asked for. No generator: that would hear of its end only after the next part. */
function restOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  begun: Promise<Part>[],
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => (begun.shift() ?? reader.read()) as Promise<IteratorResult<Uint8Array>>,
      return: async (reason) => {
        await reader.cancel(reason);
        return { done: true, value: undefined };
      },
    }),
  };
}

/** Told how the making of a body goes. */
export interface BodyWatch {
  /** Its maker has failed. */
  readonly onFailure: (error: unknown) => void;
  /** All of it was made, or nobody wants the rest. */
  readonly onEnd: () => void;
}

const UNWATCHED: BodyWatch = { onFailure: () => {}, onEnd: () => {} };

/**
 * One of our responses as the platform's, for `fetch()`. `Date` and `Connection` are left to whoever sends it. A body that is in
 * memory has its end at once.
 */
export function toPlatformResponse(
  response: WebResponse,
  isHeadRequest: boolean,
  watch: BodyWatch = UNWATCHED,
): Response {
  const { status, body, contentType, fields, declaredLength, stream } = outgoing(response);
  const headers = new Headers(fields?.map(([name, value]) => [name, value]));
  if (contentType !== null) headers.set("content-type", contentType);
  if (!statusHasBody(status) || isHeadRequest) {
    stream?.cancel(UNWANTED);
    watch.onEnd();
    const length = stream === undefined ? byteLength(body) || declaredLength || 0 : declaredLength;
    if (isHeadRequest && statusHasBody(status) && length !== undefined) {
      headers.set("content-length", String(length));
    }
    return new Response(null, { status, headers });
  }
  if (stream !== undefined) {
    if (declaredLength !== undefined) {
      headers.set("content-length", String(declaredLength));
      stream.holdTo(declaredLength);
    }
    return new Response(readableOf(stream, watch), { status, headers });
  }
  watch.onEnd();
  const text = typeof body === "string" ? encoder.encode(body) : body;
  // The platform's types want bytes that are not shared with another thread; so does sending them.
  return new Response(text as Uint8Array<ArrayBuffer> | null, { status, headers });
}

/** The parts of a body as the platform's stream: each is asked for when there is room for it. */
function readableOf(stream: BodyStream, watch: BodyWatch): ReadableStream<Uint8Array> {
  let isWanted = true;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const part = await stream.next();
        if (!isWanted) return;
        if (part !== undefined) return controller.enqueue(part);
        controller.close();
      } catch (error) {
        if (!isWanted) return;
        watch.onFailure(error);
        controller.error(error);
        // It may not be the source that has failed, but its length.
        stream.cancel(UNWANTED);
      }
      watch.onEnd();
    },
    cancel(reason) {
      isWanted = false;
      stream.cancel(reason);
      watch.onEnd();
    },
  }, { highWaterMark: 0 });
}

const encoder = new TextEncoder();

function byteLength(body: EncodableBody): number {
  if (body === null) return 0;
  return typeof body === "string" ? encoder.encode(body).length : body.length;
}
