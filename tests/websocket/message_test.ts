import { assertEquals, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FAILURES } from "../../src/websocket/failure.ts";
import { IncomingMessage, MessageKind } from "../../src/websocket/message.ts";
import { bytesOf, textOf } from "../http1/reading.ts";

const limits = { maxMessageBytes: 1_000_000, maxFragments: 3 };

/** Appends bytes that have no mask. Returns whether they are sound. */
function append(message: IncomingMessage, text: string, left = 0): boolean {
  message.append(bytesOf(`xx${text}xx`), 2, 2 + text.length, left);
  return message.unmask(0) !== undefined;
}

describe("IncomingMessage", () => {
  it("IncomingMessage joins what is appended and what is read into its space", () => {
    const message = new IncomingMessage(limits);
    message.begin(MessageKind.Binary, false);
    append(message, "ab", 2);
    const space = message.space(2);
    assertEquals(space.length, 2);
    space.set(bytesOf("cd"));
    message.received(2);
    assertEquals(message.unmask(0), 0);
    append(message, "ef");
    assertEquals(textOf(message.takeBytes()), "abcdef");
    assertEquals(message.kind, MessageKind.None);
  });

  it("IncomingMessage has at most four times as much memory as has come, whatever is declared", () => {
    const message = new IncomingMessage(limits);
    message.begin(MessageKind.Binary, false);
    append(message, "a".repeat(2_000), 998_000);
    let filled = 2_000;
    while (filled < 1_000_000) {
      const space = message.space(1_000_000 - filled);
      assertLessOrEqual(space.buffer.byteLength, 4 * (filled + 1));
      message.received(space.length);
      filled += space.length;
      message.unmask(0);
    }
    const bytes = message.takeBytes();
    assertEquals([bytes.length, bytes.buffer.byteLength], [1_000_000, 1_000_000]);
  });

  it("IncomingMessage continues a mask where the bytes before have ended", () => {
    const message = new IncomingMessage(limits);
    message.begin(MessageKind.Binary, false);
    const mask = 0x04030201;
    let turned = mask;
    const payload = "abcdefghijk";
    for (const [index, letter] of [...payload].entries()) {
      const masked = letter.charCodeAt(0) ^ ((index % 4) + 1);
      message.append(Uint8Array.of(masked), 0, 1, 0);
      turned = message.unmask(turned)!;
    }
    assertEquals(textOf(message.takeBytes()), payload);
  });

  it("IncomingMessage checks a text as it comes, but no bytes and nothing compressed", () => {
    const outcomes = [[MessageKind.Text, false], [MessageKind.Binary, false], [
      MessageKind.Text,
      true,
    ]] as const;
    const sound = outcomes.map(([kind, isCompressed]) => {
      const message = new IncomingMessage(limits);
      message.begin(kind, isCompressed);
      return append(message, "a") && append(message, "\xff");
    });
    assertEquals(sound, [false, true, true]);
  });

  it("IncomingMessage returns no text that ends within a character", () => {
    const message = new IncomingMessage(limits);
    message.begin(MessageKind.Text, false);
    assertEquals(append(message, "\xc3"), true);
    assertEquals(message.takeText(), undefined);
    message.begin(MessageKind.Text, false);
    append(message, "\xc3");
    append(message, "\xa4");
    assertEquals(message.takeText(), "ä");
  });

  it("IncomingMessage counts bytes and frames of one message", () => {
    const message = new IncomingMessage(limits);
    message.begin(MessageKind.Binary, false);
    assertEquals(message.limitBrokenBy(1_000_001), FAILURES.messageTooLarge);
    message.addFrame(999_999);
    assertEquals(message.limitBrokenBy(1), undefined);
    assertStrictEquals(message.limitBrokenBy(2), FAILURES.messageTooLarge);
    message.addFrame(0);
    message.addFrame(0);
    assertStrictEquals(message.limitBrokenBy(0), FAILURES.tooManyFragments);
    message.takeBytes();
    assertEquals(message.limitBrokenBy(1_000_000), undefined);
  });
});
