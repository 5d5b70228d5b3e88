// Calls the handlers of one worker, and knows which call the runtime has cut off.
// A thread that runs out of memory in a handler is not ended by the runtime: it unwinds the stack, runs no `finally`, and goes
// on with the next task. A call that has neither returned nor thrown is the only trace of that.

import type { WebRequest } from "../handler/request.ts";
import type { OutgoingResponse } from "../handler/outgoing_response.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";

/** The calls of handlers in one worker. */
export class HandlerCalls {
  readonly #dispatcher: Pick<Dispatcher, "dispatch">;
  #running: WebRequest | undefined;

  constructor(dispatcher: Pick<Dispatcher, "dispatch">) {
    this.#dispatcher = dispatcher;
  }

  /** Routes a request and calls its handler. It never throws: the dispatcher makes a response of what goes wrong. */
  dispatch(request: WebRequest): OutgoingResponse | Promise<OutgoingResponse> {
    this.#running = request;
    const response = this.#dispatcher.dispatch(request);
    this.#running = undefined;
    return response;
  }

  /** Returns the request whose handler was cut off. It has a meaning only if no handler is on the stack, as in a timer. */
  get cutOff(): WebRequest | undefined {
    return this.#running;
  }
}
