// The signal of a request, signals that are derived from it, and copies of the request: which of
// them abort when the client leaves, and with which reason.

import type {
  CaseRun,
  FidelityCase,
  FidelityCases,
} from "../../support/fetch_fidelity/fidelity_case.ts";
import { GET, JSON_POST } from "./requests.ts";

/** Resolves when a signal aborts. */
function aborted(signal: AbortSignal): Promise<true> {
  const { promise, resolve } = Promise.withResolvers<true>();
  if (signal.aborted) resolve(true);
  else signal.addEventListener("abort", () => resolve(true), { once: true });
  return promise;
}

/** The ways to a signal that has to abort with the request. */
const SIGNALS: Readonly<Record<string, (request: Request) => AbortSignal>> = {
  "its own": ({ signal }) => signal,
  "AbortSignal.any": ({ signal }) => AbortSignal.any([signal]),
  "AbortSignal.any of two": ({ signal }) => AbortSignal.any([new AbortController().signal, signal]),
  "AbortSignal.any of AbortSignal.any": ({ signal }) =>
    AbortSignal.any([AbortSignal.any([signal])]),
  "of a clone": (request) => request.clone().signal,
  "of a clone of a clone": (request) => request.clone().clone().signal,
  "of new Request(request)": (request) => new Request(request).signal,
  "of new Request(request, init)": (request) =>
    new Request(request, { method: "PUT", headers: { "x-a": "1" } }).signal,
  "of new Request(url, request)": (request) => new Request("http://other.test/", request).signal,
  "of new Request(url, { signal })": ({ signal }) =>
    new Request("http://other.test/", { signal }).signal,
  "of new Request(clone)": (request) => new Request(request.clone()).signal,
  "of a clone of new Request(request)": (request) => new Request(request).clone().signal,
  "of a clone that is made after the signal was read": (request) => {
    void request.signal;
    return request.clone().signal;
  },
  "of a copy that is made after the signal was read": (request) => {
    void request.signal;
    return new Request(request).signal;
  },
  "of a subclass made from the request": (request) =>
    new (class Mine extends Request {})(request).signal,
  "by the getter of the prototype": (request) =>
    Reflect.get(Request.prototype, "signal", request) as AbortSignal,
};

/** A case whose client leaves once the handler has a signal. */
function whenClientLeaves(
  send: typeof GET,
  handle: (request: Request, run: CaseRun) => Promise<unknown>,
): FidelityCase {
  return {
    send,
    clientLeaves: true,
    async handle(request, run) {
      const whenDone = handle(request, run);
      run.letClientLeave();
      await whenDone;
    },
  };
}

/** The reason of an abort, as far as it is the same everywhere: its class and its name. */
function kindOf(reason: unknown): unknown {
  return reason instanceof Error ? [reason.constructor.name, reason.name] : reason;
}

export const signals: FidelityCases = {
  ...Object.fromEntries(
    Object.entries(SIGNALS).flatMap(([name, signalOf]) => [
      [
        `${name}, when the client leaves`,
        whenClientLeaves(GET, async (request, { notes }) => {
          const signal = signalOf(request);
          notes.see("before", () => signal.aborted);
          await notes.see("abort", () => aborted(signal));
          notes.see("after", () => signal.aborted);
          notes.see("reason", () => kindOf(signal.reason));
          notes.see("throwIfAborted", () => {
            try {
              return signal.throwIfAborted();
            } catch (error) {
              return kindOf(error);
            }
          });
        }),
      ],
    ]),
  ),
  "of a copy of a POST, when the client leaves": whenClientLeaves(
    JSON_POST,
    async (request, { notes }) => {
      const copy = new Request(request);
      await notes.see("text", () => copy.text());
      await notes.see("abort", () => aborted(copy.signal));
      notes.see("of the request", () => request.signal.aborted);
    },
  ),
  "of copies that are not kept, when the client leaves": whenClientLeaves(
    GET,
    async (request, { notes }) => {
      const { signal } = new Request(request);
      for (let i = 0; i < 20; i++) new Request(request);
      await notes.see("abort", () => aborted(signal));
    },
  ),
  "onabort, when the client leaves": whenClientLeaves(GET, async ({ signal }, { notes }) => {
    const event = Promise.withResolvers<Event>();
    signal.onabort = event.resolve;
    await notes.see("type", async () => (await event.promise).type);
    notes.see("target", () => kindOf(signal.reason));
  }),
  "in a fetch, when the client leaves": whenClientLeaves(GET, async ({ signal }, { notes }) => {
    // Nothing answers there: the listener is never asked to accept.
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    await notes.see(
      "fetch",
      () => fetch(`http://127.0.0.1:${port}/`, { signal }).then(() => "an answer", kindOf),
    );
  }),
  "of a Request that is sent on, when the client leaves": whenClientLeaves(
    GET,
    async (request, { notes }) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      const onward = new Request(`http://127.0.0.1:${port}/`, request);
      await notes.see(
        "fetch",
        () => fetch(new Request(onward, { redirect: "follow" })).then(() => "an answer", kindOf),
      );
    },
  ),
  "of a copy with a signal of its own, when the client leaves": whenClientLeaves(
    GET,
    async (request, { notes }) => {
      const own = new AbortController();
      const copy = new Request(request, { signal: own.signal });
      const without = new Request(request, { signal: null });
      await notes.see("the request", () => aborted(request.signal));
      notes.see("the copy", () => copy.signal.aborted);
      notes.see("without", () => without.signal.aborted);
      own.abort("own");
      notes.see("the copy, by its own", () => [copy.signal.aborted, copy.signal.reason]);
    },
  ),
  "of a copy that aborts by its own signal": {
    send: GET,
    handle(request, { notes }) {
      const own = new AbortController();
      const copy = new Request(request, { signal: own.signal });
      own.abort("own");
      notes.see("the copy", () => [copy.signal.aborted, copy.signal.reason]);
      notes.see("its clone", () => [copy.clone().signal.aborted, copy.clone().signal.reason]);
      notes.see("the request", () => request.signal.aborted);
    },
  },
  "the object": {
    send: GET,
    handle(request, { notes }) {
      const { signal } = request;
      notes.see("class", () => [signal instanceof AbortSignal, signal.constructor.name]);
      notes.see("toString", () => Object.prototype.toString.call(signal));
      notes.see("same", () => request.signal === signal);
      notes.see("aborted", () => signal.aborted);
      notes.see("reason", () => signal.reason);
      notes.see("throwIfAborted", () => signal.throwIfAborted());
      notes.see("a clone's is another", () => request.clone().signal === signal);
      notes.see("a copy's is another", () => new Request(request).signal === signal);
    },
  },
  "a timeout beside it": {
    send: GET,
    async handle({ signal }, { notes }) {
      const either = AbortSignal.any([signal, AbortSignal.timeout(1)]);
      await notes.see("abort", () => aborted(either));
      notes.see("reason", () => kindOf(either.reason));
      notes.see("the request's", () => signal.aborted);
    },
  },
  "after the response": {
    send: [GET, GET],
    async handle(request, { notes, index, kept }, info) {
      if (index === 0) {
        kept.push(request.signal, info.completed);
        return;
      }
      await notes.see("completed", () => kept[1] as Promise<void>);
      notes.see("aborted", () => (kept[0] as AbortSignal).aborted);
    },
  },
};
