import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler, type Handler, HttpError, WebResponse } from "../../mod.ts";
import { headOf } from "../../src/handler/request.ts";
import { OutgoingResponse } from "../../src/handler/outgoing_response.ts";
import { assertPanic } from "../support/requests/assert_panic.ts";
import { parsedRequest, TestDispatcher } from "../support/requests/socketless_exchange.ts";

describe("Dispatcher.dispatch()", () => {
  it("returns the response of a plain handler at once, without a promise", () => {
    const dispatcher = new TestDispatcher({ "prefix /": () => WebResponse.text("a") });
    const response = dispatcher.dispatch(parsedRequest({}));
    assertInstanceOf(response, OutgoingResponse);
    assertEquals([response.status, response.body], [200, "a"]);
  });

  it("returns what goes wrong in a plain handler at once, too", () => {
    const dispatcher = new TestDispatcher({
      "prefix /http-error": () => {
        throw new HttpError(404);
      },
      "prefix /panic": () => {
        throw new Error("a");
      },
      "prefix /table": { PUT: () => WebResponse.empty() },
    });
    const statuses = { "/http-error": 404, "/panic": 500, "/table": 405, "/nowhere": 404 };
    for (const [target, status] of Object.entries(statuses)) {
      const response = dispatcher.dispatch(parsedRequest({ target }));
      assertInstanceOf(response, OutgoingResponse);
      assertEquals(response.status, status);
    }
  });

  it("returns a promise of the response of an asynchronous handler", async () => {
    const dispatcher = new TestDispatcher({ "prefix /": async () => await WebResponse.text("a") });
    const returned = dispatcher.dispatch(parsedRequest({}));
    assertInstanceOf(returned, Promise);
    assertEquals((await returned).body, "a");
  });

  it("calls the handler with the request, once", async () => {
    const seen: unknown[][] = [];
    const dispatcher = new TestDispatcher({
      "prefix /": (...values) => {
        seen.push(values);
        return WebResponse.empty();
      },
    });
    const request = parsedRequest({});
    await dispatcher.dispatch(request);
    assertEquals(seen.length, 1);
    assertEquals(seen[0].length, 1);
    assertStrictEquals(seen[0][0], request);
  });

  it("answers a path that was not added with 404", async () => {
    const { status, headers } = await new TestDispatcher({}).answer({ target: "/a" });
    assertEquals([status, headers.get("content-type")], [404, "text/plain; charset=utf-8"]);
  });

  it("reports no panic for an HttpError, thrown or rejected with", async () => {
    const dispatcher = new TestDispatcher({
      "exact /thrown": () => {
        throw new HttpError(404, "a");
      },
      "exact /rejected": () => Promise.reject(new HttpError(409, "b")),
    });
    assertEquals((await dispatcher.answer({ target: "/thrown" })).status, 404);
    assertEquals((await dispatcher.answer({ target: "/rejected" })).status, 409);
    assertEquals(dispatcher.panics, []);
  });
});

describe("Dispatcher.routeOf()", () => {
  const app = fetchHandler(() => new Response());
  const indexOf = (routes: Record<string, Handler>, target: string, method = "GET") =>
    new TestDispatcher(routes).routeOf(headOf(parsedRequest({ method, target })));

  it("returns the index of the route that matches, and undefined without one", () => {
    const routes = { "exact /a": () => WebResponse.empty(), "prefix /b": app };
    assertEquals(["/a", "/b/c", "/d"].map((target) => indexOf(routes, target)), [0, 1, undefined]);
    assertEquals(indexOf(routes, "*", "OPTIONS"), undefined);
  });

  it("returns undefined for a fetch-style application that has all paths", () => {
    assertEquals(indexOf({ "prefix /": app }, "/a"), undefined);
    assertEquals(indexOf({ "prefix /": () => WebResponse.empty() }, "/a"), 0);
    assertEquals(indexOf({ "exact /": app }, "/"), 0);
  });
});

describe("OPTIONS *", () => {
  const ask = (dispatcher: TestDispatcher) => dispatcher.answer({ method: "OPTIONS", target: "*" });

  it("asks about the server as a whole, which names every method", async () => {
    const { status, text, headers } = await ask(
      new TestDispatcher({ "prefix /a": () => WebResponse.text("hello") }),
    );
    assertEquals([status, text], [204, ""]);
    assertEquals(
      headers.get("allow")?.split(", ").toSorted(),
      ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"],
    );
  });

  it("does not ask about the exact path /", async () => {
    let calls = 0;
    const front = () => {
      calls++;
      return WebResponse.text("hello");
    };
    assertEquals((await ask(new TestDispatcher({ "exact /": front }))).text, "");
    assertEquals(calls, 0);
    const { headers } = await ask(new TestDispatcher({ "exact /": { GET: front } }));
    assertStringIncludes(headers.get("allow") ?? "", "POST");
  });

  it("is the only method that an asterisk goes with", async () => {
    const dispatcher = new TestDispatcher({ "prefix /": () => WebResponse.text("hello") });
    assertEquals((await dispatcher.answer({ method: "GET", target: "*" })).status, 400);
  });
});

describe("A panic", () => {
  const error = new Error("secret");
  const looksLikeHttpError = Object.assign(new Error("secret"), {
    name: "HttpError",
    status: 404,
    headers: {},
  });
  const thrown: { what: string; value: unknown }[] = [
    { what: "an Error", value: error },
    { what: "a TypeError", value: new TypeError("secret") },
    { what: "an Error that only looks like an HttpError", value: looksLikeHttpError },
    {
      what: "an aborted operation, of which the request knows nothing",
      value: new DOMException("secret", "AbortError"),
    },
    { what: "undefined", value: undefined },
    { what: "null", value: null },
    { what: "a text", value: "secret" },
    { what: "a number", value: 404 },
    { what: "a symbol", value: Symbol("secret") },
    { what: "an object", value: { secret: 1 } },
    { what: "a response", value: WebResponse.text("secret") },
    { what: "a platform Response", value: new Response("secret") },
    { what: "a proxy that was revoked", value: revokedProxy() },
  ];
  for (const { what, value } of thrown) {
    it(`is a handler that throws ${what}`, async () => {
      await assertPanic(() => {
        throw value;
      }, value);
    });

    it(`is a handler that rejects with ${what}`, async () => {
      await assertPanic(() => Promise.reject(value), value);
    });
  }

  const results: { type: string; value: unknown }[] = [
    { type: "undefined", value: undefined },
    { type: "null", value: null },
    { type: "string", value: "secret" },
    { type: "number", value: 200 },
    { type: "boolean", value: true },
    { type: "Object", value: { status: 200, body: "secret", headers: {} } },
    { type: "Array", value: [] },
    { type: "Uint8Array", value: new Uint8Array(1) },
    { type: "function", value: () => WebResponse.text("secret") },
    { type: "Request", value: new Request("http://localhost/secret") },
    { type: "Error", value: new Error("secret") },
    { type: "HttpError", value: new HttpError(404, "secret") },
    { type: "object", value: Object.create(null) },
  ];
  for (const { type, value } of results) {
    it(`is a handler that returns a value of type ${type}, now or later`, async () => {
      for (const result of [value, Promise.resolve(value)]) {
        const [panic] = await assertPanic((() => result) as Handler);
        assertInstanceOf(panic, TypeError);
        assertStringIncludes(panic.message, `type ${type}`, "what was got");
        assertStringIncludes(panic.message, "WebResponse", "what was expected");
        assertStringIncludes(panic.message, 'GET "/"', "which handler");
      }
    });
  }

  it("is an HttpError whose headers may not be sent", async () => {
    const bad = [["x-bad", "a\r\nb: c"], ["x-bad", "a\x01b"], ["x-bad ", "a"]];
    for (const [name, value] of bad) {
      const [panic] = await assertPanic(() => {
        throw new HttpError(401, "secret", { headers: { [name]: value } });
      });
      assertInstanceOf(panic, TypeError);
      assertStringIncludes(panic.message, "x-bad");
    }
  });

  it("is a promise that is none: a then() that throws", async () => {
    const liar = {
      then() {
        throw error;
      },
    };
    await assertPanic((() => liar) as unknown as Handler, error);
  });

  it("does not keep the next request from its answer", async () => {
    const dispatcher = new TestDispatcher({
      "exact /panic": () => Promise.reject(error),
      "exact /": () => WebResponse.text("well"),
    });
    await dispatcher.answer({ target: "/panic" });
    assertEquals((await dispatcher.answer({})).text, "well");
  });
});

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
