import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Handler, WebResponse, WebServer, type WebServerOptions } from "../../mod.ts";
import { standardErrorOf } from "../support/standard_error.ts";

function serverOf(handler: Handler, options?: WebServerOptions): WebServer {
  const server = new WebServer(options);
  server.addPath("/", handler);
  return server;
}

const request = (path = "/", init?: RequestInit) => new Request(`http://localhost${path}`, init);

describe("The signal of a request through WebServer.fetch()", () => {
  it("does not ask for the signal of the request before a handler does", async () => {
    const given = request();
    let asked = 0;
    const { signal } = given;
    Object.defineProperty(given, "signal", { get: () => (asked++, signal) });
    await serverOf((req) => WebResponse.text(req.path)).fetch(given);
    assertEquals(asked, 0);
  });

  it("lets go of the signal of the request with the response", async () => {
    const controller = new AbortController();
    const kept = Promise.withResolvers<AbortSignal>();
    const server = serverOf((req) => {
      kept.resolve(req.signal);
      return WebResponse.empty();
    });
    await server.fetch(request("/", { signal: controller.signal }));
    controller.abort();
    assertFalse((await kept.promise).aborted);
  });
});

describe("A handler that stops because its signal has aborted", () => {
  it("is no panic when handlerTimeout has passed", async () => {
    const stopped = Promise.withResolvers<void>();
    const server = serverOf(async (req) => {
      try {
        return await new Promise((_, reject) => {
          req.signal.addEventListener("abort", () => reject(req.signal.reason));
        });
      } finally {
        stopped.resolve();
      }
    }, { handlerTimeout: 20 });
    const lines = await standardErrorOf(async () => {
      assertEquals((await server.fetch(request())).status, 503);
      await stopped.promise;
      await turnOfTheLoop();
    });
    assertEquals(lines, []);
  });

  it("is no panic when the client has gone", async () => {
    const controller = new AbortController();
    const server = serverOf((req) => {
      controller.abort();
      req.signal.throwIfAborted();
      return WebResponse.empty();
    });
    const lines = await standardErrorOf(() =>
      server.fetch(request("/", { signal: controller.signal }))
    );
    assertEquals(lines, []);
  });

  it("is a panic all the same when it throws something else", async () => {
    const controller = new AbortController();
    const server = serverOf((req) => {
      controller.abort();
      assert(req.signal.aborted);
      throw new TypeError("a fault of its own");
    });
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(request("/", { signal: controller.signal }));
      assertEquals(response.status, 500);
    });
    assertStringIncludes(lines.join(), "a fault of its own");
  });

  it("may throw what cannot be looked at, and is answered", async () => {
    const controller = new AbortController();
    const server = serverOf((req) => {
      controller.abort();
      assert(req.signal.aborted);
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy;
    });
    await standardErrorOf(async () => {
      const response = await server.fetch(request("/", { signal: controller.signal }));
      assertEquals(response.status, 500);
    });
  });
});

describe("handlerTimeout in WebServer.fetch()", () => {
  it("answers 503 in the place of a handler that never does", async () => {
    const server = serverOf(() => new Promise(() => {}), { handlerTimeout: 10 });
    assertEquals((await server.fetch(request())).status, 503);
  });

  it("makes a panic of a late failure still, which is logged", async () => {
    const late = Promise.withResolvers<WebResponse>();
    const server = serverOf(() => late.promise, { handlerTimeout: 10 });
    const lines = await standardErrorOf(async () => {
      assertEquals((await server.fetch(request())).status, 503);
      late.reject(new Error("too late"));
      await turnOfTheLoop();
    });
    assertStringIncludes(lines.join(), "too late");
  });

  it("leaves the signal of a request alone that was answered in time", async () => {
    const kept = Promise.withResolvers<AbortSignal>();
    const server = serverOf(async (req) => {
      kept.resolve(req.signal);
      await undefined;
      return WebResponse.empty();
    }, { handlerTimeout: 10 });
    assertEquals((await server.fetch(request())).status, 204);
    // A timer that was set later, and for longer, fires later.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertFalse((await kept.promise).aborted);
  });

  it("is off by default", async () => {
    const answer = Promise.withResolvers<WebResponse>();
    const server = serverOf(() => answer.promise);
    const response = server.fetch(request());
    setTimeout(() => answer.resolve(WebResponse.text("in the end")), 30);
    assertEquals(await (await response).text(), "in the end");
  });
});

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
