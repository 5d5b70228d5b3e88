// Converts the platform's `Response`s to ours, for handlers that return one, and ours to the
// platform's, for `WebServer.fetch()`.

import { Buffer } from "node:buffer";
import { unwanted } from "../handler/client_gone.ts";
import type { BodySource, BodyStream } from "../handler/body_stream.ts";
import type { OutgoingResponse } from "../handler/outgoing_response.ts";
import { outgoing, WebResponse } from "../handler/response.ts";
import { parseDecimal } from "../http1/grammar.ts";
import type { EncodableBody } from "../http1/response_encoder.ts";
import { statusHasBody } from "../http1/status.ts";
import { settlesWithin } from "../runtime/event_loop.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import { isMadeOfMemory, outgoingInMemory } from "./inner_response.ts";

/** Whether a value is a `Response` of the platform, or of the class that has taken its name. */
export function isResponse(value: unknown): value is Response {
  return value instanceof platformClass("Response") || value instanceof Response;
}

/**
 * Returns what is sent of a platform `Response`. A body that is there at once is read into memory;
 * any other body stays a stream.
 *
 * @throws {TypeError} when it is an error response, its body was used already, or a header may not
 * be sent
 */
export function fromPlatformResponse(
  response: Response,
): OutgoingResponse | Promise<OutgoingResponse> {
  return outgoingInMemory(response) ?? fromPublicParts(response);
}

/** The general way: by what the platform shows of a response. Throws the same. */
export function fromPublicParts(response: Response): OutgoingResponse | Promise<OutgoingResponse> {
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
  if (body === null) return outgoing(new WebResponse(null, { status, headers }));
  if (hasBindingLength(response, headers)) {
    return outgoing(new WebResponse(body, { status, headers }));
  }
  return readAtOnce(body).then((body) =>
    outgoing(new WebResponse(body, { status, headers: headersFor(body, headers) }))
  );
}

/** The codings that the platform's `fetch` decodes in a body, and leaves in the headers. */
const DECODED_CODING = /^(?:gzip|br)$/i;

/**
 * Returns the headers of a response. A response of `fetch` that is passed on as it is loses its
 * Content-Encoding if its body is decoded already, as from `Deno.serve`. It loses its Upgrade too,
 * which is about the connection to the other server (RFC 9110, section 7.8). Only a 426 keeps that:
 * without it the client would not know the protocol that it needs.
 */
function headersOf({ url, status, headers }: Response): Headers {
  // Only a response of `fetch` has a URL.
  if (url === "") return headers;
  const isDecoded = DECODED_CODING.test(headers.get("content-encoding") ?? "");
  const offersUpgrade = status !== 426 && headers.has("upgrade");
  if (!isDecoded && !offersUpgrade) return headers;
  const others = new (platformClass("Headers"))(headers);
  if (offersUpgrade) others.delete("upgrade");
  if (isDecoded) {
    others.delete("content-encoding");
    others.delete("content-length");
  }
  return others;
}

/**
 * Whether a body must have the length that its response declares. A stream must, whenever its parts
 * come. Text or bytes are sent with their own length. A response with a coding need not: its
 * headers may come from a response of `fetch`, whose length is that of the coded body.
 */
function hasBindingLength(response: Response, headers: Headers): boolean {
  // A value that is no number declares nothing: the field is dropped, as it is from a WebResponse.
  const declared = parseDecimal(headers.get("content-length") ?? "");
  return declared !== undefined && !headers.has("content-encoding") && !isMadeOfMemory(response);
}

/** Returns the headers of a body whose length may be another than declared: a stream gets none. */
function headersFor(body: BodySource | Uint8Array | null, headers: Headers): Headers {
  if (body === null || body instanceof Uint8Array) return headers;
  if (!headers.has("content-length")) return headers;
  const others = new (platformClass("Headers"))(headers);
  others.delete("content-length");
  return others;
}

/** How many turns of the microtask queue a part of a stream may take to count as there at once. */
const SETTLING_TURNS = 8;

/**
 * Reads a stream: returns bytes if it ends at once, with one part at most; else all of its parts.
 */
async function readAtOnce(
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

/**
 * Returns the parts of a stream, of which the first have been asked for. This is no generator: a
 * generator ends only after the part that it waits for.
 */
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

/** Is called when a body that is made while it is sent ends. */
export interface BodyWatch {
  /** Called when its source fails. */
  readonly onFailure: (error: unknown) => void;
  /** Called at its end: all of it was made, it has failed, or the client does not want the rest. */
  readonly onEnd: () => void;
}

const UNWATCHED: BodyWatch = { onFailure: () => {}, onEnd: () => {} };

/**
 * Converts one of our responses to the platform's. The server that sends it adds `Date` and
 * `Connection`. A body in memory ends at once.
 */
export function toPlatformResponse(
  response: OutgoingResponse,
  isHeadRequest: boolean,
  watch: BodyWatch = UNWATCHED,
): Response {
  const { status, body, contentType, fields, declaredLength, stream } = response;
  const headers = new (platformClass("Headers"))();
  if (contentType !== null) headers.set("content-type", contentType);
  for (const [name, value] of fields ?? []) headers.append(name, value);
  if (!statusHasBody(status) || isHeadRequest) {
    stream?.cancel(unwanted());
    watch.onEnd();
    const length = stream === undefined ? byteLength(body) || declaredLength || 0 : declaredLength;
    if (isHeadRequest && statusHasBody(status) && length !== undefined) {
      headers.set("content-length", String(length));
    }
    return new (platformClass("Response"))(null, { status, headers });
  }
  if (stream !== undefined) {
    if (declaredLength !== undefined) {
      headers.set("content-length", String(declaredLength));
      stream.holdTo(declaredLength);
    }
    return new (platformClass("Response"))(readableOf(stream, watch), { status, headers });
  }
  watch.onEnd();
  const text = typeof body === "string" ? encoder.encode(body) : body;
  // Checked when the response was made: the bytes are not shared with another thread.
  return new (platformClass("Response"))(text as Uint8Array<ArrayBuffer> | null, {
    status,
    headers,
  });
}

/** Makes a platform stream of a body's parts: each is asked for when there is room for it. */
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
        // The source may be fine, and its length wrong.
        stream.cancel(unwanted());
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
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}
