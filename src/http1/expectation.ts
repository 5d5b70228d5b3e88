// What a client expects before it sends the body of its request (RFC 9110, section 10.1.1).

import { parseList } from "./grammar.ts";
import { type RequestHead, Seen } from "./request_head.ts";

/** What a client expects; "other" is anything beside `100-continue`. */
export type Expectation = "nothing" | "continue" | "other";

/** Returns what the client expects. HTTP/1.0 has no expectations. */
export function expectationOf(head: RequestHead): Expectation {
  if ((head.seen & Seen.Expect) === 0 || head.minorVersion === 0) return "nothing";
  const members = parseList(head.header("expect") ?? "").filter((member) => member !== "");
  if (members.length === 0) return "nothing";
  return members.every((member) => member === "100-continue") ? "continue" : "other";
}
