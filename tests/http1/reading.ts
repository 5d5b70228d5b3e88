// Gives bytes to a RequestParser as a connection would, and writes down as plain data what comes of them.
// The buffers it reads into are spoilt as soon as they are free, so that whoever reads memory that is no longer theirs is seen.

import { assert, assertEquals, assertFalse, assertGreater } from "@std/assert";
import { BufferPool, type OutputBuffer } from "../../src/http1/buffer_pool.ts";
import type { Output } from "../../src/http1/output.ts";
import { RequestBody } from "../../src/http1/request_body.ts";
import type { RequestHead } from "../../src/http1/request_head.ts";
import { type RequestLimits, RequestParser } from "../../src/http1/request_parser.ts";

/** The limits of the contract (design page, section 2). */
export const DEFAULT_LIMITS: RequestLimits = {
  maxTargetBytes: 8_192,
  maxHeadBytes: 16_384,
  maxHeaderCount: 100,
  maxBodyBytes: 1_000_000,
  maxStreamedBodyBytes: 1_000_000,
};

/** A request or a refusal, as plain data. Each character of a text stands for one byte. */
export type Reading =
  | {
    readonly kind: "request";
    readonly method: string;
    readonly target: string;
    readonly path: string;
    readonly query: string;
    readonly minorVersion: 0 | 1;
    readonly fields: readonly (readonly [name: string, value: string])[];
    readonly body: string;
    readonly persists: boolean;
  }
  | {
    readonly kind: "declined";
    readonly status: number;
    readonly method: string;
    readonly persists: boolean;
  }
  | { readonly kind: "refused"; readonly status: number; readonly isHeadRequest: boolean };

/** All that has come of some bytes. */
export interface Conversation {
  readonly readings: readonly Reading[];
  /** How often the client was told to go on with a body. */
  readonly continues: number;
  /** What the parser waits for in the end. */
  readonly awaiting: "request" | "head" | "body";
}

/** A pool that spoils what it is given, and notices a buffer that is given twice. */
export class SpoilingPool extends BufferPool {
  readonly #free = new Set<Uint8Array<ArrayBuffer>>();

  override take(minimumBytes: number): Uint8Array<ArrayBuffer> {
    const buffer = super.take(minimumBytes);
    this.#free.delete(buffer);
    return buffer;
  }

  override give(buffer: Uint8Array<ArrayBuffer>): void {
    assertFalse(this.#free.has(buffer), "a buffer was given to the pool twice");
    this.#free.add(buffer);
    buffer.fill(0x21);
    super.give(buffer);
  }

  override takeForOutput(minimumBytes: number): OutputBuffer {
    const buffer = super.takeForOutput(minimumBytes);
    this.#free.delete(buffer.bytes);
    return buffer;
  }

  override giveFromOutput(buffer: OutputBuffer): void {
    assertFalse(this.#free.has(buffer.bytes), "a buffer of answers was given to the pool twice");
    buffer.bytes.fill(0x21);
    super.giveFromOutput(buffer);
    this.#free.add(buffer.bytes);
  }
}

/** The bytes that the characters of a text stand for. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => {
    const byte = character.charCodeAt(0);
    assert(byte <= 0xff, `${JSON.stringify(character)} is no byte`);
    return byte;
  });
}

/** The characters that stand for some bytes. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Takes all that waits in the output, part by part as a connection writes it, and clears it. */
export function takeWritten(output: Output): string {
  let text = textOf(output.bytes);
  while (output.largeBody !== undefined) {
    const { bytes, length } = output.nextPart();
    text += textOf(bytes.subarray(0, length));
  }
  output.clear();
  return text;
}

/** The field lines of a head, as they were sent. */
export function fieldsOf(head: RequestHead): (readonly [name: string, value: string])[] {
  return Array.from(
    { length: head.fieldCount },
    (_, index) => [head.fieldName(index), head.fieldValue(index)] as const,
  );
}

/** A body's bytes as text. They are taken only where they have to be, so that most bodies give their memory back. */
function readBody(body: RequestBody): string {
  const text = body.decode();
  const isAscii = text?.length === body.length && !/[^\0-\x7f]/.test(text);
  if (isAscii) return text;
  const bytes = body.take();
  assert(bytes !== undefined, "the body is released already");
  assertEquals(bytes.length, body.length);
  return textOf(bytes);
}

/** A request as plain data. */
function requestReading(head: RequestHead, body: string, persists: boolean): Reading {
  return {
    kind: "request",
    method: head.method,
    target: head.target,
    path: head.path,
    query: head.query,
    minorVersion: head.minorVersion,
    fields: fieldsOf(head),
    body,
    persists,
  };
}

/** A request whose body is under way, and what was read of the body. */
interface PartialRequest {
  readonly head: RequestHead;
  readonly persists: boolean;
  body: string;
}

/** A parser, and what has come of its bytes. */
class Conversing {
  readonly parser: RequestParser;
  readonly readings: Reading[] = [];
  continues = 0;
  awaiting: Conversation["awaiting"] = "request";
  readonly #view: Uint8Array;
  #partial: PartialRequest | undefined;

  constructor(limits: RequestLimits, viewBytes: number | undefined) {
    this.parser = new RequestParser(limits, new SpoilingPool(), () => viewBytes !== undefined);
    this.#view = new Uint8Array(viewBytes ?? 0);
  }

  /** Gives a piece to the parser, a part of it straight to the reader of a body if that can be. */
  give(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const { parser } = this;
      const direct = Math.min(parser.directBytes, this.#view.length);
      const space = direct > 0 ? this.#view.subarray(0, direct) : parser.space;
      assertGreater(space.length, 0, "the parser has no space for the next bytes");
      const count = Math.min(space.length, piece.length - at);
      space.set(piece.subarray(at, at + count));
      if (direct > 0) this.#receiveDirectly(count);
      else parser.received(count);
      at += count;
      this.#readAll();
    }
  }

  #receiveDirectly(count: number): void {
    this.parser.receivedDirectly(count);
    assert(this.#partial !== undefined, "no body is under way");
    this.#partial.body += textOf(this.#view.subarray(0, count));
    if (!this.parser.isBodyUnderWay) this.#endPartial();
  }

  #endPartial(): void {
    assert(this.#partial !== undefined, "no body is under way");
    const { head, body, persists } = this.#partial;
    this.readings.push(requestReading(head, body, persists));
    this.#partial = undefined;
  }

  #readAll(): void {
    while (this.#partial === undefined ? this.#readNext() : this.#readPart(this.#partial));
  }

  /** Reads a part of a body under way. Returns whether there may be more to read. */
  #readPart(partial: PartialRequest): boolean {
    const outcome = this.parser.readBody(this.#view);
    switch (outcome.kind) {
      case "data":
        partial.body += textOf(this.#view.subarray(0, outcome.count));
        if (!this.parser.isBodyUnderWay) this.#endPartial();
        return true;
      case "incomplete":
        this.awaiting = "body";
        return false;
      case "end":
        this.#endPartial();
        return true;
      case "refused": {
        const { status } = outcome.refusal;
        const isHeadRequest = partial.head.method === "HEAD";
        this.readings.push({ kind: "refused", status, isHeadRequest });
        this.#partial = undefined;
        return true;
      }
    }
  }

  /** Reads a request, or what comes in its place. Returns whether there may be more to read. */
  #readNext(): boolean {
    const outcome = this.parser.next();
    switch (outcome.kind) {
      case "incomplete":
        this.awaiting = outcome.awaiting;
        return false;
      case "continue":
        this.continues++;
        return true;
      case "request": {
        const { head, body, persists } = outcome;
        if (outcome.body === RequestBody.UNDER_WAY) {
          this.#partial = { head, persists, body: "" };
          if (this.parser.expectsContinue) this.continues++;
        } else this.readings.push(requestReading(head, readBody(body), persists));
        body.release();
        return true;
      }
      case "declined": {
        const { refusal: { status }, head: { method }, persists } = outcome;
        this.readings.push({ kind: "declined", status, method, persists });
        return true;
      }
      case "refused": {
        const { refusal: { status }, isHeadRequest } = outcome;
        this.readings.push({ kind: "refused", status, isHeadRequest });
        return true;
      }
    }
  }
}

/**
 * Gives the pieces to a parser, one after the other, each to its end. If there are `viewBytes`, bodies that do not come whole with
 * their heads are read while they are under way, into a view of so many bytes.
 */
export function converse(
  pieces: Iterable<Uint8Array>,
  limits: RequestLimits = DEFAULT_LIMITS,
  viewBytes?: number,
): Conversation {
  const conversing = new Conversing(limits, viewBytes);
  for (const piece of pieces) conversing.give(piece);
  conversing.parser.release();
  const { readings, continues, awaiting } = conversing;
  return { readings, continues, awaiting };
}

/** The bytes in one piece. */
export function whole(bytes: Uint8Array): Uint8Array[] {
  return [bytes];
}

/** Each byte in a piece of its own. */
export function* byteByByte(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}

/** The bytes cut at those places, in whatever order they are named. */
export function splitAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut));
}

/** Numbers from 0 up to 1 that look random and are the same in every run (the generator mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
