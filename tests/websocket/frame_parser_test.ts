// What the wire cases do not show: where bytes go, whose memory they are, and what compressed
// messages become.

import { assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LARGE_BUFFER_BYTES, SMALL_BUFFER_BYTES } from "../../src/http1/buffer_pool.ts";
import { FAILURES } from "../../src/websocket/failure.ts";
import { FrameEvent, FrameParser, type MessageInflater } from "../../src/websocket/frame_parser.ts";
import { byteByByte, bytesOf, SpoilingPool, textOf, whole } from "../http1/reading.ts";
import { close, frame, more, ping, text } from "./frames.ts";
import { converse, DEFAULT_LIMITS, type Reading } from "./reading.ts";

function parserOf(): FrameParser {
  return new FrameParser(DEFAULT_LIMITS, new SpoilingPool());
}

/** Has one read bring as much of the bytes as there is space for. */
function read(parser: FrameParser, bytes: Uint8Array, at: number): number {
  const { space } = parser;
  const count = Math.min(space.length, bytes.length - at);
  space.set(bytes.subarray(at, at + count));
  parser.received(count);
  return at + count;
}

/** Reads one message, and returns how many reads it took. */
function readsFor(parser: FrameParser, bytes: Uint8Array): number {
  let reads = 0;
  for (let at = 0; at < bytes.length; reads++) {
    at = read(parser, bytes, at);
    const event = parser.next();
    assertEquals(event === FrameEvent.Incomplete, at < bytes.length);
  }
  assertEquals(parser.next(), FrameEvent.Incomplete);
  return reads;
}

describe("FrameParser and its memory", () => {
  it("FrameParser reads the second large message in one read", () => {
    const parser = parserOf();
    const bytes = bytesOf(text("x".repeat(65_536)));
    readsFor(parser, bytes);
    assertEquals(readsFor(parser, bytes), 1);
    assertEquals(parser.space.length, LARGE_BUFFER_BYTES);
  });

  it("FrameParser has a small buffer again after a small message", () => {
    const parser = parserOf();
    readsFor(parser, bytesOf(text("x".repeat(65_536))));
    readsFor(parser, bytesOf(text("x")));
    assertEquals(parser.space.length, SMALL_BUFFER_BYTES);
  });

  it("FrameParser gives no memory for a length that is only declared", () => {
    const parser = parserOf();
    read(parser, bytesOf(frame(2, "abc", { length: 10_000_000 })), 0);
    assertEquals(parser.next(), FrameEvent.Incomplete);
    assertLessOrEqual(parser.space.buffer.byteLength, SMALL_BUFFER_BYTES);
  });

  it("FrameParser reads a large message straight into its memory, to its last byte", () => {
    const parser = parserOf();
    const bytes = bytesOf(frame(2, "y".repeat(8_000)));
    let at = read(parser, bytes, 0);
    assertEquals(parser.next(), FrameEvent.Incomplete);
    const { buffer } = parser.space;
    assertEquals(parser.space.length <= bytes.length - at, true);
    while (at < bytes.length) at = read(parser, bytes, at);
    assertEquals(parser.next(), FrameEvent.Binary);
    assertEquals(parser.binary!.buffer, buffer);
  });

  it("FrameParser gives each receiver bytes of its own", () => {
    const parser = parserOf();
    const binaries = ["abc", "xyz"].map((payload) => {
      read(parser, bytesOf(frame(2, payload)), 0);
      assertEquals(parser.next(), FrameEvent.Binary);
      return parser.binary!;
    });
    assertEquals(binaries.map(textOf), ["abc", "xyz"]);
    assertNotEquals(binaries[0].buffer, binaries[1].buffer);
  });

  it("FrameParser discards what follows a Close frame, however much it is", () => {
    const parser = parserOf();
    read(parser, bytesOf(close(1000)), 0);
    assertEquals(parser.next(), FrameEvent.Close);
    const rest = bytesOf(text("a").repeat(5_000));
    for (let at = 0; at < rest.length;) {
      at = read(parser, rest, at);
      assertEquals(parser.next(), FrameEvent.Incomplete);
    }
  });

  it("FrameParser receives no more bytes than it has space for", () => {
    const parser = parserOf();
    assertEquals(parser.receive(new Uint8Array(3_000)), SMALL_BUFFER_BYTES);
  });
});

/**
 * Stands in for an extension: a message is what it is without its first byte, which must be "z".
 */
const inflater: MessageInflater = {
  inflate(bytes, maxBytes) {
    if (bytes[0] !== 0x7a) return FAILURES.badCompression;
    return bytes.length - 1 > maxBytes ? FAILURES.messageTooLarge : bytes.slice(1);
  },
};

const compressed: { what: string; bytes: string; reads: Reading[] }[] = [
  {
    what: "a compressed text",
    bytes: frame(1, "zhello", { reserved: 4 }),
    reads: [{ text: "hello" }],
  },
  {
    what: "a compressed text that is not ASCII",
    bytes: frame(1, "z\xc3\xa4", { reserved: 4 }),
    reads: [{ text: "\xc3\xa4" }],
  },
  {
    what: "a compressed binary message",
    bytes: frame(2, "z\xff", { reserved: 4 }),
    reads: [{ binary: "\xff" }],
  },
  {
    what: "fragments of a compressed text, a Ping between them",
    bytes: frame(1, "zh\xc3", { reserved: 4, fin: false }) + ping("p") + more("\xa4") +
      more("llo", true),
    reads: [{ ping: "p" }, { text: "h\xc3\xa4llo" }],
  },
  {
    what: "messages that are not compressed among others that are",
    bytes: text("a") + frame(1, "zb", { reserved: 4 }) + text("c"),
    reads: [{ text: "a" }, { text: "b" }, { text: "c" }],
  },
  {
    what: "a compressed text that is not UTF-8 when it is decompressed",
    bytes: frame(1, "z\xff", { reserved: 4 }),
    reads: [{ failure: "badText" }],
  },
  {
    what: "a message that cannot be decompressed",
    bytes: text("a") + frame(1, "y", { reserved: 4 }) + text("b"),
    reads: [{ text: "a" }, { failure: "badCompression" }],
  },
  {
    what: "RSV1 on a continuation frame",
    bytes: frame(1, "z", { reserved: 4, fin: false }) + frame(0, "a", { reserved: 4 }),
    reads: [{ failure: "reservedBits" }],
  },
  ...[8, 9, 10].map((opcode) => ({
    what: `RSV1 on the control frame ${opcode}`,
    bytes: frame(opcode, "", { reserved: 4 }),
    reads: [{ failure: "reservedBits" as const }],
  })),
  ...[1, 2, 3, 5, 6, 7].map((reserved) => ({
    what: `the reserved bits ${reserved}`,
    bytes: frame(1, "z", { reserved }),
    reads: [{ failure: "reservedBits" as const }],
  })),
];

describe("FrameParser and compressed messages (RFC 7692, section 6)", () => {
  for (const { what, bytes, reads } of compressed) {
    it(`FrameParser makes the right thing of ${what}`, () => {
      for (const pieces of [whole(bytesOf(bytes)), byteByByte(bytesOf(bytes))]) {
        assertEquals(converse(pieces, DEFAULT_LIMITS, inflater).readings, reads);
      }
    });
  }

  it("FrameParser has a message decompressed to as many bytes as a message may have", () => {
    const limits = { ...DEFAULT_LIMITS, maxMessageBytes: 3 };
    const generous: MessageInflater = {
      inflate: (_, maxBytes) => new Uint8Array(maxBytes).fill(0x61),
    };
    const bytes = bytesOf(frame(1, "zz", { reserved: 4 }));
    assertEquals(converse(whole(bytes), limits, generous).readings, [{ text: "aaa" }]);
  });
});
