import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type EventSink, EventStreams } from "../../src/admin/event_streams.ts";

class Sink implements EventSink {
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;
  sent = "";

  send(text: string): void {
    this.sent += text;
  }

  close(): void {
    this.#closed.resolve();
  }
}

describe("EventStreams", () => {
  it("sends the first event to the new one alone, and says when to come back", () => {
    const streams = new EventStreams();
    const [first, second] = [new Sink(), new Sink()];
    streams.limitTo(2);
    streams.add(first, "history", { samples: [] });
    streams.add(second, "history", 1);
    assertEquals(first.sent, 'retry: 2000\nevent: history\ndata: {"samples":[]}\n\n');
  });

  it("sends each event to all, in one line of data whatever is in it", () => {
    const streams = new EventStreams();
    const sinks = [new Sink(), new Sink()];
    streams.limitTo(2);
    for (const sink of sinks) streams.add(sink, "history", 0);
    for (const sink of sinks) sink.sent = "";
    streams.send("fleet", { text: "a\n\ndata: b\r" });
    for (const { sent } of sinks) {
      assertEquals(sent, 'event: fleet\ndata: {"text":"a\\n\\ndata: b\\r"}\n\n');
    }
  });

  it("has room for so many, and again when one has gone", async () => {
    const streams = new EventStreams();
    assertEquals(streams.hasRoom, false);
    streams.limitTo(1);
    assertEquals(streams.hasRoom, true);
    const sink = new Sink();
    streams.add(sink, "history", 0);
    assertEquals(streams.hasRoom, false);
    sink.close();
    await sink.closed;
    assertEquals(streams.hasRoom, true);
    sink.sent = "";
    streams.send("sample", 1);
    assertEquals(sink.sent, "");
  });
});
