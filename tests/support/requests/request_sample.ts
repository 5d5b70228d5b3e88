// Requests for fetch-style handlers that a test makes of text, and the readers of their bodies.

import { assert } from "@std/assert";
import type { RequestMaker } from "../../../src/handler/lazy_request.ts";
import { HeadParser } from "../../../src/http1/head_parser.ts";
import { RequestBody } from "../../../src/http1/request_body.ts";
import { encodeHead, RequestHead } from "../../../src/http1/request_head.ts";

const LIMITS = { maxTargetBytes: 8_192, maxHeadBytes: 16_384, maxHeaderCount: 100 };

/** What a request is made of. */
export interface Given {
  readonly method?: string;
  readonly target?: string;
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  readonly origin?: string;
  readonly headers?: Headers;
}

/** Parses the head of a request. */
export function parsedHead(
  { method = "GET", target = "/", fields = [["Host", "a"]] }: Given,
): RequestHead {
  const bytes = encodeHead({ method, target, fields });
  const parser = new HeadParser(LIMITS);
  parser.parse(bytes, 0, bytes.length);
  const head = parser.take(bytes, 0, bytes.length);
  assert(head instanceof RequestHead);
  return head;
}

/** A request, with what it was made of. */
export class Sample {
  readonly method: string;
  readonly target: string;
  readonly controller = new AbortController();
  readonly work: PromiseLike<unknown>[] = [];
  readonly request: Request;
  readonly memory: Uint8Array;
  readonly #body: RequestBody;

  constructor(create: RequestMaker, given: Given = {}) {
    const { method = "POST", target = "/path?query", body = "body" } = given;
    const { fields = [["Host", "a"], ["X-A", "1"]], origin = "http://a", headers } = given;
    this.method = method;
    this.target = target;
    const head = parsedHead({ method, target, fields });
    this.memory = typeof body === "string" ? new TextEncoder().encode(body) : body;
    this.#body = RequestBody.lent(this.memory, 0, this.memory.length);
    this.request = create({ head, body: this.#body, origin, headers, source: this });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  waitUntil(promise: PromiseLike<unknown>): void {
    this.work.push(promise);
  }

  /** Ends the exchange: the memory of the body is used for another request. */
  release(): void {
    this.#body.release();
    this.memory.fill(0x21);
  }
}

/** Returns what a promise rejects with; undefined if it does not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(() => undefined, (error) => error);
}

/** The readers of a body. */
export const READERS = ["text", "json", "bytes", "arrayBuffer", "blob", "formData"] as const;

/** The name of a reader. */
type ReaderName = typeof READERS[number];

/** The Content-Type of a form. */
export const FORM_TYPE = ["Content-Type", "application/x-www-form-urlencoded"] as const;

/** Bodies that every reader can read. */
export const READABLE: Record<ReaderName, { body: string; fields: (readonly [string, string])[] }> =
  {
    text: { body: "\ufeffJürgen", fields: [] },
    json: { body: '\ufeff{"a":[1]}', fields: [] },
    bytes: { body: "Jürgen", fields: [] },
    arrayBuffer: { body: "Jürgen", fields: [] },
    blob: { body: "Jürgen", fields: [["Content-Type", "Text/Plain ; Charset=UTF-8"]] },
    formData: { body: "a=1&a=%C3%A9+b", fields: [FORM_TYPE] },
  };

/** Makes plain values of what a reader has read. */
export async function plain(value: unknown): Promise<unknown> {
  if (value instanceof Blob) return [value.type, await value.text()];
  if (value instanceof FormData) return [...value];
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  return value instanceof Uint8Array ? [...value] : value;
}

/** What a client gets wrong in a body, the reader that finds it, and the status of the response. */
export const BODY_FAULTS = [
  { what: "json() of a body that is not JSON", body: "{", reader: "json", status: 400 },
  { what: "json() of an empty body", body: "", reader: "json", status: 400 },
  {
    what: "formData() of a body of another type",
    body: "a=1",
    reader: "formData",
    status: 415,
  },
  {
    what: "formData() of a form that cannot be parsed",
    body: "a=1",
    type: "multipart/form-data; boundary=X",
    reader: "formData",
    status: 400,
  },
] as const;
