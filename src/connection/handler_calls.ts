// Calls the handlers of one worker, and knows which call the runtime has cut off. The runtime does
// not end a thread that runs out of memory in a handler. It unwinds the stack, runs no `finally`,
// and continues with the next task. A call that has neither returned nor thrown is the only trace
// of that.

import type { WebRequest } from "../handler/request.ts";
import type { OutgoingResponse } from "../handler/outgoing_response.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";

/** A call of a handler, which has its request as long as it runs. */
export interface Call {
  readonly request: WebRequest;
}

/** The calls of handlers in one worker. */
export class HandlerCalls {
  readonly #dispatcher: Pick<Dispatcher, "dispatch">;
  #running: Call | undefined;

  constructor(dispatcher: Pick<Dispatcher, "dispatch">) {
    this.#dispatcher = dispatcher;
  }

  /**
   * Routes a request and calls its handler. It never throws: the dispatcher makes a response of
   * what goes wrong.
   */
  dispatch(call: Call): OutgoingResponse | Promise<OutgoingResponse> {
    // A call lives as long as its connection. A request is new, and each store of a new object in
    // an old one costs a write barrier.
    this.#running = call;
    const response = this.#dispatcher.dispatch(call.request);
    this.#running = undefined;
    return response;
  }

  /**
   * Returns the request whose handler was cut off. It has a meaning only if no handler is on the
   * stack, as in a timer.
   */
  get cutOff(): WebRequest | undefined {
    return this.#running?.request;
  }
}
