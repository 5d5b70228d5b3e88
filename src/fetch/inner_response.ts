// Reads a platform `Response` of text or bytes without its stream. The platform has no public way:
// once `body` is read, text is a stream of one part like any other. So this looks where
// `Deno.serve` does, at properties whose keys are symbols. A self-test shows whether they are what
// they were in Deno 2.9; if not, every response is read by public ways.

import { checkField, type Field, isContentType } from "../handler/checked_headers.ts";
import { OutgoingResponse } from "../handler/outgoing_response.ts";
import type { EncodableBody } from "../http1/response_encoder.ts";
import { statusHasBody } from "../http1/status.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import { logToStandardError } from "../telemetry/log.ts";

/** The platform's own part of a response. */
interface InnerResponse {
  /** "default" for a response that a program has made. */
  readonly type: string;
  readonly status: number;
  readonly statusMessage: string;
  /** The `Headers` of the response, if there are any, change this list. */
  readonly headerList: Field[];
  readonly body: InnerBody | null;
}

interface InnerBody {
  /** Text or bytes as they are, or a stream. */
  readonly streamOrStatic: { readonly body?: unknown; readonly consumed?: boolean };
  /** What the body was made of. */
  readonly source: unknown;
}

/** The keys of what is read here, among the own properties of a response. */
export interface InnerKeys {
  readonly inner: symbol;
  /** A body that is not in the inner response yet. */
  readonly lazyBody: symbol;
  /** A content type that is not in the list of fields yet. */
  readonly lazyType: symbol;
  /** Whether a server has sent the body. */
  readonly isSent: symbol;
}

type Keyed = Record<symbol, unknown>;

/** The platform's class, which need not be the one in the global scope. */
export type ResponseClass = typeof Response;

/** The platform's type of a body of text, where the response names no other. */
export const DEFAULT_TEXT_TYPE = "text/plain;charset=UTF-8";

/** Undefined until it is needed, null if the self-test has failed. */
let knownKeys: InnerKeys | null | undefined;

/** Returns the keys; null if the platform has another form than this file knows. */
export function innerKeys(platform: ResponseClass = platformClass("Response")): InnerKeys | null {
  if (knownKeys === undefined) {
    const symbols = Object.getOwnPropertySymbols(new platform("probe"));
    hideNativePart(symbols, platform);
    knownKeys = findInnerKeys(symbols, platform);
    if (knownKeys === null) {
      logToStandardError(
        "this version of Deno keeps the parts of a Response in another way, so that fetch-style applications are served more slowly",
      );
    }
  }
  return knownKeys;
}

/** What the platform calls the key of a response's native part. */
const NATIVE_PART = "serve native response";

/**
 * Keeps the platform from freeing the native part of a response twice, which damages the memory of
 * the whole process (Deno 2.9.6). A response of text or bytes has such a part for `Deno.serve` if
 * it has a status other than 200 or fields of its own. `headers` frees the part, and removes the
 * finalizer of `this` from a registry. If a program reads `headers` from a `Proxy` of the response,
 * or from an object that inherits from it, then `this` is another object: the finalizer stays, and
 * frees the part again. With an accessor in the prototype, no response stores the part. So `headers`
 * finds none, and the finalizer alone frees it. `Deno.serve` sends such responses in another way.
 */
function hideNativePart(symbols: readonly symbol[], { prototype }: ResponseClass): void {
  const key = symbols.find(({ description }) => description === NATIVE_PART);
  if (key === undefined) return;
  Object.defineProperty(prototype, key, { get: () => null, set() {}, configurable: true });
}

/**
 * Returns what is sent of a response that a program has made of text, bytes, or nothing, and notes
 * that its body is used. Returns undefined for any other response, and for one that was used.
 *
 * @throws {TypeError} when a header may not be sent
 */
export function outgoingInMemory(response: Response): OutgoingResponse | undefined {
  const keys = innerKeys();
  return keys === null ? undefined : readDirectly(response, keys);
}

/** As {@linkcode outgoingInMemory}, with the keys. */
function readDirectly(response: Response, keys: InnerKeys): OutgoingResponse | undefined {
  const own = response as unknown as Keyed;
  const inner = own[keys.inner] as InnerResponse | undefined;
  // A response of another realm has other keys. 101 is no response that a handler can make.
  if (inner === undefined || inner.type !== "default" || inner.status < 200) return undefined;
  const body = bodyOf(inner, own[keys.lazyBody]);
  if (body === undefined || (body !== null && own[keys.isSent] !== false)) return undefined;
  const lazyType = own[keys.lazyType] as string | null;
  const addedType = lazyType ??
    (typeof own[keys.lazyBody] === "string" ? DEFAULT_TEXT_TYPE : null);
  const outgoing = outgoingOf(inner.status, addedType, inner.headerList, body);
  if (body !== null) own[keys.isSent] = true;
  return outgoing;
}

/** Returns a body that is in memory and was not used; undefined for any other. */
function bodyOf(inner: InnerResponse, lazyBody: unknown): EncodableBody | undefined {
  if (isInMemory(lazyBody)) return lazyBody;
  if (inner.body === null) return null;
  const { body, consumed } = inner.body.streamOrStatic;
  return consumed === false && isInMemory(body) ? body : undefined;
}

function isInMemory(body: unknown): body is string | Uint8Array {
  return typeof body === "string" || body instanceof Uint8Array;
}

/** `addedType` is a content type beside the fields. */
function outgoingOf(
  status: number,
  addedType: string | null,
  list: readonly Field[],
  body: EncodableBody,
): OutgoingResponse {
  if (list.length === 0) return new OutgoingResponse(status, addedType, null, body);
  // The platform has accepted control characters such as VT and DEL.
  for (const [name, value] of list) checkField(name, value);
  return new OutgoingResponse(status, addedType, list, body);
}

/**
 * Whether a response was made of text or bytes. The response's `body` must have been read before.
 * If the platform has moved the source, the answer is true: then the length of a body that comes at
 * once is corrected, and text with a wrong length is no panic.
 */
export function isMadeOfMemory(response: Response): boolean {
  const keys = innerKeys();
  if (keys === null) return true;
  const inner = (response as unknown as Keyed)[keys.inner] as InnerResponse | undefined;
  const source = inner?.body?.source;
  return typeof source === "string" || ArrayBuffer.isView(source) || source instanceof ArrayBuffer;
}

/** What the platform calls these keys. */
const KEY_NAMES: Readonly<Record<keyof InnerKeys, string>> = {
  inner: "response",
  lazyBody: "lazy static body",
  lazyType: "lazy static content type",
  isSent: "serve fast consumed",
};

/** Finds the keys among those of a response. Returns null if what they hold has another form. */
export function findInnerKeys(
  symbols: readonly symbol[],
  platform: ResponseClass = platformClass("Response"),
): InnerKeys | null {
  const keys: Record<string, symbol> = {};
  for (const [key, name] of Object.entries(KEY_NAMES)) {
    const symbol = symbols.find(({ description }) => description === name);
    if (symbol === undefined) return null;
    keys[key] = symbol;
  }
  const found = keys as unknown as InnerKeys;
  try {
    return passesSelfTest(found, platform) ? found : null;
  } catch {
    // A value is of another type than expected.
    return null;
  }
}

/** The platform's class, with the keys of its responses. */
export interface Platform {
  readonly Response: ResponseClass;
  readonly keys: InnerKeys;
}

/**
 * Makes a platform response as its constructor does, but without what that prepares for
 * `Deno.serve`, which costs more than all the rest. `type` is the content type where `init` has
 * none.
 *
 * @throws what the constructor throws
 */
export function makeWithBody(
  platform: Platform,
  body: string | Uint8Array<ArrayBuffer> | null,
  type: string | null,
  init: unknown,
): Response {
  const response = new platform.Response(null, init as ResponseInit);
  if (body === null) return response;
  const { keys } = platform;
  const own = response as unknown as Keyed;
  const { status, statusMessage, headerList } = own[keys.inner] as InnerResponse;
  if (status === 101 || !statusHasBody(status)) {
    throw new TypeError("Response with null body status cannot have body");
  }
  const types = headerList.filter(isContentType);
  if (types.length > 1) {
    const headers = headerList as unknown as [string, string][];
    return new platform.Response(body, { status, statusText: statusMessage, headers });
  }
  if (types.length === 1) headerList.splice(headerList.indexOf(types[0]), 1);
  own[keys.lazyBody] = body;
  own[keys.lazyType] = types.length === 1 ? types[0][1] : type;
  return response;
}

/**
 * Puts fields and a body into a platform response that was made without. They have to be such as
 * the platform accepts, with one content type at most.
 */
export function putParts(
  response: Response,
  keys: InnerKeys,
  { contentType, fields, body }: {
    readonly contentType: string | null;
    readonly fields: readonly Field[] | null;
    readonly body: string | Uint8Array<ArrayBuffer> | null;
  },
): void {
  const own = response as unknown as Keyed;
  const { headerList } = own[keys.inner] as InnerResponse;
  let type = contentType;
  for (const [name, value] of fields ?? []) {
    // The platform adds the type to the fields together with the body.
    if (isContentType([name, value])) type = value;
    // A copy: the platform changes fields in place.
    else headerList.push([name, value]);
  }
  if (body !== null) own[keys.lazyBody] = body;
  own[keys.lazyType] = type;
}

/** A response of the self-test, and what has to be read of it. */
interface SelfTest {
  readonly make: (platform: ResponseClass, keys: InnerKeys) => Response;
  readonly status?: number;
  readonly contentType?: string | null;
  /** The fields, except for a content type beside them. */
  readonly fields?: readonly Field[] | null;
  /** The body as text; undefined if the response must not be read directly. */
  readonly text?: string | null;
}

const FIELDS = { status: 201, headers: { "content-type": "text/html", "x-a": "b" } };
const BYTES = Uint8Array.of(97);

const SELF_TESTS: readonly SelfTest[] = [
  { make: (platform) => new platform("é"), contentType: DEFAULT_TEXT_TYPE, text: "é" },
  { make: (platform) => new platform(""), contentType: DEFAULT_TEXT_TYPE, text: "" },
  { make: (platform) => new platform(null, { status: 204 }), status: 204, text: null },
  { make: (platform) => new platform(new Uint8Array([97])), text: "a" },
  { make: (platform) => platform.json([1]), contentType: "application/json", text: "[1]" },
  {
    make: (platform) => platform.json([1], { status: 201, headers: { "x-a": "b" } }),
    status: 201,
    contentType: "application/json",
    fields: [["x-a", "b"]],
    text: "[1]",
  },
  {
    make: (platform) => new platform("a", { headers: { "content-type": "text/plain" } }),
    contentType: "text/plain",
    text: "a",
  },
  {
    make: (platform) => new platform("a", { headers: { "content-type": "text/html", "x-a": "b" } }),
    contentType: "text/html",
    fields: [["x-a", "b"]],
    text: "a",
  },
  {
    make: (platform) => {
      const response = new platform("a");
      response.headers.set("content-type", "text/html");
      response.headers.append("x-a", "b");
      return response;
    },
    contentType: "text/html",
    fields: [["x-a", "b"]],
    text: "a",
  },
  {
    make: (Response, keys) => makeWithBody({ Response, keys }, "a", DEFAULT_TEXT_TYPE, FIELDS),
    status: 201,
    contentType: "text/html",
    fields: [["x-a", "b"]],
    text: "a",
  },
  {
    make: (Response, keys) => {
      const response = makeWithBody({ Response, keys }, BYTES, null, { headers: { "x-a": "b" } });
      response.headers.append("x-c", "d");
      return response;
    },
    fields: [["x-a", "b"], ["x-c", "d"]],
    text: "a",
  },
  {
    make: (Response, keys) => makeWithBody({ Response, keys }, "a", "a/b", undefined).clone(),
    contentType: "a/b",
    text: "a",
  },
  { make: (platform) => new platform("a").clone(), contentType: DEFAULT_TEXT_TYPE, text: "a" },
  { make: (platform) => platform.error() },
  { make: (platform) => new platform(new ReadableStream()) },
  {
    make: (platform) => {
      const response = new platform("a");
      response.text();
      return response;
    },
  },
];

function passesSelfTest(keys: InnerKeys, platform: ResponseClass): boolean {
  return SELF_TESTS.every(({ make, status = 200, contentType = null, fields = null, text }) => {
    const response = make(platform, keys);
    const outgoing = readDirectly(response, keys);
    if (outgoing === undefined || text === undefined) return outgoing === text;
    const { body } = outgoing;
    return outgoing.status === status && outgoing.contentType === contentType &&
      textOf(outgoing.fields) === textOf(fields) && response.bodyUsed === (text !== null) &&
      (body instanceof Uint8Array ? new TextDecoder().decode(body) : body) === text &&
      (text === null || readDirectly(response, keys) === undefined);
  });
}

function textOf(fields: readonly Field[] | null): string | undefined {
  return fields?.map(([name, value]) => `${name.toLowerCase()}: ${value}`).join();
}
