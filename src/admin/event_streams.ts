// The open streams of server-sent events, on which clients watch the fleet live. Their number is
// limited, and a slow client delays neither the server nor the other streams.

/** Receives the events of one stream. */
export interface EventSink {
  readonly closed: Promise<void>;
  send(text: string): void;
  close(): void;
}

/** How long a browser waits before it reconnects. */
const RETRY_MS = 2_000;

/** The open streams. */
export class EventStreams {
  readonly #sinks = new Set<EventSink>();
  #limit = 0;

  /** Limits the number of open streams. */
  limitTo(limit: number): void {
    this.#limit = limit;
  }

  /** Whether one more stream may open. */
  get hasRoom(): boolean {
    return this.#sinks.size < this.#limit;
  }

  /** Adds a stream, and sends it a first event of its own. */
  add(sink: EventSink, kind: string, first: unknown): void {
    this.#sinks.add(sink);
    sink.closed.then(() => this.#sinks.delete(sink));
    sink.send(`retry: ${RETRY_MS}\n` + eventText(kind, first));
  }

  /** Sends an event to all streams. */
  send(kind: string, data: unknown): void {
    if (this.#sinks.size === 0) return;
    const text = eventText(kind, data);
    for (const sink of this.#sinks) sink.send(text);
  }
}

/** Formats an event. JSON contains no line end, so the data is one line. */
function eventText(kind: string, data: unknown): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
