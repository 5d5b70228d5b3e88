// What waits for the bytes of a Blob: its order, and how much of it there is.

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DelayedMessages, type ReadyData } from "../../src/connection/delayed_messages.ts";

/** Notes what is sent, as text. */
function noteSent() {
  const sent: string[] = [];
  const textOf = (data: ReadyData) =>
    typeof data === "string" ? data : new TextDecoder().decode(data);
  return {
    sent,
    receiver: {
      send: (data: ReadyData) => void sent.push(textOf(data)),
      close: ({ code }: { code: number | undefined }) => void sent.push(`close ${code}`),
    },
  };
}

/** A Blob whose bytes are read when the test wants. */
class SlowBlob extends Blob {
  readonly reading = Promise.withResolvers<ArrayBuffer>();

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.reading.promise;
  }
}

describe("DelayedMessages", () => {
  it("sends all that is added in its order, also while it sends", async () => {
    const delayed = new DelayedMessages();
    const { sent, receiver } = noteSent();
    const blob = new SlowBlob(["ab"]);
    delayed.add(blob);
    delayed.add("é");
    const sending = delayed.send(receiver);
    delayed.add(new DataView(new Uint8Array([97, 98]).buffer, 1));
    delayed.addClose({ code: 1000, reason: "" });
    assertEquals([sent, delayed.bytes], [[], 5]);
    blob.reading.resolve(new Uint8Array([65, 66]).buffer);
    await sending;
    assertEquals([sent, delayed.bytes], [["AB", "é", "b", "close 1000"], 0]);
  });

  it("keeps the bytes that were added, whatever the program does with its memory", async () => {
    const delayed = new DelayedMessages();
    const { sent, receiver } = noteSent();
    const bytes = new Uint8Array([97]);
    delayed.add(bytes);
    bytes[0] = 98;
    await delayed.send(receiver);
    assertEquals(sent, ["a"]);
  });

  it("sends nothing of what was forgotten, and what was added afterwards", async () => {
    const delayed = new DelayedMessages();
    const { sent, receiver } = noteSent();
    const blob = new SlowBlob(["ab"]);
    delayed.add(blob);
    delayed.add("c");
    const sending = delayed.send(receiver);
    delayed.clear();
    assertEquals(delayed.bytes, 0);
    delayed.add("d");
    blob.reading.resolve(new ArrayBuffer(2));
    await sending;
    assertEquals([sent, delayed.bytes], [["d"], 0]);
  });

  it("rejects if a Blob cannot be read", async () => {
    const delayed = new DelayedMessages();
    const blob = new SlowBlob(["ab"]);
    blob.reading.reject(new Error("unreadable"));
    delayed.add(blob);
    await assertRejects(() => delayed.send(noteSent().receiver), Error, "unreadable");
  });
});
