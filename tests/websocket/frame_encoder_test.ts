import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as fc from "fast-check";
import {
  binaryFrame,
  closeFrame,
  encodeBinary,
  encodeFrame,
  encodeHead,
  encodeText,
  headBytes,
  maxTextFrameBytes,
  NO_ROOM,
  textFrame,
} from "../../src/websocket/frame_encoder.ts";
import { textOf } from "../http1/reading.ts";
import { runs } from "../support/runs.ts";
import { readServerFrames, type ServerFrame, utf8 } from "./frames.ts";

/** What one frame is, which must have the shortest head there is. */
function onlyFrame(bytes: Uint8Array): ServerFrame {
  const frames = readServerFrames(bytes);
  assertEquals(frames.length, 1);
  const { length } = frames[0].payload;
  const shortest = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  assertEquals(bytes.length, shortest + length);
  return frames[0];
}

const LENGTHS = [0, 1, 47, 48, 49, 124, 125, 126, 127, 65_535, 65_536, 100_000];

describe("encodeText() (RFC 6455, section 5.2)", () => {
  for (const length of LENGTHS) {
    it(`encodeText() writes ${length} letters, and a text of as many bytes that is not ASCII`, () => {
      for (const text of ["a".repeat(length), "a".repeat(length & 1) + "ä".repeat(length >> 1)]) {
        const expected = { first: 0x81, isMasked: false, payload: utf8(text) };
        assertEquals(onlyFrame(textFrame(text)), expected);
      }
    });
  }

  it("encodeText() writes at the place it is given, and returns where the frame ends", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.nat({ max: 9 }), (text, at) => {
        const into = new Uint8Array(at + maxTextFrameBytes(text) + 1).fill(0xee);
        const end = encodeText(text, into, at);
        const payload = utf8(text);
        assertEquals(onlyFrame(into.subarray(at, end)), { first: 0x81, isMasked: false, payload });
        assertEquals([...into.subarray(0, at)], Array(at).fill(0xee));
        assertEquals(into.at(-1), 0xee);
      }),
      { numRuns: runs(500) },
    );
  });

  it("encodeText() writes U+FFFD for half a pair", () => {
    for (const padding of ["", "x".repeat(100)]) {
      assertEquals(onlyFrame(textFrame(`${padding}\ud800`)).payload, utf8(`${padding}\ufffd`));
    }
  });

  it("encodeText() returns NO_ROOM, and writes nothing outside, where a byte is missing", () => {
    const texts = [
      "",
      "abc",
      "äöü",
      "x".repeat(48),
      "x".repeat(49),
      "ä".repeat(24),
      "漢".repeat(100),
    ];
    for (const text of [...texts, "x".repeat(126), "ä".repeat(63), "x".repeat(65_536)]) {
      const frame = textFrame(text);
      const memory = new Uint8Array(frame.length + 2).fill(0xee);
      assertEquals(encodeText(text, memory.subarray(1, -1), 0), frame.length);
      assertEquals(memory.subarray(1, -1), frame);
      memory.fill(0xee);
      assertEquals(encodeText(text, memory.subarray(1, -2), 0), NO_ROOM, text.slice(0, 9));
      assertEquals([memory[0], ...memory.subarray(-2)], [0xee, 0xee, 0xee]);
    }
  });

  it("encodeText() has room in maxTextFrameBytes() for the text that takes the most", () => {
    for (const length of [0, 1, 41, 42, 100, 30_000]) {
      const text = "\uffff".repeat(length);
      assertEquals(textFrame(text).length <= maxTextFrameBytes(text), true);
    }
  });
});

describe("encodeBinary()", () => {
  for (const length of LENGTHS) {
    it(`encodeBinary() writes ${length} bytes`, () => {
      const payload = Uint8Array.from({ length }, (_, i) => i * 7);
      const expected = { first: 0x82, isMasked: false, payload: textOf(payload) };
      assertEquals(onlyFrame(binaryFrame(payload)), expected);
      const into = new Uint8Array(3 + headBytes(length) + length);
      assertEquals(encodeBinary(payload, into, 3), into.length);
      assertEquals(onlyFrame(into.subarray(3)), expected);
    });
  }
});

describe("encodeFrame()", () => {
  it("encodeFrame() writes a Pong with the bytes of its Ping", () => {
    const into = new Uint8Array(10);
    const end = encodeFrame(0x8a, Uint8Array.of(1, 2), into, 1);
    assertEquals([...into.subarray(1, end)], [0x8a, 2, 1, 2]);
  });

  it("encodeHead() writes lengths of more than 32 bits", () => {
    const into = new Uint8Array(10);
    assertEquals(encodeHead(0x82, 2 ** 40 + 2 ** 33 + 0x01020304, into, 0), 10);
    assertEquals([...into], [0x82, 127, 0, 0, 1, 2, 1, 2, 3, 4]);
  });
});

describe("closeFrame() (RFC 6455, section 5.5.1)", () => {
  const cases: { what: string; code?: number; reason?: string; payload: string }[] = [
    { what: "nothing without a code", payload: "" },
    { what: "a code", code: 1000, payload: "\x03\xe8" },
    { what: "a code and a reason", code: 4999, reason: "bye", payload: "\x13\x87bye" },
    {
      what: "123 bytes",
      code: 1001,
      reason: "x".repeat(123),
      payload: "\x03\xe9" + "x".repeat(123),
    },
    {
      what: "not more than 123 bytes",
      code: 1001,
      reason: "x".repeat(200),
      payload: "\x03\xe9" + "x".repeat(123),
    },
    {
      what: "whole characters alone",
      code: 1001,
      reason: "x".repeat(121) + "€",
      payload: "\x03\xe9" + "x".repeat(121),
    },
  ];
  for (const { what, code, reason, payload } of cases) {
    it(`closeFrame() writes ${what}`, () => {
      assertEquals(onlyFrame(closeFrame(code, reason)), { first: 0x88, isMasked: false, payload });
    });
  }
});
