// The handlers of the benchmark as a user of Mudpie writes them. The server in mudpie.ts has them, and so have the
// micro-benchmarks of a whole exchange.

import { type WebRequest, WebResponse } from "../../../mod.ts";
import type { Handler } from "../../../src/handler/handler.ts";
import { routePattern } from "../routes.js";
import { BYTES_10K, BYTES_64K, formAnswer, HELLO, profileOf, statusOf } from "./answers.js";
import { HTML_PAGES, JSON_PAGES } from "./pages.js";

export function hello(): WebResponse {
  return WebResponse.text(HELLO);
}

// It awaits nothing: what a promise costs is to be seen, and not what a timer does.
// deno-lint-ignore require-await
export async function helloAsync(): Promise<WebResponse> {
  return WebResponse.text(HELLO);
}

export function helloFields(): WebResponse {
  return WebResponse.text(HELLO, { headers: { "cache-control": "no-store" } });
}

// deno-lint-ignore require-await
export async function helloFieldsAsync(): Promise<WebResponse> {
  return helloFields();
}

export function status(): WebResponse {
  return WebResponse.json(statusOf());
}

export function profile(req: WebRequest<"/users/:id/profile">): WebResponse {
  return WebResponse.json(profileOf(
    req.params.id,
    req.query.get("tab"),
    req.header("cookie"),
    req.header("user-agent"),
    req.header("accept-language"),
  ));
}

export function order(req: WebRequest): WebResponse {
  return WebResponse.json(req.json());
}

export function upload(req: WebRequest): WebResponse {
  return WebResponse.text(String(req.body.length));
}

export async function form(req: WebRequest): Promise<WebResponse> {
  return WebResponse.json(formAnswer(await req.formData()));
}

export function bytes10k(): WebResponse {
  return WebResponse.bytes(BYTES_10K);
}

export function bytes64k(): WebResponse {
  return WebResponse.bytes(BYTES_64K);
}

/** Takes a pattern and its handler. */
export type AddPath = (pattern: `/${string}`, handler: Handler) => void;

/** Adds all paths of the benchmark, and so many more routes. */
export function addPaths(add: AddPath, routes = 0): void {
  add("/hello", hello);
  add("/hello-async", helloAsync);
  add("/hello-fields", helloFields);
  add("/hello-fields-async", helloFieldsAsync);
  add("/status", status);
  add("/users/:id/profile", profile as Handler);
  add("/orders", order);
  add("/uploads", upload);
  add("/uploads-buffer", upload);
  add("/forms", form);
  add("/bytes-10k", bytes10k);
  add("/bytes-64k", bytes64k);
  for (const { path, render } of HTML_PAGES) {
    add(path as `/${string}`, () => WebResponse.html(render()));
  }
  for (const { path, value } of JSON_PAGES) {
    add(path as `/${string}`, () => WebResponse.json(value()));
  }
  for (let index = 0; index < routes; index++) add(routePattern(index) as `/${string}`, hello);
}
