// The body of a request that comes while its handler works, as the handler reads it from the socket. A
// read goes straight into the memory of the reader if the body has a length, and through the buffer of
// the parser otherwise. The time limit of the body counts only while this server waits for the client.

import { setImmediate } from "node:timers";
import { type BodyInput, IncomingBody } from "../handler/incoming_body.ts";
import { type Refusal, REFUSALS } from "../http1/refusal.ts";
import type { RequestParser } from "../http1/request_parser.ts";
import type { ClientWatch } from "./client_watch.ts";
import { BYTES_PER_BODY_TIMEOUT } from "./connection_state.ts";
import type { Deadlines } from "./deadlines.ts";
import type { ReadFairness } from "./read_fairness.ts";

/** What a body needs of its connection. */
export interface SocketBodyOwner {
  readonly parser: RequestParser;
  readonly client: ClientWatch;
  readonly context: {
    readonly deadlines: Deadlines;
    readonly readFairness: ReadFairness;
    readonly settings: {
      readonly bodyTimeout: number;
      readonly lingerReadTimeout: number;
      readonly maxBodyBytes: number;
    };
  };
  /** Whether the client has to be watched while the handler does not read. */
  readonly isWatchWanted: boolean;
}

/**
 * How much of a body is read and discarded after the response, so that the connection persists. To read
 * more than that costs more than a new connection does.
 */
const MAX_DISCARDED_BYTES = 65_536;

/** Memory for discarded bytes. No code reads them, so all connections of a worker share it. */
let discarded: Uint8Array | undefined;

/** A body under way, on one connection. */
export class SocketBody implements BodyInput {
  /** The body as the handler sees it. */
  readonly incoming: IncomingBody;
  readonly declaredLength: number | undefined;
  /**
   * When the client has to have sent more, or a reader to have asked for more after the response;
   * `Infinity` while the server waits for neither.
   */
  deadline = Infinity;
  readonly #owner: SocketBodyOwner;
  readonly #asked = Promise.withResolvers<void>();
  /** What is left of the time limit, and when the present wait began. */
  #leftMs: number;
  #waitingSince = 0;
  /** How many bytes have come since the time limit began. */
  #bytesInLimit = 0;
  #isAsked = false;
  /** Whether a read of the handler is under way. */
  #isBusy = false;
  #isContinued = false;
  /** Whether the body has ended before its end. */
  hasFailed = false;
  /** Whether the reader waits for the client. */
  isReading = false;
  /** How many bytes the reader has received. */
  receivedBytes = 0;
  #isWatchPlanned = false;
  /** Resolves when the reader has no more to do; undefined before the response. */
  #readOn: PromiseWithResolvers<void> | undefined;
  /** Whether another body may follow: a read that still waits must not take its bytes. */
  #isDetached = false;
  #wasOver = false;

  constructor(owner: SocketBodyOwner) {
    const { bodyTimeout, maxBodyBytes } = owner.context.settings;
    this.#owner = owner;
    this.incoming = new IncomingBody(this, maxBodyBytes);
    this.declaredLength = owner.parser.declaredRest;
    this.#leftMs = bodyTimeout;
  }

  /** Whether the last byte was read. */
  get isOver(): boolean {
    if (this.#isDetached) return this.#wasOver;
    return !this.hasFailed && !this.#owner.parser.isBodyUnderWay;
  }

  /** Whether the handler has asked for the body. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Resolves when the handler asks for the body first. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  /** Whether the client waits for `100 Continue`. */
  get expectsContinue(): boolean {
    return !this.#isContinued && this.#owner.parser.expectsContinue;
  }

  /** Notes that the client receives a `100 Continue`. */
  noteContinued(): void {
    this.#isContinued = true;
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    const { parser, client } = this.#owner;
    this.#isAsked = true;
    this.#asked.resolve();
    this.#isBusy = true;
    let count = 0;
    while (count === 0 && !this.hasFailed && !this.#isDetached) {
      const outcome = parser.readBody(view);
      if (outcome.kind === "data") count = outcome.count;
      else if (outcome.kind === "end") break;
      else if (outcome.kind === "refused") this.#end(outcome.refusal);
      else if (client.hasEnded) this.#end(REFUSALS.endedEarly);
      else {
        const directBytes = Math.min(parser.directBytes, view.length);
        count = await this.#readSocket(
          directBytes > 0 ? view.subarray(0, directBytes) : undefined,
        );
      }
    }
    this.#isBusy = false;
    this.receivedBytes += count;
    if (count > 0) this.#noteProgress(count);
    else this.#readOn?.resolve();
    return count;
  }

  /** Waits for bytes of the client. Resolves to how many came into `view`; others are the parser's. */
  async #readSocket(view: Uint8Array<ArrayBuffer> | undefined): Promise<number> {
    const { client, context: { readFairness } } = this.#owner;
    this.isReading = true;
    this.#startLimit();
    try {
      const turn = readFairness.pause();
      if (turn !== undefined) await turn;
      if (this.#isDetached) return 0;
      const count = await client.readBody(view);
      readFairness.noteRead();
      return count ?? 0;
    } catch {
      // The connection has failed: the client watch has noted that, and the loop above sees it.
      return 0;
    } finally {
      this.#stopLimit();
      this.isReading = false;
    }
  }

  #startLimit(): void {
    const { deadlines } = this.#owner.context;
    this.#waitingSince = deadlines.now;
    this.deadline = deadlines.after(this.#leftMs);
  }

  #stopLimit(): void {
    const { deadlines, settings } = this.#owner.context;
    this.deadline = this.#readOn === undefined || this.#isDetached
      ? Infinity
      : deadlines.after(settings.lingerReadTimeout);
    if (settings.bodyTimeout === 0) return;
    // A limit of 0 would be none.
    this.#leftMs = Math.max(1, this.#leftMs - (deadlines.now - this.#waitingSince));
  }

  #noteProgress(count: number): void {
    this.#bytesInLimit += count;
    if (this.#bytesInLimit >= BYTES_PER_BODY_TIMEOUT) {
      this.#bytesInLimit = 0;
      this.#leftMs = this.#owner.context.settings.bodyTimeout;
    }
    if (this.#readOn === undefined) this.#planWatch();
    else if (this.isOver) this.#readOn.resolve();
  }

  /**
   * Watches the client soon, unless the handler asks for more until then. What the watch reads takes a way that costs more: through
   * the buffer of the parser.
   */
  #planWatch(): void {
    const { parser, client } = this.#owner;
    if (!this.#owner.isWatchWanted || this.#isWatchPlanned) return;
    if (!parser.isBodyUnderWay) return client.watch();
    this.#isWatchPlanned = true;
    setImmediate(() => {
      this.#isWatchPlanned = false;
      if (this.#isDetached || this.isReading || !this.#owner.isWatchWanted) return;
      client.watch();
    });
  }

  /** The time is over for what the body waits for. */
  onDeadline(): void {
    if (this.isReading) return this.fail(REFUSALS.bodyTooSlow);
    this.deadline = Infinity;
    this.incoming.abandon();
  }

  /** Ends the body before its end, unless it is over. The connection does not persist. */
  fail(refusal: Refusal): void {
    if (!this.hasFailed && !this.isOver) this.#end(refusal);
  }

  #end(refusal: Refusal): void {
    this.hasFailed = true;
    this.deadline = Infinity;
    this.#owner.parser.stop();
    this.incoming.fail(refusal);
    this.#readOn?.resolve();
  }

  /**
   * Lets a reader that is at work read on after the response. Resolves when the body is over, or the
   * reader wants no more. One that asks for nothing has as long as a client whose bytes are discarded.
   */
  async readOn(): Promise<void> {
    if (this.isOver || !this.incoming.isBeingRead) return;
    const { deadlines, settings } = this.#owner.context;
    this.#readOn = Promise.withResolvers();
    if (!this.#isBusy) {
      this.deadline = deadlines.after(settings.lingerReadTimeout);
      this.incoming.readAhead();
    }
    await this.#readOn.promise;
  }

  /** Ends all reading by the handler: bytes that come from now on belong to the connection. */
  detach(): void {
    this.#wasOver = this.isOver;
    this.#isDetached = true;
    this.deadline = Infinity;
    if (!this.#wasOver) this.incoming.abandon();
  }

  /** What becomes of the rest the connection decides when the response is there. */
  cancel(): void {
    this.#readOn?.resolve();
  }

  /** Whether the connection can persist, as far as is known, although the handler answers before the end of the body. */
  get canBeDiscarded(): boolean {
    if (this.hasFailed || this.expectsContinue) return false;
    return (this.#owner.parser.declaredRest ?? 0) <= MAX_DISCARDED_BYTES;
  }

  /** Reads and discards the rest of the body. Resolves to whether it has ended in bounds. */
  async discard(): Promise<boolean> {
    const { parser, client, context: { readFairness } } = this.#owner;
    if (!this.canBeDiscarded) return false;
    discarded ??= new Uint8Array(MAX_DISCARDED_BYTES);
    for (let left = MAX_DISCARDED_BYTES; left >= 0;) {
      const outcome = parser.readBody(discarded);
      if (outcome.kind === "refused") return false;
      if (outcome.kind === "data") left -= outcome.count;
      if (!parser.isBodyUnderWay) return true;
      if (outcome.kind === "data") continue;
      if (client.hasEnded) return false;
      const turn = readFairness.pause();
      if (turn !== undefined) await turn;
      left -= await client.readBody(undefined) ?? 0;
      readFairness.noteRead();
    }
    return false;
  }
}
