// The platform's `Request` with what fetch-style handlers get beside it: readers that note the
// errors that are the client's fault (`body_faults.ts`), and `waitUntil`, where frameworks look for
// it. Clones of requests are such objects, and so is each request on a Deno in which
// `lazy_request.ts` does not work. The class is made with the first of them: the platform loads the
// code of `Request` when it is touched.

import { noteBodyFault, notJson, notTheForm } from "./body_faults.ts";
import type { HttpError } from "./errors.ts";
import type { IncomingBody } from "./incoming_body.ts";
import { readIncoming } from "./incoming_readers.ts";
import { resemble } from "./lazy_forwarding.ts";
import { platformClass } from "../runtime/platform_classes.ts";

/** Where a request's signal comes from, where its background work goes, and whose body it has. */
export interface RequestSource {
  readonly signal: AbortSignal;
  readonly method: string;
  readonly target: string;
  waitUntil(promise: PromiseLike<unknown>): void;
}

interface ServedRequestClass {
  new (url: string, init: RequestInit | undefined, source: RequestSource): Request;
  /** Makes a served request of one that the platform has made. */
  adopt(request: Request, source: RequestSource, incoming: IncomingBody | undefined): Request;
}

let ServedRequest: ServedRequestClass | undefined;

/** Makes a whole `Request`. `init` is left out for a GET: the platform takes a third of the time then. */
export function createServedRequest(
  url: string,
  init: RequestInit | undefined,
  source: RequestSource,
  incoming?: IncomingBody,
): Request {
  ServedRequest ??= defineServedRequest();
  const request = new ServedRequest(url, { ...init, signal: source.signal }, source);
  return incoming === undefined ? request : ServedRequest.adopt(request, source, incoming);
}

/** Makes a served request of one that the platform has made. `incoming` is its body if that comes while it is read. */
export function adoptRequest(
  request: Request,
  source: RequestSource,
  incoming: IncomingBody | undefined,
): Request {
  ServedRequest ??= defineServedRequest();
  return ServedRequest.adopt(request, source, incoming);
}

/** No private field, since a clone is made by the platform and gets it afterwards. */
const SOURCE = Symbol("source");
const INCOMING = Symbol("incoming");

/** Returns where a served request comes from; undefined for any other value. */
export function sourceOfServed(request: object): RequestSource | undefined {
  return (request as { [SOURCE]?: RequestSource })[SOURCE];
}

function defineServedRequest(): ServedRequestClass {
  const PlatformRequest = platformClass("Request");

  class ServedRequest extends PlatformRequest {
    [SOURCE]: RequestSource;
    /** Undefined if the body was in memory when the request was made. */
    [INCOMING]: IncomingBody | undefined;

    constructor(url: string, init: RequestInit | undefined, source: RequestSource) {
      super(url, init);
      this[SOURCE] = source;
    }

    static adopt(
      request: Request,
      source: RequestSource,
      incoming: IncomingBody | undefined,
    ): Request {
      const adopted: ServedRequest = Object.setPrototypeOf(request, ServedRequest.prototype);
      adopted[SOURCE] = source;
      adopted[INCOMING] = incoming;
      return adopted;
    }

    override text(): ReturnType<Request["text"]> {
      const incoming = this[INCOMING];
      if (incoming === undefined) return super.text();
      return readIncoming("text", this, incoming, this[SOURCE], () => super.text());
    }

    override json(): ReturnType<Request["json"]> {
      const incoming = this[INCOMING];
      if (incoming === undefined) {
        return readNotingFaults(this, this[SOURCE], () => super.json(), notJson);
      }
      return readIncoming("json", this, incoming, this[SOURCE], () => super.json());
    }

    override bytes(): ReturnType<Request["bytes"]> {
      const incoming = this[INCOMING];
      if (incoming === undefined) return super.bytes();
      return readIncoming("bytes", this, incoming, this[SOURCE], () => super.bytes());
    }

    override arrayBuffer(): ReturnType<Request["arrayBuffer"]> {
      const incoming = this[INCOMING];
      if (incoming === undefined) return super.arrayBuffer();
      return readIncoming("arrayBuffer", this, incoming, this[SOURCE], () => super.arrayBuffer());
    }

    override blob(): ReturnType<Request["blob"]> {
      const incoming = this[INCOMING];
      if (incoming === undefined) return super.blob();
      return readIncoming("blob", this, incoming, this[SOURCE], () => super.blob());
    }

    override formData(): Promise<FormData> {
      const incoming = this[INCOMING];
      if (incoming === undefined) {
        return readNotingFaults(this, this[SOURCE], () => super.formData(), notFormOf(this));
      }
      return readIncoming("formData", this, incoming, this[SOURCE], () => super.formData());
    }

    override clone(): Request {
      return ServedRequest.adopt(super.clone(), this[SOURCE], this[INCOMING]);
    }
  }

  resemble(ServedRequest.prototype, PlatformRequest.prototype);
  defineWaitUntil(ServedRequest.prototype, (request) => request[SOURCE]);
  return ServedRequest;
}

/**
 * Defines the property `waitUntil` of requests. Its value is a function of its own, since
 * frameworks pass it on without the request. Like any property that is not the platform's, it may
 * be replaced.
 */
export function defineWaitUntil<Served extends object>(
  prototype: Served,
  sourceOf: (request: Served) => RequestSource,
): void {
  Object.defineProperty(prototype, "waitUntil", {
    configurable: true,
    get(this: Served): RequestSource["waitUntil"] {
      const source = sourceOf(this);
      return (promise) => source.waitUntil(promise);
    },
    set(this: Served, value: unknown): void {
      const attributes = { configurable: true, enumerable: true, writable: true };
      Object.defineProperty(this, "waitUntil", { ...attributes, value });
    },
  });
}

/** Returns what makes the client's answer to a body of `request` that is not the form that a reader expected. */
export function notFormOf(request: Request): (error: unknown) => HttpError {
  return (error) => notTheForm(request.headers.get("content-type") ?? "", error);
}

/**
 * Reads the body of `request` by one of the platform's readers, and notes the error of a body that cannot be parsed. The bytes are in
 * memory, so a reader that has got them can only fail for what they are. That it does not get them, because they were read before or
 * are being read, is the application's fault.
 */
export async function readNotingFaults<Value>(
  request: Request,
  source: RequestSource,
  read: () => Promise<Value>,
  answerTo: (error: unknown) => HttpError,
): Promise<Value> {
  const wasUsed = request.bodyUsed;
  const reading = read();
  // A reader that gets the body marks it as used at once. A request without a body is never used.
  const getsBody = !wasUsed && (request.bodyUsed || request.body === null);
  try {
    return await reading;
  } catch (error) {
    if (getsBody) noteBodyFault(error as object, { of: source, answer: answerTo(error) });
    throw error;
  }
}
