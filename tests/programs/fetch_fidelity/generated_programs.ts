// Generates programs for the cases in programs.ts, together with the requests that they get.

import * as fc from "fast-check";
import type { SentRequest } from "../../support/fetch_fidelity/fidelity_case.ts";
import {
  BODY_KINDS,
  HEADERS_KINDS,
  REQUEST_STEPS,
  RESPONSE_STEPS,
  type ResponseParts,
  type Step,
} from "./programs.ts";

const stepsAmong = (names: readonly string[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({ does: fc.constantFrom(...names), to: fc.nat(5), waits: fc.boolean() }),
    { maxLength: 8 },
  );

/** Steps with a request, and with its copies. */
export const requestSteps: fc.Arbitrary<Step[]> = stepsAmong(REQUEST_STEPS);

/** A response's parts, and steps with it. */
export const responsePrograms: fc.Arbitrary<{ parts: ResponseParts; steps: Step[] }> = fc.record({
  parts: fc.record({
    body: fc.record({
      kind: fc.constantFrom(...Object.keys(BODY_KINDS) as (keyof typeof BODY_KINDS)[]),
      text: fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constant("x".repeat(70_000))),
    }),
    status: fc.constantFrom(200, 201, 404, 500),
    headers: fc.record({
      kind: fc.constantFrom(...Object.keys(HEADERS_KINDS) as (keyof typeof HEADERS_KINDS)[]),
      pairs: pairsAmong(["X-A", "x-b", "Set-Cookie", "Vary", "ETag", "Cache-Control", "x-a"]),
    }),
  }),
  steps: stepsAmong(RESPONSE_STEPS),
});

/**
 * Requests with any fields and any body. Deno.serve leaves dot segments in the URL, and Mudpie
 * refuses an encoded NUL, so there are neither. A body comes in one part: if one that comes in
 * several is read in part, the connection to Deno.serve hangs.
 */
export const sentRequests: fc.Arbitrary<SentRequest> = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"),
  target: fc.webPath().map((path) =>
    `/path${path}`.replaceAll(/\/(?:\.|%2e)/gi, "/-.").replaceAll("%00", "-")
  ),
  fields: fc.tuple(
    pairsAmong(["X-A", "x-b", "Accept", "Accept-Language", "x-a", "User-Agent"]),
    fc.constantFrom<[string, string][]>([], [["Cookie", "a=b; c=d"]]),
    fc.constantFrom<[string, string][]>(
      [],
      [["Content-Type", "text/plain"]],
      [["content-type", "application/json"]],
      [["Content-Type", "application/x-www-form-urlencoded"]],
    ),
  ).map((fields) => fields.flat()),
  body: fc.oneof(
    fc.json(),
    fc.webQueryParameters(),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Uint8Array.from(bytes)),
  ),
}).map((sent) =>
  sent.method === "GET" || sent.method === "HEAD" ? { ...sent, body: undefined } : sent
);

/**
 * Fields with these names. Values are visible ASCII, with spaces between. None is empty: the
 * platform's Headers lose an empty value beside others.
 */
function pairsAmong(names: readonly string[]): fc.Arbitrary<[string, string][]> {
  const value = fc.string({ unit: fc.constantFrom(...'az09!"$,;=/ ()[]{}~'), maxLength: 20 })
    .map((text) => text.trim() || "-");
  return fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 });
}
