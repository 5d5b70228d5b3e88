// What a wire case is: bytes of a client, and what must come of them. The cases themselves are in
// the files beside this one, one for each group of sections of RFC 6455. Types alone.

import type { MessageLimits } from "../../../src/websocket/frame_parser.ts";
import type { Reading } from "../reading.ts";

/** Bytes, and what must come of them. */
export interface WireCase {
  /** Completes "FrameParser reads ...", "... fails on ..." or "... waits for the rest of ...". */
  what: string;
  /** Each character is one byte. */
  bytes: string;
  /** Limits that differ from the defaults. */
  limits?: Partial<MessageLimits>;
  /** What must come out, in order. */
  reads: Reading[];
  /**
   * After so many bytes the last reading must be there, if they come one by one; after all of them
   * where it is not named.
   */
  after?: number;
}

/** Cases that belong together. */
export interface WireGroup {
  /** What they are about, with the sections that rule it. */
  about: string;
  cases: WireCase[];
}
