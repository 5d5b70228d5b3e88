// Makes heads for tests out of their text, by the parser itself.

import { assert } from "@std/assert";
import { HeadParser } from "../../src/http1/head_parser.ts";
import { RequestHead } from "../../src/http1/request_head.ts";
import { bytesOf, DEFAULT_LIMITS } from "./reading.ts";

/** The head that is written there, to its empty line. */
export function headOf(text: string): RequestHead {
  const bytes = bytesOf(text);
  const parser = new HeadParser(DEFAULT_LIMITS);
  const outcome = parser.parse(bytes, 0, bytes.length);
  assert(outcome.kind === "complete", `${JSON.stringify(text)} is no head`);
  const head = parser.take(bytes, 0, outcome.end);
  assert(head instanceof RequestHead);
  return head;
}

/** A head with those field lines behind its Host; each one ends in CRLF. */
export function headWith(fieldLines: string, version = "1.1"): RequestHead {
  return headOf(`GET / HTTP/${version}\r\nHost: a\r\n${fieldLines}\r\n`);
}
