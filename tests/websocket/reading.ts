// Gives bytes to a FrameParser as a session would, and writes down as plain data what comes of
// them.

import { assert, assertEquals, assertGreater } from "@std/assert";
import type { BufferPool } from "../../src/http1/buffer_pool.ts";
import { type Failure, FAILURES } from "../../src/websocket/failure.ts";
import {
  FrameEvent,
  FrameParser,
  type MessageInflater,
  type MessageLimits,
} from "../../src/websocket/frame_parser.ts";
import { SpoilingPool, textOf } from "../http1/reading.ts";
import { utf8 } from "./frames.ts";

export const DEFAULT_LIMITS: MessageLimits = { maxMessageBytes: 16_777_216, maxFragments: 16_384 };

/** The name of a failure, and so of the fault that leads to it. */
export type FailureName = keyof typeof FAILURES;

/** What the parser returns, as plain data. Each character of a text is one byte. */
export type Reading =
  | { readonly text: string }
  | { readonly binary: string }
  | { readonly ping: string }
  | { readonly pong: string }
  | { readonly close: readonly [code: number, reason: string] }
  | { readonly failure: FailureName };

/** All that has come of some bytes. */
export interface Conversation {
  readonly readings: readonly Reading[];
  /** How many bytes had come when the last reading was made. */
  readonly bytesToLast: number;
}

/**
 * Reads the pieces of one client. Memory that is not the receiver's own is spoilt as soon as it is
 * free.
 */
export function converse(
  pieces: Iterable<Uint8Array>,
  limits: MessageLimits = DEFAULT_LIMITS,
  inflater?: MessageInflater,
  pool: BufferPool = new SpoilingPool(),
): Conversation {
  const parser = new FrameParser(limits, pool, inflater);
  const readings: Reading[] = [];
  const binaries: Uint8Array[] = [];
  let bytes = 0;
  let bytesToLast = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const count = parser.receive(piece.subarray(at));
      assertGreater(count, 0, "the parser has no room");
      at += count;
      bytes += count;
      for (let event = parser.next(); event !== FrameEvent.Incomplete; event = parser.next()) {
        if (event === FrameEvent.Binary) binaries.push(parser.binary!);
        readings.push(readingOf(event, parser));
        bytesToLast = bytes;
      }
    }
  }
  parser.release();
  assertBinariesAreKept(readings, binaries);
  return { readings, bytesToLast };
}

function readingOf(event: FrameEvent, parser: FrameParser): Reading {
  switch (event) {
    case FrameEvent.Text:
      assertEquals(parser.messageBytes, utf8(parser.text).length);
      return { text: utf8(parser.text) };
    case FrameEvent.Binary:
      assertEquals(parser.messageBytes, parser.binary!.length);
      return { binary: textOf(parser.binary!) };
    case FrameEvent.Ping:
      return { ping: textOf(parser.payload) };
    case FrameEvent.Pong:
      return { pong: textOf(parser.payload) };
    case FrameEvent.Close:
      return { close: [parser.closeCode, utf8(parser.closeReason)] };
    case FrameEvent.Failure:
      return { failure: nameOfFailure(parser.failure!) };
    case FrameEvent.Incomplete:
      throw new Error("nothing has been read");
  }
}

/** Returns the name of a failure. */
export function nameOfFailure(failure: Failure): FailureName {
  const found = Object.entries(FAILURES).find(([, other]) => other === failure);
  assert(found !== undefined, `unknown failure: ${failure.reason}`);
  return found[0] as FailureName;
}

/** A binary message is memory of its own: what comes after it does not change it. */
function assertBinariesAreKept(
  readings: readonly Reading[],
  binaries: readonly Uint8Array[],
): void {
  const expected = readings.flatMap((reading) => "binary" in reading ? [reading.binary] : []);
  assertEquals(binaries.map(textOf), expected);
  for (const { byteOffset, length, buffer } of binaries) {
    assertEquals([byteOffset, length], [0, buffer.byteLength]);
  }
}
