// Those who watch the fleet live: the streams of server-sent events that are open. There is a bound to them, and nobody waits
// for any of them.

/** Where the events go. */
export interface EventSink {
  readonly closed: Promise<void>;
  send(text: string): void;
  close(): void;
}

/** After so many milliseconds a browser that has lost the server tries again. */
const RETRY_MS = 2_000;

/** The streams that are open. */
export class EventStreams {
  readonly #sinks = new Set<EventSink>();
  #limit = 0;

  /** No more than so many may be open at once. */
  limitTo(limit: number): void {
    this.#limit = limit;
  }

  get hasRoom(): boolean {
    return this.#sinks.size < this.#limit;
  }

  /** Sends events there from now on; the first one is for it alone. */
  add(sink: EventSink, kind: string, first: unknown): void {
    this.#sinks.add(sink);
    sink.closed.then(() => this.#sinks.delete(sink));
    sink.send(`retry: ${RETRY_MS}\n` + eventText(kind, first));
  }

  /** Sends an event to all. */
  send(kind: string, data: unknown): void {
    if (this.#sinks.size === 0) return;
    const text = eventText(kind, data);
    for (const sink of this.#sinks) sink.send(text);
  }
}

/** JSON has no line end in it, so it is one line of data. */
function eventText(kind: string, data: unknown): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
