// Each member of a request: alone, twice, and after each other member.

import type { FidelityCase, FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { HEADERS_MEMBERS, REQUEST_MEMBERS } from "./members.ts";
import { forEach, GET, JSON_POST, KINDS } from "./requests.ts";

const MEMBERS = Object.entries(REQUEST_MEMBERS);

/** Uses each member first, and looks at the body and at all plain properties afterwards. */
function eachMember(kind: string): FidelityCase {
  return forEach(MEMBERS, () => KINDS[kind], async ([name, use], request, { notes }) => {
    await notes.see(name, () => use(request));
    notes.see(`bodyUsed after ${name}`, () => request.bodyUsed);
    notes.see(`locked after ${name}`, () => request.body?.locked);
    notes.see(`method and url after ${name}`, () => [request.method, request.url]);
    notes.see(`headers after ${name}`, () => [...request.headers]);
  });
}

/** Uses one member, and then another. */
function eachPair(send: typeof GET): FidelityCase {
  const pairs = MEMBERS.flatMap((first) => MEMBERS.map((second) => [first, second] as const));
  return forEach(pairs, () => send, async ([[first, use], [second, useNext]], request, run) => {
    const { notes } = run;
    const reading = notes.see(`${first} before ${second}`, () => use(request));
    notes.see(`bodyUsed during ${first} before ${second}`, () => request.bodyUsed);
    await reading;
    await notes.see(`${second} after ${first}`, () => useNext(request));
  });
}

const HEADERS = Object.entries(HEADERS_MEMBERS);
const CHANGES = ["append", "delete", "set"];
const HEADERS_PAIRS = HEADERS.filter(([name]) => !CHANGES.includes(name))
  .flatMap((first) => HEADERS.map((second) => [first, second] as const));

export const requestMembers: FidelityCases = {
  ...Object.fromEntries(
    Object.keys(KINDS).map((kind) => [`${kind}, each member`, eachMember(kind)]),
  ),
  "a GET, each pair of members": eachPair(GET),
  "a POST, each pair of members": eachPair(JSON_POST),
  "headers, each pair of members": forEach(
    HEADERS_PAIRS,
    () => GET,
    ([[first, use], [second, useNext]], { headers }, { notes }) => {
      notes.see(`${first} before ${second}`, () => use(headers));
      notes.see(`${second} after ${first}`, () => useNext(headers));
    },
  ),
};
