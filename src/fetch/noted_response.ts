// A response that is known by its parts: status, fields, and a body of text or bytes. The server
// sends the parts as they are. The platform keeps the state of its responses in properties with
// symbols for keys; here these properties lead to a platform response, which is made when the
// first of them is used.

import type { Field } from "../handler/checked_headers.ts";
import { standFor } from "../handler/lazy_forwarding.ts";
import { OutgoingResponse } from "../handler/outgoing_response.ts";
import { outgoingInMemory } from "./inner_response.ts";

/** Bytes are a copy of the program's. */
export type NotedBody = string | Uint8Array<ArrayBuffer> | null;

/** What is known of a response, and the platform response once it was made. */
class NotedState {
  /** Whether the server has sent the body. */
  isSent = false;
  #real: Response | undefined = undefined;

  constructor(
    readonly status: number,
    readonly contentType: string | null,
    /** The fields beside the content type, or all of them; null if there are none. */
    readonly fields: readonly Field[] | null,
    readonly body: NotedBody,
  ) {}

  /** The platform response, if it was made: the program may have changed it. */
  get madeReal(): Response | undefined {
    return this.#real;
  }

  get real(): Response {
    return this.#real ??= makeReal(this);
  }

  /** Returns what is sent; undefined if the body was used. */
  send(): OutgoingResponse | undefined {
    if (this.#real !== undefined) return outgoingInMemory(this.#real);
    if (this.body !== null) {
      if (this.isSent) return undefined;
      this.isSent = true;
    }
    return new OutgoingResponse(this.status, this.contentType, this.fields, this.body);
  }
}

/** The parts of a response that its platform response is made of. */
export type NotedParts = Pick<
  NotedState,
  "status" | "contentType" | "fields" | "body" | "isSent"
>;

let makeReal: (parts: NotedParts) => Response;

/** No private field: a proxy of a response, and what inherits from one, are as good as itself. */
const STATE = Symbol("parts");

/** A response that is known by its parts. */
export class NotedResponse {
  readonly [STATE]: NotedState;

  /** The parts have to be such as the platform accepts, and such as may be sent. */
  constructor(
    status: number,
    contentType: string | null,
    fields: readonly Field[] | null,
    body: NotedBody,
  ) {
    this[STATE] = new NotedState(status, contentType, fields, body);
  }

  /** Handlers use this accessor often. By the platform's own it would lead here a dozen times. */
  get headers(): Headers {
    return this[STATE].real.headers;
  }

  /** Loggers read this for each response. */
  get status(): number {
    const { madeReal, status } = this[STATE];
    return madeReal === undefined ? status : madeReal.status;
  }
}

/**
 * Returns what is sent of a response that is known by its parts. Returns undefined for any other
 * response, and for one that was used.
 */
export function outgoingOfNoted(response: object): OutgoingResponse | undefined {
  return (response as Partial<NotedResponse>)[STATE]?.send();
}

/** Whether a response is known by its parts alone, and was not sent: nothing can be wrong with it. */
export function isUnsentNoted(response: object): boolean {
  const state = (response as Partial<NotedResponse>)[STATE];
  return state !== undefined && state.madeReal === undefined && !state.isSent;
}

/**
 * Has responses that are known by their parts pass for the platform's. `make` makes the platform
 * response of one of them.
 */
export function passForPlatform(
  platform: Response,
  keys: readonly symbol[],
  make: (parts: NotedParts) => Response,
): void {
  makeReal = make;
  standFor(NotedResponse.prototype, platform, keys, (response) => response[STATE].real);
}
