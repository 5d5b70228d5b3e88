// What a wire case is: bytes, and what must come of them. The cases themselves are in the files beside this one, one for
// each group of sections of RFC 9110 and RFC 9112. No code that runs: types alone, for whoever reads or writes cases.

import type { REFUSALS } from "../../../src/http1/refusal.ts";
import type { RequestLimits } from "../../../src/http1/request_parser.ts";

/** The name of a refusal, and so of the fault that leads to it. */
export type RefusalName = keyof typeof REFUSALS;

/** A request that must come out. What is not named has the value of the plainest request there is. */
export interface ExpectedRequest {
  /** `"GET"` where it is not named. */
  method?: string;
  /** `"/"` where it is not named. */
  target?: string;
  /** The decoded path; not looked at where it is not named. */
  path?: string;
  /** Not looked at where it is not named. */
  query?: string;
  /** Not looked at where it is not named. */
  minorVersion?: 0 | 1;
  /** All field lines, as they were sent; not looked at where they are not named. */
  fields?: [name: string, value: string][];
  /** Empty where it is not named. */
  body?: string;
  /** Whether the client lets the connection persist: it does where nothing is said. */
  persists?: boolean;
  /** Whether the client has to be told to go on, where its body has not come with the head: not where nothing is said. */
  continues?: boolean;
  /** With this status the request is answered without a handler; its body is not looked at. */
  declined?: number;
}

/** Bytes, and what must come of them. */
export interface WireCase {
  /** Completes "the parser reads ..." or "the parser refuses ...". */
  what: string;
  /** Each character is one byte. */
  bytes: string;
  /** Limits that differ from the defaults. */
  limits?: Partial<RequestLimits>;
  /** What must come out, in order; nothing where it is not named. */
  requests?: ExpectedRequest[];
  /** With this status all that follows the requests is refused; nothing is where it is not named. */
  refused?: number;
  /** Which fault the refusal has to name, so that whoever debugs the client is not misled. With `refused`, and only then. */
  reason?: RefusalName;
  /** Whether the answer to the refused request has no body, because its method is HEAD. */
  isHeadRequest?: boolean;
  /** What is missing in the end; nothing where it is not named. */
  awaiting?: "head" | "body";
}

/** Cases that belong together. */
export interface WireGroup {
  /** What they are about, with the sections that rule it, or the design page where it is ours alone. */
  about: string;
  cases: WireCase[];
}
