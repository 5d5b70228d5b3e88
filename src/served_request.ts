// The platform's `Request` for applications that are written for it. Half of what a `Request` costs is a signal of its own that follows
// another one, and most applications never look at it; so this one has its signal when it is asked for. The class is made with the
// first of them: the platform loads what stands behind `Request` only when somebody touches it, which many servers never do.

/** Where a request's signal comes from. */
interface SignalSource {
  readonly signal: AbortSignal;
}

type ServedRequestClass = new (
  url: string,
  init: RequestInit | undefined,
  source: SignalSource,
) => Request;

let ServedRequest: ServedRequestClass | undefined;

/**
 * A `Request` whose signal is somebody else's, looked up when it is asked for. `init` is left out for a GET: the platform takes a third
 * of the time then.
 */
export function createServedRequest(
  url: string,
  init: RequestInit | undefined,
  source: SignalSource,
): Request {
  ServedRequest ??= defineServedRequest();
  return new ServedRequest(url, init, source);
}

function defineServedRequest(): ServedRequestClass {
  return class ServedRequest extends Request {
    readonly #source: SignalSource;

    constructor(url: string, init: RequestInit | undefined, source: SignalSource) {
      super(url, init);
      this.#source = source;
    }

    override get signal(): AbortSignal {
      return this.#source.signal;
    }

    override clone(): Request {
      const copy = super.clone();
      Object.defineProperty(copy, "signal", { get: () => this.signal, configurable: true });
      return copy;
    }
  };
}
