// The requests that many cases of the fidelity suite share.

import type { FidelityCase, SentRequest } from "../../support/fetch_fidelity/fidelity_case.ts";
import { MULTIPART_TEXT, MULTIPART_TYPE } from "../../support/requests/multipart_form.ts";

export const GET: SentRequest = {
  target: "/a/b%20c?d=e%20f&g",
  fields: [
    ["Accept", "*/*"],
    ["X-Twice", "one"],
    ["Cookie", "a=b; c=d"],
    ["x-twice", "two"],
    ["User-Agent", "fidelity/1.0"],
  ],
};

export const JSON_POST: SentRequest = {
  method: "POST",
  target: "/notes",
  fields: [["Content-Type", "application/json"], ["X-One", "1"]],
  body: '{"text":"gr\u00fc\u00df dich \u{1f600}","list":[1,2,3]}',
};

export const FORM_POST: SentRequest = {
  method: "POST",
  target: "/form",
  fields: [["Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"]],
  body: "a=1&b=2&b=%C3%A9+x",
};

export const MULTIPART_POST: SentRequest = {
  method: "POST",
  target: "/form",
  fields: [["Content-Type", MULTIPART_TYPE]],
  body: MULTIPART_TEXT,
};

export const BYTES_PUT: SentRequest = {
  method: "PUT",
  target: "/bytes",
  fields: [["Content-Type", "application/octet-stream"]],
  body: Uint8Array.of(0xef, 0xbb, 0xbf, 0, 255, 128, 10, 0xc3),
};

export const EMPTY_POST: SentRequest = { method: "POST", target: "/empty", body: "" };

export const BODILESS_POST: SentRequest = { method: "POST", target: "/none" };

export const CHUNKED_POST: SentRequest = { ...JSON_POST, isChunked: true };

/** Requests of every kind, by what they are called. */
export const KINDS: Readonly<Record<string, SentRequest>> = {
  "a GET": GET,
  "a HEAD": { ...GET, method: "HEAD" },
  "a GET with a body": { ...GET, body: "unexpected" },
  "an OPTIONS": { method: "OPTIONS", target: "/a" },
  "a DELETE with a body": { method: "DELETE", target: "/a", body: "why" },
  "a POST of JSON": JSON_POST,
  "a POST of JSON in chunks": CHUNKED_POST,
  "a POST of a form": FORM_POST,
  "a POST of a form with a file": MULTIPART_POST,
  "a PUT of bytes": BYTES_PUT,
  "a PATCH": { ...JSON_POST, method: "PATCH" },
  "a POST of nothing": EMPTY_POST,
  "a POST without a body": BODILESS_POST,
  "a method of its own": { method: "PURGE", target: "/cache" },
};

/** A case with one request for each item. The items are handled one by one. */
export function forEach<Item>(
  items: readonly Item[],
  send: (item: Item) => SentRequest,
  handle: (
    item: Item,
    ...rest: Parameters<FidelityCase["handle"]>
  ) => ReturnType<FidelityCase["handle"]>,
): FidelityCase {
  return {
    send: items.map(send),
    handle: (request, run, info) => handle(items[run.index], request, run, info),
  };
}
