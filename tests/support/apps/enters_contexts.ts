// Enters async contexts, as applications do with AsyncLocalStorage.enterWith(), in every place in which the server calls the application.
// Every path but /seen enters the context of "alice"; /seen answers with the context that it finds, before anything is entered.

import { AsyncLocalStorage } from "node:async_hooks";
import { fetchHandler, HttpError, type WebRequest, WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import { passGate, reportAtGate } from "../servers/gate.ts";

const user = new AsyncLocalStorage<string>();
const server = appServer(appOptions(import.meta.url));

type ListensPath = "/listens/:who/:gate/:report";

function seen(): string {
  return user.getStore() ?? "nobody";
}

function enter(): void {
  user.enterWith("alice");
}

function entered(): WebResponse {
  return WebResponse.text("entered");
}

function streamed(source: AsyncIterable<string> | ReadableStream<string>): WebResponse {
  return new WebResponse(source, { headers: { "content-length": "7" } });
}

server.addExactPath("/seen", () => WebResponse.text(seen()));
server.addExactPath("/seen/fetch", fetchHandler(() => new Response(seen())));
server.addExactPath("/seen/async", async () => {
  await Promise.resolve();
  return WebResponse.text(seen());
});
server.addExactPath("/plain", () => {
  enter();
  return entered();
});
server.addExactPath("/async", async () => {
  enter();
  await Promise.resolve();
  enter();
  return entered();
});
server.addExactPath("/async-without-await", () => {
  enter();
  return Promise.resolve(entered());
});
server.addExactPath("/thenable", () => {
  enter();
  const answer = {
    then(resolve: (response: WebResponse) => void) {
      enter();
      resolve(entered());
    },
  };
  return answer as unknown as Promise<WebResponse>;
});
server.addExactPath(
  "/fetch",
  fetchHandler((_request, { completed }) => {
    enter();
    completed.then(enter);
    return new Response("entered");
  }),
);
server.addExactPath(
  "/fetch-async",
  fetchHandler(async (request) => {
    enter();
    request.signal.addEventListener("abort", enter);
    await Promise.resolve();
    return new Response("entered");
  }),
);

server.addExactPath("/throws", () => {
  enter();
  throw new Error("a panic");
});
server.addExactPath("/rejects", async () => {
  enter();
  await Promise.resolve();
  throw new Error("a panic");
});
server.addExactPath("/returns-nothing", () => {
  enter();
  return undefined as unknown as WebResponse;
});
server.addExactPath("/throws-what-enters", () => {
  throw Object.defineProperty(new Error("a panic"), "stack", {
    get() {
      enter();
      return "no stack";
    },
  });
});
server.addExactPath("/http-error", () => {
  enter();
  throw new HttpError(404, "not here");
});

server.addExactPath("/generator", () => {
  async function* parts() {
    enter();
    yield "ent";
    enter();
    yield "ered";
  }
  return streamed(parts());
});
server.addPath("/generator-at-gate/:port", (req: WebRequest<"/generator-at-gate/:port">) => {
  enter();
  async function* parts() {
    enter();
    yield "ent";
    await passGate(Number(req.params.port));
    yield "ered";
  }
  return streamed(parts());
});
server.addExactPath("/pull", () =>
  streamed(
    new ReadableStream({
      pull(controller) {
        enter();
        controller.enqueue("entered");
        controller.close();
      },
    }, { highWaterMark: 0 }),
  ));
server.addExactPath(
  "/fetch-pull",
  fetchHandler(() => {
    enter();
    let parts = 0;
    const body = new ReadableStream({
      pull(controller) {
        enter();
        if (parts++ === 7) return controller.close();
        controller.enqueue(new TextEncoder().encode("e"));
      },
    });
    return new Response(body, { headers: { "content-length": "7" } });
  }),
);
server.addExactPath("/iterator", () => {
  let parts = 0;
  return streamed({
    [Symbol.asyncIterator]() {
      enter();
      return {
        next() {
          enter();
          const done = parts++ === 7;
          return Promise.resolve(done ? { done, value: undefined } : { done, value: "e" });
        },
      };
    },
  });
});
server.addExactPath("/failing-body", () =>
  streamed(
    new ReadableStream({
      pull() {
        enter();
        throw new Error("a body that fails");
      },
    }, { highWaterMark: 0 }),
  ));
server.addExactPath("/cancelled-body", () => streamed(new ReadableStream({ cancel: enter })));

/** What the body of an answer sees of its own handler. */
server.addExactPath("/own-body", () => {
  enter();
  return new WebResponse(
    (async function* () {
      yield seen();
      await Promise.resolve();
      yield ` and ${seen()}`;
    })(),
    { headers: { "content-length": "15" } },
  );
});

/** Waits at the first gate, and reports at the second one what the listener to its signal sees. */
server.addPath("/listens/:who/:gate/:report", async (req: WebRequest<ListensPath>) => {
  const { who, gate, report } = req.params;
  if (who === "alice") enter();
  req.signal.addEventListener("abort", () => {
    const found = seen();
    reportAtGate(Number(report), () => Promise.resolve(found));
    enter();
  });
  await passGate(Number(gate));
  return entered();
});
/** Has the client watched from now on. */
server.addExactPath("/watched", (req) => {
  enter();
  req.signal.addEventListener("abort", enter);
  return entered();
});

let settle: (response: WebResponse) => void = () => {};
server.addPath("/settled-elsewhere/:port", (req: WebRequest<"/settled-elsewhere/:port">) => {
  const { promise, resolve } = Promise.withResolvers<WebResponse>();
  settle = resolve;
  passGate(Number(req.params.port));
  return promise;
});
server.addExactPath("/settles", () => {
  enter();
  settle(entered());
  return entered();
});

server.addExactPath("/timer", async () => {
  enter();
  setTimeout(enter);
  queueMicrotask(enter);
  await new Promise((resolve) => setTimeout(resolve));
  return entered();
});
server.addExactPath("/dispatches", () => {
  const listener = () => enter();
  addEventListener("dispatched", listener, { once: true });
  dispatchEvent(new Event("dispatched"));
  return entered();
});
/** Its rejection is seen by a listener of the application's, which enters a context, and by the server. */
server.addExactPath("/floating", () => {
  addEventListener("unhandledrejection", enter, { once: true });
  Promise.reject(new Error("that nobody awaits"));
  enter();
  return entered();
});

await server.run();
