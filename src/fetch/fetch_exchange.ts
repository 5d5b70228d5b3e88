// What `WebServer.fetch()` has in place of a connection: the platform request's signal, and a timer
// for `handlerTimeout`.

import {
  type Abortable,
  type BackgroundWork,
  type ExchangeWatch,
  failBody,
  type WebRequest,
} from "../handler/request.ts";
import { HANDLER_TOO_SLOW, type Refusal } from "../http1/refusal.ts";

/** One request through `WebServer.fetch()`, from its head to the end of its response's body. */
export class FetchExchange implements ExchangeWatch {
  /** There is no connection. */
  readonly webSockets = undefined;
  readonly #request: Request;
  readonly connection = undefined;
  readonly #isOver = new AbortController();
  #controller: Abortable | undefined;
  #completion: PromiseWithResolvers<void> | undefined;

  constructor(
    request: Request,
    readonly background: BackgroundWork,
    readonly answerTo: ExchangeWatch["answerTo"],
  ) {
    this.#request = request;
  }

  /** Reads the platform's signal only now: `Deno.serve` makes it when it is first read. */
  onSignalWanted(controller: Abortable): void {
    this.#controller = controller;
    const { signal } = this.#request;
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { signal: this.#isOver.signal });
  }

  /** There is no log of these requests. */
  noteReason(): void {}

  onCompletionWanted(): Promise<void> {
    return (this.#completion ??= Promise.withResolvers()).promise;
  }

  /** There is no connection to upgrade. */
  onUpgradePrepared(): void {}

  /** The server around this one has the traces and metrics of its requests. */
  noteRoute(_pattern: string): void {}

  /**
   * Ends the exchange. The handler's signal follows the platform's no longer: what the handler has
   * left running goes on, as it does over a connection.
   */
  end(): void {
    this.#completion?.resolve();
    if (this.#controller !== undefined) this.#isOver.abort();
  }

  /**
   * Returns the response that `handled` resolves to. If that takes longer than the limit (0 for
   * none), it returns what `replace` makes of the reason.
   */
  async within(
    limitMs: number,
    { handled, replace }: {
      readonly handled: Promise<Response>;
      readonly replace: (refusal: Refusal) => Promise<Response>;
    },
    request: WebRequest,
  ): Promise<Response> {
    if (limitMs === 0) return await handled;
    const overdue = Promise.withResolvers<Response>();
    const timer = setTimeout(() => {
      this.#controller?.abort(
        new DOMException("The handler took longer than handlerTimeout", "TimeoutError"),
      );
      failBody(request, HANDLER_TOO_SLOW);
      overdue.resolve(replace(HANDLER_TOO_SLOW));
      // No client reads a late response, so its source is cancelled.
      handled.then((late) => late.body?.cancel()).catch(() => {});
    }, limitMs);
    const first = await Promise.race([handled, overdue.promise]);
    clearTimeout(timer);
    return first;
  }
}
