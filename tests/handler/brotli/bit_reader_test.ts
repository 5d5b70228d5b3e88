import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BitReader, BrotliError } from "../../../src/handler/brotli/bit_reader.ts";

describe("BitReader", () => {
  it("read() takes the lowest bits of a byte first, and goes on in the next byte", () => {
    const reader = new BitReader(Uint8Array.of(0b1011_0101, 0b0000_0001));
    assertEquals([reader.read(4), reader.read(6), reader.read(0)], [0b0101, 0b01_1011, 0]);
  });

  it("read() takes 24 bits at once, also from the middle of a byte", () => {
    const reader = new BitReader(Uint8Array.of(0xff, 0x12, 0x34, 0x56));
    assertEquals([reader.read(7), reader.read(24)], [0x7f, 0xac6825]);
  });

  it("peek() stays where it is until skip()", () => {
    const reader = new BitReader(Uint8Array.of(0b0000_0110));
    assertEquals([reader.peek(3), reader.peek(2)], [0b110, 0b10]);
    reader.skip(1);
    assertEquals(reader.peek(3), 0b011);
  });

  it("checkEnd() throws once a bit after the end is used, and not when it is only seen", () => {
    const reader = new BitReader(Uint8Array.of(0xff));
    assertEquals([reader.read(8), reader.peek(15)], [0xff, 0]);
    reader.checkEnd();
    reader.skip(1);
    assertThrows(() => reader.checkEnd(), BrotliError, "The data is cut off");
  });

  it("alignToByte() goes on to the next byte, and refuses bits that are no zeros", () => {
    const reader = new BitReader(Uint8Array.of(0b0000_0101, 7, 0b0001_0000, 9));
    reader.read(3);
    reader.alignToByte();
    reader.alignToByte();
    assertEquals(reader.read(8), 7);
    reader.read(3);
    assertThrows(() => reader.alignToByte(), BrotliError);
  });

  it("readBytes() gives whole bytes, those that were seen before included", () => {
    const reader = new BitReader(Uint8Array.of(1, 2, 3, 4));
    assertEquals([reader.read(8), reader.peek(15)], [1, 0x0302]);
    assertEquals(reader.readBytes(2), Uint8Array.of(2, 3));
    assertEquals(reader.isAtEnd, false);
    assertThrows(() => reader.readBytes(2), BrotliError, "The data is cut off");
    assertEquals([reader.read(8), reader.isAtEnd], [4, true]);
  });
});
