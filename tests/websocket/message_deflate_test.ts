import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as fc from "fast-check";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { type Failure, FAILURES } from "../../src/websocket/failure.ts";
import { MessageDeflate, MIN_DEFLATED_BYTES } from "../../src/websocket/message_deflate.ts";
import { bytesOf, numbersFrom, splitAt, textOf } from "../http1/reading.ts";
import { runs } from "../support/runs.ts";
import { frame, more, ping, text } from "./frames.ts";
import { converse, DEFAULT_LIMITS } from "./reading.ts";

const MAX_BYTES = 16_777_216;
const deflater = new MessageDeflate(15);

function inflate(bytes: string, maxBytes = MAX_BYTES): string | Failure {
  const inflated = deflater.inflate(bytesOf(bytes), maxBytes);
  return inflated instanceof Uint8Array ? textOf(inflated) : inflated;
}

/** Compresses as a client may do it, without what ends a flush. */
function deflated(payload: string): string {
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  return textOf(deflateRawSync(bytesOf(payload), options)).slice(0, -4);
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  const random = numbersFrom(length);
  return Uint8Array.from({ length }, () => random() * 256);
}

const HELLO = "\xf2\x48\xcd\xc9\xc9\x07\x00";

describe("MessageDeflate.inflate() (RFC 7692, section 7.2.2)", () => {
  const cases = [
    { what: "the example of one block", bytes: HELLO, message: "Hello" },
    {
      what: "the example of a block without compression",
      bytes: "\x00\x05\x00\xfa\xffHello\x00",
      message: "Hello",
    },
    {
      what: "the example of a last block",
      bytes: "\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
      message: "Hello",
    },
    {
      what: "the example of two blocks",
      bytes: "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
      message: "Hello",
    },
    {
      what: "two streams with a last block each",
      bytes: "\xf3\x48\xcd\xc9\xc9\x07\x00".repeat(2) + "\x00",
      message: "HelloHello",
    },
    { what: "an empty message", bytes: "\x00", message: "" },
    { what: "no bytes at all", bytes: "", message: "" },
    { what: "an empty last block", bytes: "\x03\x00", message: "" },
    { what: "100,000 letters", bytes: deflated("a".repeat(100_000)), message: "a".repeat(100_000) },
  ];
  for (const { what, bytes, message } of cases) {
    it(`MessageDeflate.inflate() reads ${what}`, () => {
      assertEquals(inflate(bytes), message);
    });
  }

  const bad = [
    { what: "a block of a type that does not exist", bytes: "\x07" },
    { what: "a distance before the beginning", bytes: "\x02\x02\x00\xff" },
    { what: "a block whose length and its complement differ", bytes: "\x00\x05\x00\x00\x00Hello" },
    { what: "many streams of nothing", bytes: "\x03\x00".repeat(10_000) },
    { what: "what is not compressed", bytes: "hello, this is text" },
  ];
  for (const { what, bytes } of bad) {
    it(`MessageDeflate.inflate() fails on ${what}`, () => {
      assertEquals(inflate(bytes), FAILURES.badCompression);
    });
  }

  it("MessageDeflate.inflate() returns as many bytes as a message may have, and not one more", () => {
    const bytes = deflated("a".repeat(1_000));
    assertEquals(inflate(bytes, 1_000), "a".repeat(1_000));
    assertEquals(inflate(bytes, 999), FAILURES.messageTooLarge);
    assertEquals(inflate(bytes, 0), FAILURES.messageTooLarge);
    assertEquals(inflate("\x00", 0), "");
    assertEquals(inflate("\xf3\x48\xcd\xc9\xc9\x07\x00".repeat(2), 9), FAILURES.messageTooLarge);
  });

  it("MessageDeflate.inflate() stops a message that would have 200 MB", () => {
    const bomb = textOf(deflateRawSync(new Uint8Array(200_000_000)));
    assertLess(bomb.length, 250_000);
    assertEquals(inflate(bomb), FAILURES.messageTooLarge);
  });

  it("MessageDeflate.inflate() returns memory of its own, as long as the message", () => {
    const inflated = deflater.inflate(bytesOf(HELLO), MAX_BYTES);
    assert(inflated instanceof Uint8Array);
    assertEquals([inflated.byteOffset, inflated.buffer.byteLength], [0, 5]);
  });

  it("MessageDeflate.inflate() returns a message or a failure, whatever comes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat({ max: 255 })).map(
        ([payload, at, byte]) => {
          const bytes = bytesOf(deflated(textOf(payload)));
          bytes[at % bytes.length] = byte;
          return bytes;
        },
      ),
    );
    fc.assert(
      fc.property(bytes, (bytes) => {
        const outcome = deflater.inflate(bytes.slice(), 5_000);
        if (outcome instanceof Uint8Array) assert(outcome.length <= 5_000);
        else assert(outcome === FAILURES.badCompression || outcome === FAILURES.messageTooLarge);
      }),
      { numRuns: runs(2_000) },
    );
  });
});

describe("MessageDeflate.deflate() (RFC 7692, section 7.2.1)", () => {
  for (const length of [MIN_DEFLATED_BYTES, 5_000, 100_000]) {
    it(`MessageDeflate.deflate() makes ${length} bytes of text shorter, and inflate() reads it`, () => {
      const payload = bytesOf("some words of a text, ".repeat(5_000).slice(0, length));
      const bytes = deflater.deflate(payload);
      assert(bytes !== undefined);
      assertLess(bytes.length, length / 4);
      assertEquals(inflate(textOf(bytes)), textOf(payload));
      assertEquals(textOf(bytes.slice(-4)) === "\0\0\xff\xff", false);
    });
  }

  it("MessageDeflate.deflate() leaves short messages alone, and those that it cannot make shorter", () => {
    assertEquals(deflater.deflate(new Uint8Array(MIN_DEFLATED_BYTES - 1)), undefined);
    assertEquals(deflater.deflate(noise(5_000)), undefined);
  });

  for (let windowBits = 8; windowBits <= 15; windowBits++) {
    it(`MessageDeflate.deflate() reaches back no further than 2 to the ${windowBits}`, () => {
      const inWindow = new MessageDeflate(windowBits);
      // The same noise twice is found if and only if the window reaches back to it. Otherwise only
      // the few bytes that it consists of make it shorter.
      const compress = (period: number): number => {
        const part = noise(period);
        const copies = Math.ceil(MIN_DEFLATED_BYTES / period) + 1;
        const payload = new Uint8Array(copies * period);
        for (let i = 0; i < copies; i++) payload.set(part, i * period);
        const bytes = inWindow.deflate(payload);
        if (bytes === undefined) return 1;
        assertEquals(inflateRawSync(bytes, { finishFlush: 2 }).length, payload.length);
        return bytes.length / payload.length;
      };
      if (windowBits < 15) assertGreater(compress(2 ** windowBits + 1), 0.9);
      assertLess(compress(200), 0.5);
    });
  }
});

describe("FrameParser and MessageDeflate (RFC 7692, section 6)", () => {
  const read = (bytes: string, places: readonly number[] = [], maxMessageBytes = MAX_BYTES) =>
    converse(splitAt(bytesOf(bytes), places), { ...DEFAULT_LIMITS, maxMessageBytes }, deflater)
      .readings;
  const RSV1 = { reserved: 4 };

  it("FrameParser reads compressed messages among others, in fragments and however they are split", () => {
    const long = "0123456789 äöü ".repeat(500);
    const utf8 = textOf(new TextEncoder().encode(long));
    const compressed = deflated(utf8);
    const half = compressed.length >> 1;
    const bytes = frame(1, HELLO, RSV1) + text("plain") +
      frame(1, compressed.slice(0, half), { ...RSV1, fin: false }) + ping("p") +
      more(compressed.slice(half)) + more("", true) +
      frame(2, deflated("\xff".repeat(3_000)), RSV1);
    const expected = [
      { text: "Hello" },
      { text: "plain" },
      { ping: "p" },
      { text: utf8 },
      { binary: "\xff".repeat(3_000) },
    ];
    assertEquals(read(bytes), expected);
    const places = fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 });
    fc.assert(
      fc.property(places, (places) => assertEquals(read(bytes, places), expected)),
      { numRuns: runs(50) },
    );
  });

  it("FrameParser fails on a message that is too large once it is decompressed", () => {
    const bytes = frame(2, deflated("a".repeat(1_001)), RSV1);
    assertEquals(read(bytes, [], 1_000), [{ failure: "messageTooLarge" }]);
  });

  it("FrameParser fails on a text that is not UTF-8 once it is decompressed", () => {
    assertEquals(read(frame(1, deflated("a\xff"), RSV1)), [{ failure: "badText" }]);
  });

  it("FrameParser fails on a message that cannot be decompressed", () => {
    assertEquals(read(frame(1, "\x07", RSV1) + text("a")), [{ failure: "badCompression" }]);
  });
});
