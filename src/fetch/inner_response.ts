// Reads a platform `Response` of text or bytes without its stream. The platform has no public way:
// once `body` is read, text is a stream of one part like any other. So this looks where
// `Deno.serve` does, at properties whose keys are symbols. A self-test shows whether they are what
// they were in Deno 2.9; if not, every response is read by public ways.

import { checkField, type Field, isContentType } from "../handler/checked_headers.ts";
import { OutgoingResponse } from "../handler/outgoing_response.ts";
import type { EncodableBody } from "../http1/response_encoder.ts";
import { logToStandardError } from "../telemetry/log.ts";

/** The platform's own part of a response. */
interface InnerResponse {
  /** "default" for a response that a program has made. */
  readonly type: string;
  readonly status: number;
  /** The `Headers` of the response, if there are any, change this list. */
  readonly headerList: readonly Field[];
  readonly body: InnerBody | null;
}

interface InnerBody {
  /** Text or bytes as they are, or a stream. */
  readonly streamOrStatic: { readonly body?: unknown; readonly consumed?: boolean };
  /** What the body was made of. */
  readonly source: unknown;
}

/** The keys of what is read here, among the own properties of a response. */
interface InnerKeys {
  readonly inner: symbol;
  /** Text that is not in the inner response yet. */
  readonly lazyText: symbol;
  /** A content type that is not in the list of fields yet. */
  readonly lazyType: symbol;
  /** Whether a server has sent the body. */
  readonly isSent: symbol;
}

type Keyed = Record<symbol, unknown>;

/** The platform's type of a body of text, where the response names no other. */
const DEFAULT_TEXT_TYPE = "text/plain;charset=UTF-8";

/** Undefined until it is needed, null if the self-test has failed. */
let knownKeys: InnerKeys | null | undefined;

function innerKeys(): InnerKeys | null {
  if (knownKeys === undefined) {
    knownKeys = findInnerKeys(Object.getOwnPropertySymbols(new Response("probe")));
    if (knownKeys === null) {
      logToStandardError(
        "this version of Deno keeps the parts of a Response in another way, so that fetch-style applications are served more slowly",
      );
    }
  }
  return knownKeys;
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

function readDirectly(response: Response, keys: InnerKeys): OutgoingResponse | undefined {
  const own = response as unknown as Keyed;
  const inner = own[keys.inner] as InnerResponse | undefined;
  // A response of another realm has other keys. 101 is no response that a handler can make.
  if (inner === undefined || inner.type !== "default" || inner.status < 200) return undefined;
  const lazyText = own[keys.lazyText];
  let body: EncodableBody;
  if (typeof lazyText === "string") body = lazyText;
  else if (inner.body === null) body = null;
  else {
    const { body: kept, consumed } = inner.body.streamOrStatic;
    if (consumed !== false) return undefined;
    if (typeof kept !== "string" && !(kept instanceof Uint8Array)) return undefined;
    body = kept;
  }
  if (body !== null && own[keys.isSent] !== false) return undefined;
  const lazyType = own[keys.lazyType] as string | null;
  const addedType = lazyType ?? (typeof lazyText === "string" ? DEFAULT_TEXT_TYPE : null);
  const outgoing = outgoingOf(inner.status, addedType, inner.headerList, body);
  if (body !== null) own[keys.isSent] = true;
  return outgoing;
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
  if (addedType === null && list.length === 1 && isContentType(list[0])) {
    return new OutgoingResponse(status, list[0][1], null, body);
  }
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
  lazyText: "lazy static body",
  lazyType: "lazy static content type",
  isSent: "serve fast consumed",
};

/** Finds the keys among those of a response. Returns null if what they hold has another form. */
export function findInnerKeys(symbols: readonly symbol[]): InnerKeys | null {
  const keys: Record<string, symbol> = {};
  for (const [key, name] of Object.entries(KEY_NAMES)) {
    const symbol = symbols.find(({ description }) => description === name);
    if (symbol === undefined) return null;
    keys[key] = symbol;
  }
  const found = keys as unknown as InnerKeys;
  try {
    return passesSelfTest(found) ? found : null;
  } catch {
    // A value is of another type than expected.
    return null;
  }
}

/** A response of the self-test, and what has to be read of it. */
interface SelfTest {
  readonly make: () => Response;
  readonly status?: number;
  readonly contentType?: string | null;
  /** The fields, except for a content type beside them. */
  readonly fields?: readonly Field[] | null;
  /** The body as text; undefined if the response must not be read directly. */
  readonly text?: string | null;
}

const SELF_TESTS: readonly SelfTest[] = [
  { make: () => new Response("é"), contentType: DEFAULT_TEXT_TYPE, text: "é" },
  { make: () => new Response(""), contentType: DEFAULT_TEXT_TYPE, text: "" },
  { make: () => new Response(null, { status: 204 }), status: 204, text: null },
  { make: () => new Response(new Uint8Array([97])), text: "a" },
  { make: () => Response.json([1]), contentType: "application/json", text: "[1]" },
  {
    make: () => Response.json([1], { status: 201, headers: { "x-a": "b" } }),
    status: 201,
    fields: [["x-a", "b"], ["content-type", "application/json"]],
    text: "[1]",
  },
  {
    make: () => new Response("a", { headers: { "content-type": "text/plain" } }),
    contentType: "text/plain",
    text: "a",
  },
  {
    make: () => new Response("a", { headers: { "content-type": "text/html", "x-a": "b" } }),
    fields: [["content-type", "text/html"], ["x-a", "b"]],
    text: "a",
  },
  {
    make: () => {
      const response = new Response("a");
      response.headers.set("content-type", "text/html");
      response.headers.append("x-a", "b");
      return response;
    },
    fields: [["content-type", "text/html"], ["x-a", "b"]],
    text: "a",
  },
  { make: () => new Response("a").clone(), contentType: DEFAULT_TEXT_TYPE, text: "a" },
  { make: () => Response.error() },
  { make: () => new Response(new ReadableStream()) },
  {
    make: () => {
      const response = new Response("a");
      response.text();
      return response;
    },
  },
];

function passesSelfTest(keys: InnerKeys): boolean {
  return SELF_TESTS.every(({ make, status = 200, contentType = null, fields = null, text }) => {
    const response = make();
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
