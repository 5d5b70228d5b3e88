// The `Request` of fetch-style handlers, as it is made for each request: an object that answers
// what is asked most (the method, the URL, a field, the body) out of the head and the body that
// the parser has read. What is asked besides makes the platform's `Request`, which costs more than
// the rest of a request. `platform_request.ts` decides whether such objects may be used.

import { noteBodyFault, notJson } from "./body_faults.ts";
import { readBrowserForm } from "./browser_form.ts";
import { lateReadError } from "./errors.ts";
import type { IncomingBody } from "./incoming_body.ts";
import { readAs, type ReaderName, readIncoming, type Readings } from "./incoming_readers.ts";
import { standFor, stateKeyOf, stateKeysOf } from "./lazy_forwarding.ts";
import { defineLazyHeaders, type FieldSource } from "./lazy_headers.ts";
import { urlOf } from "./request_url.ts";
import type { RequestBody } from "../http1/request_body.ts";
import { RequestHead } from "../http1/request_head.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import {
  adoptRequest,
  defineWaitUntil,
  notFormOf,
  readNotingFaults,
  type RequestSource,
} from "./served_request.ts";

/** What a request for a fetch-style handler is made of. */
export interface RequestParts {
  readonly head: RequestHead;
  readonly body: RequestBody;
  /** The body if it has not come whole; `body` is empty then. */
  readonly incoming?: IncomingBody;
  /** The scheme, the host and the port of the URL, as the platform's `URL` writes them. */
  readonly origin: string;
  /** The header fields, if an own handler may have changed them; else those of the head. */
  readonly headers: Headers | undefined;
  readonly source: RequestSource;
}

/** Makes a request for a fetch-style handler. */
export type RequestMaker = (parts: RequestParts) => Request;

/** Whether the platform gives a request of this method no body (WHATWG Fetch, "new Request"). */
export function isBodiless(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** No private fields: a proxy of a request, and an object that inherits from it, are as good as itself. */
const STATE = Symbol("state");

/** Returns where a lazy request comes from; undefined for any other value. */
export function sourceOfLazy(request: object): RequestSource | undefined {
  return (request as { [STATE]?: RequestState })[STATE]?.source;
}

/** What a lazy request has, and what was made of it. */
class RequestState implements RequestParts {
  readonly head: RequestHead;
  readonly body: RequestBody;
  readonly incoming: IncomingBody | undefined;
  readonly origin: string;
  readonly headers: Headers | undefined;
  readonly source: RequestSource;
  /** The headers that the handler sees; undefined before they are asked for. */
  seenHeaders: Headers | undefined;
  /** The platform's request; undefined until something needs it. It has the body from then on. */
  real: Request | undefined;
  #url: string | undefined;
  #isUsed = false;

  constructor({ head, body, incoming, origin, headers, source }: RequestParts) {
    this.head = head;
    this.body = body;
    this.incoming = incoming;
    this.origin = origin;
    this.headers = headers;
    this.source = source;
  }

  /** As the client sent it: methods are case-sensitive (RFC 9110, section 9.1). */
  get method(): string {
    return this.head.method;
  }

  get url(): string {
    return this.#url ??= urlOf(this.origin, this.head);
  }

  get fields(): FieldSource {
    return this.headers ?? this.head;
  }

  get isBodiless(): boolean {
    return isBodiless(this.method);
  }

  /** Whether the body was read, or cannot be read any more, while there is no real request. */
  get isUsed(): boolean {
    return this.#isUsed || this.isLate;
  }

  /** Whether the body is gone and no reader has read it. */
  get isLate(): boolean {
    return this.isReadable && !this.isBodiless && this.body.isReleased;
  }

  /** Whether a reader may read the memory of the body. Otherwise the platform answers. */
  get isReadable(): boolean {
    return this.real === undefined && !this.#isUsed;
  }

  /** Reads the body as text. */
  takeText(): string {
    if (this.isBodiless) return "";
    return this.#take(this.body.decode());
  }

  /** Reads the body as bytes, which belong to the reader. */
  takeBytes(): Uint8Array<ArrayBuffer> {
    if (this.isBodiless) return new Uint8Array(0);
    return this.#take(this.body.give());
  }

  /** Reads the body as a form, if it is one that needs no parser of the platform. */
  takeForm(): FormData | undefined {
    const contentType = this.fields instanceof RequestHead
      ? this.fields.header("content-type")
      : this.fields.get("content-type");
    const bytes = this.isBodiless ? undefined : this.body.peek();
    if (contentType === null || bytes === undefined) return undefined;
    const form = readBrowserForm(contentType, bytes);
    if (form !== undefined) this.#isUsed = true;
    return form;
  }

  /** Collects a body that has not come whole. Undefined if the platform's request has the body, or there is none. */
  collect(): Promise<Uint8Array<ArrayBuffer>> | undefined {
    if (!this.isReadable || this.isBodiless) return undefined;
    this.#isUsed = true;
    return this.incoming?.collect();
  }

  #take<Value>(value: Value | undefined): Value {
    if (value === undefined) throw lateReadError(this.source);
    this.#isUsed = true;
    return value;
  }

  /**
   * Makes the platform's request, without its fields. One with a body has the method POST, whatever
   * the client sent.
   */
  createReal(PlatformRequest: typeof Request): Request {
    const { method, url } = this;
    if (method === "GET") return new PlatformRequest(url);
    if (this.isBodiless) return new PlatformRequest(url, { method });
    const { isUsed } = this;
    const body = isUsed ? new Uint8Array(0) : this.incoming?.stream ?? this.body.give();
    const real = new PlatformRequest(url, { method: "POST", body });
    if (isUsed) real.arrayBuffer();
    return real;
  }
}

/** Calls a reader, and returns what it returns or throws as the platform's readers do. */
function promiseOf<Value>(read: () => Value): Promise<Value> {
  try {
    return Promise.resolve(read());
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Defines the class of lazy requests.
 *
 * @throws {TypeError} when the platform keeps the state of `Request` in another way than it did
 */
export function defineLazyRequest(): RequestMaker {
  const PlatformRequest = platformClass("Request");
  const platform = PlatformRequest.prototype;
  const lazyHeaders = defineLazyHeaders();
  const sample = new PlatformRequest("http://localhost/");
  const { headers, signal } = sample;
  const headersKey = stateKeyOf(sample, (value) => value === headers);
  const signalKey = stateKeyOf(sample, (value) => value === signal);
  const innerKey = stateKeyOf(sample, (value) => Object(value).method === "GET");

  function realOf(lazy: LazyRequest): Request {
    const state = lazy[STATE];
    if (state.real === undefined) {
      const real = state.createReal(PlatformRequest);
      // The platform's constructor would write "delete" in upper case. An application would then
      // run what a front end has not recognized as a DELETE.
      if (!state.isBodiless) {
        Reflect.set(Object(Reflect.get(real, innerKey)), "method", state.method);
      }
      lazyHeaders.fill(real.headers, state.fields);
      state.real = real;
    }
    return state.real;
  }

  function headersOf(state: RequestState): Headers {
    if (state.headers === undefined) return lazyHeaders.create(state.head);
    const headers = new (platformClass("Headers"))();
    lazyHeaders.fill(headers, state.headers);
    return headers;
  }

  function asRequest(lazy: LazyRequest): Request {
    return lazy as unknown as Request;
  }

  /** Reads a body that has not come whole. */
  async function readComing<Name extends ReaderName>(
    lazy: LazyRequest,
    name: Name,
    incoming: IncomingBody,
  ): Promise<Readings[Name]> {
    const state = lazy[STATE];
    const request = asRequest(lazy);
    const bytes = await state.collect();
    if (bytes !== undefined) return await readAs(name, bytes, request, state.source);
    return await readIncoming(
      name,
      request,
      incoming,
      state.source,
      () => platform[name].call(request) as Promise<Readings[Name]>,
    );
  }

  /** Its readers pass an object that is none of them to the platform, which refuses it. */
  class LazyRequest {
    readonly [STATE]: RequestState;

    constructor(parts: RequestParts) {
      this[STATE] = new RequestState(parts);
    }

    get method(): string {
      return this[STATE].method;
    }

    get url(): string {
      return this[STATE].url;
    }

    get headers(): Headers {
      const state = this[STATE];
      return state.seenHeaders ??= headersOf(state);
    }

    get signal(): AbortSignal {
      return this[STATE].source.signal;
    }

    get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
      return this[STATE].isBodiless ? null : realOf(this).body;
    }

    get bodyUsed(): boolean {
      const state = this[STATE];
      return state.real === undefined ? state.isUsed : state.real.bodyUsed;
    }

    text(): Promise<string> {
      const state = this?.[STATE];
      if (state?.incoming !== undefined) return readComing(this, "text", state.incoming);
      if (!state?.isReadable) return platform.text.call(asRequest(this));
      return promiseOf(() => state.takeText());
    }

    json(): Promise<unknown> {
      const state = this?.[STATE];
      if (state === undefined) return platform.json.call(asRequest(this));
      const { source } = state;
      if (state.incoming !== undefined) return readComing(this, "json", state.incoming);
      if (!state.isReadable) {
        const request = asRequest(this);
        return readNotingFaults(request, source, () => platform.json.call(request), notJson);
      }
      return promiseOf(() => {
        const text = state.takeText();
        try {
          return JSON.parse(text);
        } catch (error) {
          noteBodyFault(error as object, { of: source, answer: notJson(error) });
          throw error;
        }
      });
    }

    bytes(): Promise<Uint8Array<ArrayBuffer>> {
      const state = this?.[STATE];
      if (state?.incoming !== undefined) return readComing(this, "bytes", state.incoming);
      if (!state?.isReadable) return platform.bytes.call(asRequest(this));
      return promiseOf(() => state.takeBytes());
    }

    arrayBuffer(): Promise<ArrayBuffer> {
      const state = this?.[STATE];
      if (state?.incoming !== undefined) return readComing(this, "arrayBuffer", state.incoming);
      if (!state?.isReadable) return platform.arrayBuffer.call(asRequest(this));
      return promiseOf(() => state.takeBytes().buffer);
    }

    blob(): Promise<Blob> {
      const state = this?.[STATE];
      if (state?.incoming !== undefined) return readComing(this, "blob", state.incoming);
      if (state?.isLate) return Promise.reject(lateReadError(state.source));
      return platform.blob.call(asRequest(this));
    }

    formData(): Promise<FormData> {
      const state = this?.[STATE];
      if (state?.incoming !== undefined) return readComing(this, "formData", state.incoming);
      if (state === undefined) return platform.formData.call(asRequest(this));
      if (state.isLate) return Promise.reject(lateReadError(state.source));
      const form = state.isReadable ? state.takeForm() : undefined;
      if (form !== undefined) return Promise.resolve(form);
      const request = asRequest(this);
      const read = () => platform.formData.call(request);
      return readNotingFaults(request, state.source, read, notFormOf(request));
    }

    clone(): Request {
      const copy = platform.clone.call(asRequest(this));
      const { source, incoming } = this[STATE];
      return adoptRequest(copy, source, incoming);
    }
  }

  standFor(LazyRequest.prototype, platform, stateKeysOf(sample), realOf);
  defineWaitUntil(LazyRequest.prototype, (request) => request[STATE].source);
  // Code of the platform that looks for these finds what the handler sees. The signal is made now,
  // so that what is derived from the request aborts with it.
  Object.defineProperty(LazyRequest.prototype, headersKey, {
    get(this: LazyRequest): Headers {
      return this.headers;
    },
  });
  Object.defineProperty(LazyRequest.prototype, signalKey, {
    get(this: LazyRequest): AbortSignal {
      return this.signal;
    },
  });
  return (parts) => asRequest(new LazyRequest(parts));
}
