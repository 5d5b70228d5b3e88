// The replaced `Deno.serve` over a host that serves nothing: arguments in, and what it returns.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { afterEach, describe, it } from "@std/testing/bdd";
import type { FetchInfo } from "../../src/handler/handler.ts";
import { platformError, replaceDenoServe } from "../../src/takeover/deno_serve.ts";
import type { FetchServer, ServeHost } from "../../src/takeover/serve_host.ts";

const original = Object.getOwnPropertyDescriptor(Deno, "serve")!;

/** Replaces `Deno.serve` by one whose host notes what it is asked for. */
function replace() {
  const taken: FetchServer[] = [];
  const closed: string[] = [];
  const finished = Promise.withResolvers<void>();
  const host: ServeHost<FetchServer> = {
    begin: (server) => {
      taken.push(server);
      const addr: Deno.Addr = { transport: "tcp", hostname: "::", port: 0, ...server.place };
      return { addr, finished: finished.promise, close: (call) => closed.push(call) };
    },
  };
  replaceDenoServe(host);
  return { taken, closed, finish: finished.resolve };
}

const handler = () => new Response("hello");
const request = new Request("http://localhost/");
const info = {
  remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port: 1 },
  completed: Promise.resolve(),
  waitUntil: () => {},
} satisfies FetchInfo;
const context = { ...info, passThroughOnException: () => {}, props: {} };

/** A call of `Deno.serve` with arguments that its types do not allow. */
function serveAnyhow(...args: unknown[]): Deno.HttpServer {
  return Reflect.apply(Deno.serve as unknown as () => Deno.HttpServer, Deno, args);
}

describe("replaceDenoServe()", () => {
  afterEach(() => void Object.defineProperty(Deno, "serve", original));

  const forms: readonly { what: string; args: unknown[]; place: FetchServer["place"] }[] = [
    { what: "a handler", args: [handler], place: {} },
    {
      what: "options and a handler",
      args: [{ port: 0, hostname: "::1" }, handler],
      place: { hostname: "::1", port: 0 },
    },
    {
      what: "a handler and options, which the runtime ignores",
      args: [handler, { port: 1 }],
      place: {},
    },
    {
      what: "options with a handler",
      args: [{ handler, port: 2, reusePort: true }],
      place: { port: 2 },
    },
    { what: "a path", args: [{ path: "/run/a.sock" }, handler], place: { path: "/run/a.sock" } },
    { what: "a port as text", args: [{ port: "4501" }, handler], place: { port: 4501 } },
    { what: "nothing named", args: [{ port: null, hostname: null }, handler], place: {} },
  ];
  for (const { what, args, place } of forms) {
    it(`takes ${what}`, async () => {
      const { taken } = replace();
      serveAnyhow(...args);
      assertEquals(taken.length, 1);
      assertEquals(taken[0].place, place);
      const response = await taken[0].handler(request, info, context);
      assertEquals(await response.text(), "hello");
    });
  }

  it("serves through forms of the function that a program keeps", () => {
    const { taken } = replace();
    const { serve } = Deno;
    serve(handler);
    Deno.serve.bind(Deno)(handler);
    assertEquals(taken.length, 2);
  });

  it("can be replaced by the program", () => {
    replace();
    const own = () => "its own";
    (Deno as { serve: unknown }).serve = own;
    assertEquals(Deno.serve as unknown, own);
  });

  const wrong: readonly { what: string; args: unknown[]; says: string }[] = [
    { what: "no handler", args: [{}], says: "handler must be a function" },
    { what: "no arguments", args: [], says: "handler must be a function" },
    { what: "options in second place", args: [undefined, { handler }], says: "handler must be" },
    { what: "a fraction as a port", args: [{ port: 45.1, handler }], says: "Invalid port: 45.1" },
    { what: "no number as a port", args: [{ port: NaN, handler }], says: "Invalid port: NaN" },
    { what: "a word as a port", args: [{ port: "a", handler }], says: "Invalid port: 'a'" },
    { what: "an empty port", args: [{ port: "", handler }], says: "Invalid port: ''" },
    { what: "a port of another type", args: [{ port: true, handler }], says: "expected number" },
    { what: "an empty hostname", args: [{ hostname: "", handler }], says: "Invalid hostname" },
    { what: "a path of another type", args: [{ path: 5, handler }], says: "Invalid path" },
    { what: "an onListen of another type", args: [{ onListen: 5, handler }], says: "onListen" },
    { what: "a signal of another type", args: [{ signal: {}, handler }], says: "signal must be" },
    { what: "a key without a certificate", args: [{ key: "b", handler }], says: "no TLS" },
    { what: "TLS", args: [{ cert: "a", key: "b" }, handler], says: "Mudpie does no TLS" },
    { what: "vsock", args: [{ cid: 1, port: 1 }, handler], says: "no vsock" },
  ];
  for (const { what, args, says } of wrong) {
    it(`throws a TypeError for ${what}`, () => {
      const { taken } = replace();
      assertThrows(() => serveAnyhow(...args), TypeError, says);
      assertEquals(taken, []);
    });
  }

  for (const port of [-111, 100_000, "65536"]) {
    it(`throws a RangeError for the port ${port}`, () => {
      const { taken } = replace();
      const says = `Invalid port (out of range): ${port}`;
      assertThrows(() => serveAnyhow({ port, handler }), RangeError, says);
      assertEquals(taken, []);
    });
  }

  it("returns a server with the address, and with methods that change nothing", () => {
    replace();
    const server = Deno.serve({ port: 81, hostname: "127.0.0.1" }, handler);
    assertEquals(server.addr, { transport: "tcp", hostname: "127.0.0.1", port: 81 });
    server.ref();
    server.unref();
  });

  it("closes by shutdown() and by disposal, which resolve with finished", async () => {
    const { closed, finish } = replace();
    const server = Deno.serve(handler);
    const ended = [server.shutdown(), server[Symbol.asyncDispose](), server.finished];
    assertEquals(closed, ["server.shutdown()", "server[Symbol.asyncDispose]()"]);
    finish();
    await Promise.all(ended);
  });

  it("closes when its signal aborts, or has aborted", () => {
    const { closed } = replace();
    const controller = new AbortController();
    Deno.serve({ signal: controller.signal }, handler);
    assertEquals(closed, []);
    controller.abort();
    Deno.serve({ signal: controller.signal }, handler);
    assertEquals(closed, ["the abort of its signal", "the abort of its signal"]);
  });

  it("calls onListen as a method of its options", () => {
    const { taken } = replace();
    const options = {
      seen: [] as unknown[],
      onListen(address: Deno.Addr) {
        this.seen.push(address);
      },
    };
    serveAnyhow(options, handler);
    const address = { transport: "tcp", hostname: "::", port: 1 } as const;
    taken[0].onListen?.(address);
    assertEquals(options.seen, [address]);
  });

  const consumed = new Response("x");
  const lookalike = () => Object.create(Response.prototype, { type: { value: "default" } });
  const failures: readonly { what: string; handler: () => unknown; says: string }[] = [
    {
      what: "throws",
      handler: () => {
        throw new Error("boom");
      },
      says: "boom",
    },
    { what: "rejects", handler: () => Promise.reject(new Error("late boom")), says: "late boom" },
    { what: "returns no response", handler: () => "text", says: "must be a response" },
    { what: "returns an error response", handler: () => Response.error(), says: "error response" },
    { what: "returns what looks like a response", handler: lookalike, says: "in this realm" },
    { what: "returns a consumed response", handler: () => consumed, says: "already been consumed" },
  ];
  for (const { what, handler, says } of failures) {
    it(`calls onError when the handler ${what}`, async () => {
      await consumed.text().catch(() => {});
      const { taken } = replace();
      const onError = (error: unknown) => new Response((error as Error).message, { status: 503 });
      serveAnyhow({ handler, onError });
      const response = await taken[0].handler(request, info, context);
      assertEquals(response.status, 503);
      const text = await response.text();
      assert(text.includes(says), text);
    });
  }

  it("leaves a failure without onError, or of onError, to the host", async () => {
    const { taken } = replace();
    const fails = () => Promise.reject(new Error("boom"));
    serveAnyhow(fails);
    serveAnyhow({ handler: fails, onError: () => Promise.reject(new Error("worse")) });
    await assertRejects(async () => await taken[0].handler(request, info, context), Error, "boom");
    await assertRejects(async () => await taken[1].handler(request, info, context), Error, "worse");
  });
});

describe("platformError()", () => {
  it("makes an error of the class of that name, or a plain one", () => {
    assert(platformError("AddrInUse", "taken") instanceof Deno.errors.AddrInUse);
    assertEquals(platformError("Unheard", "of").message, "of");
  });
});
