// The Request of fetch-style handlers, made in two ways, beside one that the platform has made.

import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bodyFaultOf } from "../../src/handler/body_faults.ts";
import { defineLazyRequest, type RequestMaker } from "../../src/handler/lazy_request.ts";
import { createWholeRequest } from "../../src/handler/platform_request.ts";
import {
  BODY_FAULTS,
  type Given,
  plain,
  READABLE,
  READERS,
  rejectionOf,
  Sample,
} from "../support/requests/request_sample.ts";
import { canUseNetwork } from "../support/permissions.ts";

function testRequests(way: "lazy" | "whole", create: RequestMaker): void {
  const sample = (given?: Given) => new Sample(create, given);

  it(`a ${way} request is a Request in every way that code can ask`, () => {
    const { request } = sample();
    const platform = new Request("http://a/", { method: "POST", body: "" });
    assert(request instanceof Request);
    assertEquals(String(request), "[object Request]");
    assertStrictEquals(request.constructor, Request);
    assertEquals(Object.keys(request), []);
    const names = (object: object) => {
      const found = new Set<string>();
      for (const name in object) found.add(name);
      return found;
    };
    assertEquals(names(request), names(platform));
    assertThrows(() => structuredClone(request), DOMException);
  });

  it(`a ${way} request has each property that the platform's has, with the same value`, () => {
    const { request } = sample();
    const platform = new Request("http://a/path?query", {
      method: "POST",
      body: new Uint8Array(4),
      headers: [["Host", "a"], ["X-A", "1"]],
    });
    for (const name of Object.keys(Request.prototype) as (keyof Request)[]) {
      const value = request[name];
      if (typeof value === "object") continue;
      if (typeof value !== "function") assertEquals(value, platform[name], name);
      else assertEquals(value.length, (platform[name] as () => unknown).length, name);
    }
    assertEquals(new Map(request.headers), new Map(platform.headers));
    assertInstanceOf(request.body, ReadableStream);
  });

  it(`a ${way} request is inspected like the platform's`, () => {
    const { request } = sample();
    const platform = new Request("http://a/path?query", {
      method: "POST",
      headers: [["Host", "a"], ["X-A", "1"]],
    });
    const expected = Deno.inspect(platform);
    assertEquals(Deno.inspect(request), expected);
    assertEquals(Deno.inspect(request.headers), Deno.inspect(platform.headers));
  });

  const copies: { what: string; copy: (request: Request) => Request }[] = [
    { what: "new Request(request)", copy: (request) => new Request(request) },
    {
      what: "new Request(request, init)",
      copy: (request) => new Request(request, { redirect: "manual" }),
    },
    {
      what: "new Request(url, request)",
      copy: (request) => new Request("http://a/path?query", request),
    },
    { what: "request.clone()", copy: (request) => request.clone() },
    { what: "a clone of a clone", copy: (request) => request.clone().clone() },
    {
      what: "Request.prototype.clone.call(request)",
      copy: (request) => Request.prototype.clone.call(request),
    },
    {
      what: "new Subclass(request)",
      copy: (request) => new class Subclass extends Request {}(request),
    },
  ];
  for (const { what, copy } of copies) {
    it(`${what} of a ${way} request has its method, URL, fields and body`, async () => {
      const copied = copy(sample().request);
      assertEquals([copied.method, copied.url], ["POST", "http://a/path?query"]);
      assertEquals(new Map(copied.headers), new Map([["host", "a"], ["x-a", "1"]]));
      assertEquals(await copied.text(), "body");
    });

    it(`${what} of a ${way} request aborts with it, also if its own signal was never read`, () => {
      const { request, controller } = sample();
      const { signal } = copy(request);
      assertFalse(signal.aborted);
      const reason = new Error("gone");
      controller.abort(reason);
      assertStrictEquals(signal.reason, reason);
    });
  }

  it(`new Request() takes the body of a ${way} request, and clone() leaves it`, async () => {
    const { request } = sample();
    const clone = request.clone();
    assertFalse(request.bodyUsed);
    new Request(request);
    assert(request.bodyUsed);
    await assertRejects(() => request.text(), TypeError);
    assertEquals(await clone.text(), "body");
  });

  for (const name of READERS) {
    const { body, fields } = READABLE[name];
    const given = { body, fields: [["Host", "a"], ...fields] as const };
    const platform = () => {
      const headers = given.fields.map(([name, value]) => [name, value]) as [string, string][];
      return new Request("http://a/", {
        method: "POST",
        body: new TextEncoder().encode(body),
        headers,
      });
    };

    it(`${name}() of a ${way} request reads what the platform's does, and marks it at once`, async () => {
      const { request } = sample(given);
      assertFalse(request.bodyUsed);
      const reading = request[name]();
      assert(request.bodyUsed);
      assertEquals(await plain(await reading), await plain(await platform()[name]()));
    });

    it(`${name}() of a ${way} request reads a body that is a stream already`, async () => {
      const { request } = sample(given);
      assertInstanceOf(request.body, ReadableStream);
      assertFalse(request.bodyUsed);
      assertEquals(await plain(await request[name]()), await plain(await platform()[name]()));
      assert(request.bodyUsed);
    });

    it(`Request.prototype.${name}.call() of a ${way} request reads its body`, async () => {
      const { request } = sample(given);
      const reading = Request.prototype[name].call(request);
      assert(request.bodyUsed);
      assertEquals(await plain(await reading), await plain(await platform()[name]()));
    });

    it(`${name}() of a ${way} request that was read rejects as the platform's does`, async () => {
      for (const first of READERS) {
        const other = platform();
        const { request } = sample(given);
        for (const each of [other, request]) await each[first]().catch(() => {});
        const [expected, error] = await Promise.all(
          [other, request].map((each) => rejectionOf(each[name]())),
        );
        assertInstanceOf(error, TypeError);
        assertEquals(String(error), String(expected), `after ${first}()`);
        assertEquals(bodyFaultOf(error), undefined);
      }
    });

    it(`${name}() of a ${way} request without a body can be called again`, async () => {
      const { request } = sample({ method: "GET", fields: given.fields, body: "" });
      const other = new Request("http://a/", { headers: request.headers });
      assertEquals([request.body, request.bodyUsed], [null, false]);
      for (let i = 0; i < 2; i++) {
        const [expected, result] = await Promise.all(
          [other, request].map((each) => each[name]().catch(String).then(plain)),
        );
        assertEquals(result, expected);
        assertFalse(request.bodyUsed);
      }
    });

    it(`${name}() of a ${way} request reads an empty body once, as under Deno.serve`, async () => {
      const { request } = sample({ body: "" });
      await request[name]().catch(() => {});
      assert(request.bodyUsed);
      await assertRejects(() => request[name](), TypeError);
    });
  }

  it(`a ${way} request has the method as ${way === "lazy" ? "it was sent" : "the platform writes it"}`, () => {
    for (const method of ["delete", "Put", "options", "patch", "PATCH", "purge", "Query", "get"]) {
      const expected = way === "lazy"
        ? method
        : new Request("http://localhost/", { method }).method;
      const { request } = sample({ method });
      assertEquals(request.method, expected);
      assertEquals([request.clone().method, new Request(request).method], [expected, expected]);
    }
  });

  it(`a ${way} request has no body to GET and HEAD, whatever was sent`, async () => {
    for (const method of ["GET", "HEAD"]) {
      const { request } = sample({ method, body: "abc" });
      assertEquals([request.method, request.body], [method, null]);
      assertEquals(await request.text(), "");
      assertEquals(new Request(request).method, method);
    }
  });

  it(`a ${way} request that was read leads to no other, and its stream is used up`, async () => {
    const { request } = sample();
    await request.text();
    assertThrows(() => request.clone(), TypeError, "unusable");
    assertThrows(() => new Request(request), TypeError, "unusable");
    const { body } = request;
    assertInstanceOf(body, ReadableStream);
    assert(body.locked);
    assertEquals([request.method, request.headers.get("x-a")], ["POST", "1"]);
  });

  it(`a ${way} request whose stream has a reader is not read by another`, async () => {
    const { request } = sample();
    const reader = request.body!.getReader();
    await assertRejects(() => request.text(), TypeError);
    assertEquals(new TextDecoder().decode((await reader.read()).value), "body");
    assert(request.bodyUsed);
  });

  it(`textStream() of a ${way} request streams its body`, async () => {
    const { request } = sample();
    const stream = (request as unknown as { textStream(): ReadableStream<string> }).textStream();
    assertEquals((await Array.fromAsync(stream)).join(""), "body");
  });

  it(`bytes() of a ${way} request gives memory of its own`, async () => {
    const memory = new TextEncoder().encode("body");
    const { request } = sample({ body: memory });
    const bytes = await request.bytes();
    bytes.fill(0);
    assertEquals(bytes.buffer.byteLength, 4);
    assertEquals(new TextDecoder().decode(memory), "body");
  });

  it(`a ${way} request keeps its head after the response`, () => {
    const kept = sample();
    kept.release();
    const { request } = kept;
    assertEquals([request.method, request.url], ["POST", "http://a/path?query"]);
    assertEquals(new Map(request.headers), new Map([["host", "a"], ["x-a", "1"]]));
    assertEquals(Reflect.get(Request.prototype, "url", request), "http://a/path?query");
  });

  it(`a ${way} request keeps what was made of it before the response`, async () => {
    const kept = sample();
    const clone = kept.request.clone();
    const copy = new Request(kept.request);
    kept.release();
    assertEquals([await clone.text(), await copy.text()], ["body", "body"]);
  });

  it(`fetch() sends a ${way} request`, { ignore: !canUseNetwork }, async () => {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      async (r) =>
        Response.json([r.method, new URL(r.url).pathname, r.headers.get("x-a"), await r.text()]),
    );
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const { request } = sample({ origin });
    const response = await fetch(request);
    assertEquals(await response.json(), ["POST", "/path", "1", "body"]);
    assert(request.bodyUsed);
    const other = sample({ origin, target: "/other" });
    const sent = await fetch(`${origin}/other`, other.request);
    assertEquals(await sent.json(), ["POST", "/other", "1", "body"]);
    const headers = await fetch(origin, { headers: sample().request.headers });
    assertEquals((await headers.json())[2], "1");
  });

  it(`fetch() of a ${way} request aborts with it`, async () => {
    const { request, controller } = sample();
    const reason = new Error("gone");
    controller.abort(reason);
    assertStrictEquals(await rejectionOf(fetch(request)), reason);
  });

  it(`a ${way} request has waitUntil as a function that needs no request, and that code may replace`, () => {
    const { request, work } = sample();
    const promise = Promise.resolve();
    for (const each of [request, request.clone()]) {
      const { waitUntil } = each as unknown as Sample;
      waitUntil(promise);
    }
    assertEquals(work.length, 2);
    assertStrictEquals(work[0], promise);
    const replaced = request as unknown as { waitUntil: unknown };
    replaced.waitUntil = undefined;
    assertEquals(replaced.waitUntil, undefined);
  });

  it(`a proxy of a ${way} request, and what inherits from it, work like itself`, async () => {
    for (
      const wrap of [
        (request: Request) => new Proxy(request, {}),
        (request: Request): Request => Object.create(request),
      ]
    ) {
      const wrapped = wrap(sample().request);
      assertEquals([wrapped.method, wrapped.url], ["POST", "http://a/path?query"]);
      assertEquals(wrapped.headers.get("x-a"), "1");
      assertEquals(await new Request(wrap(sample().request)).text(), "body");
      assertEquals(await wrapped.clone().text(), "body");
      const { request } = sample();
      assertEquals(await wrap(request).text(), "body");
      assert(request.bodyUsed);
    }
  });

  it(`a ${way} request has the headers that an own handler has changed`, () => {
    const { request } = sample({ headers: new Headers({ "x-b": "2" }) });
    assertEquals(new Map(request.headers), new Map([["x-b", "2"]]));
    assertEquals(new Map(new Request(request).headers), new Map([["x-b", "2"]]));
  });

  for (const { what, body, reader, status, ...rest } of BODY_FAULTS) {
    it(`a ${way} request notes that the client is at fault for ${what}, with ${status}, also for a clone`, async () => {
      const type = "type" in rest ? rest.type : "text/plain";
      const fields = [["Host", "a"], ["Content-Type", type]] as const;
      const whole = sample({ body, fields });
      const streamed = sample({ body, fields });
      streamed.request.body;
      for (
        const [each, source] of [
          [whole.request.clone(), whole],
          [whole.request, whole],
          [streamed.request, streamed],
        ] as const
      ) {
        const fault = bodyFaultOf(await rejectionOf(each[reader]()));
        assert(fault !== undefined);
        assertStrictEquals(fault.of, source);
        assertEquals(fault.answer.status, status);
      }
    });
  }
}

describe("createWholeRequest()", () => testRequests("whole", createWholeRequest));

describe("defineLazyRequest()", () => testRequests("lazy", defineLazyRequest()));
