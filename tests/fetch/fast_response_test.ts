// The `Response` of workers beside the platform's: what a program can see of both is the same.

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler, WebServer } from "../../mod.ts";
import { installFastResponse } from "../../src/fetch/fast_response.ts";
import { outgoingOfNoted } from "../../src/fetch/noted_response.ts";
import { fromPlatformResponse } from "../../src/fetch/platform_response.ts";
import { standardErrorOf } from "../support/standard_error.ts";

type ResponseClass = typeof Response;

const Platform = Response;
const before = new Platform("before");
const scope: { Response: ResponseClass } = Object.create(null, {
  Response: { get: () => Platform, enumerable: false, configurable: true },
});
installFastResponse(scope);
const Fast = scope.Response;

/** What a program sees of a response, and what its constructor throws. */
async function seen(make: (Response: ResponseClass) => Response, type: ResponseClass) {
  let response: Response;
  try {
    response = make(type);
  } catch (error) {
    return String(error);
  }
  const { status, statusText, ok, bodyUsed, type: kind, url, redirected } = response;
  const clone = response.clone();
  const headers = [...response.headers];
  const hasBody = response.body !== null;
  const text = await response.text();
  const parts = { status, statusText, ok, bodyUsed, kind, url, redirected, headers, hasBody, text };
  return { ...parts, isUsed: response.bodyUsed, clone: await clone.text() };
}

/** What is sent: the same for both, but for the order and the case of names. */
async function sent(make: (Response: ResponseClass) => Response, type: ResponseClass) {
  const response = make(type);
  const { status, contentType, fields, body } = outgoingOfNoted(response) ??
    await fromPlatformResponse(response);
  const headers = new Headers(fields?.map(([name, value]) => [name, value]));
  if (contentType !== null) headers.append("content-type", contentType);
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body ?? "";
  return { status, headers: [...headers], text };
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const HEADERS = { "Content-Type": "text/html", "x-a": "b" };

const ACCEPTED: Record<string, (Response: ResponseClass) => Response> = {
  "nothing": (Response) => new Response(),
  "undefined": (Response) => new Response(undefined, undefined),
  "null": (Response) => new Response(null, null as unknown as undefined),
  "text": (Response) => new Response("é"),
  "empty text": (Response) => new Response(""),
  "text with an empty init": (Response) => new Response("a", {}),
  "text with a status": (Response) => new Response("a", { status: 404 }),
  "text with a status that is text": (Response) =>
    new Response("a", { status: "201" as unknown as number }),
  "text with a status text": (Response) => new Response("a", { statusText: "Fine" }),
  "text with an empty status text": (Response) => new Response("a", { statusText: "" }),
  "text with a content type": (Response) =>
    new Response("a", { headers: { "content-type": "text/html" } }),
  "text with fields": (Response) => new Response("a", { status: 201, headers: HEADERS }),
  "text with other fields": (Response) => new Response("a", { headers: { "x-a": "b" } }),
  "text with no fields": (Response) => new Response("a", { headers: {} }),
  "text with fields of a list": (Response) => new Response("a", { headers: [["x-a", "b"]] }),
  "text with fields of Headers": (Response) =>
    new Response("a", { status: 201, headers: new Headers(HEADERS) }),
  "text with fields of Headers and cookies": (Response) =>
    new Response("a", { headers: new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]) }),
  "text with fields of Headers that come twice": (Response) =>
    new Response("a", { headers: new Headers([["vary", "a"], ["Vary", "b"], ["x-a", "c"]]) }),
  "text with two content types of Headers": (Response) =>
    new Response("a", { headers: new Headers([["content-type", "a"], ["content-type", "b"]]) }),
  "text with the headers of a response": (Response) =>
    new Response("a", { headers: Response.json(1, { headers: { "x-a": "b" } }).headers }),
  "text with derived Headers": (Response) =>
    new Response("a", { headers: new (class extends Headers {})({ "x-a": "b" }) }),
  "text with empty Headers": (Response) => new Response("a", { headers: new Headers() }),
  "text with fields that come twice": (Response) =>
    new Response("a", { headers: [["vary", "a"], ["Vary", "b"], ["content-type", "a/b"]] }),
  "text with two content types": (Response) =>
    new Response("a", { headers: { "content-type": "a/b", "Content-Type": "c/d" } }),
  "text with two content types of a list": (Response) =>
    new Response("a", { headers: [["content-type", "a/b"], ["Content-Type", "c/d"]] }),
  "text with white space around a value": (Response) =>
    new Response("a", { headers: { "x-a": " b\t", "x-b": " " } }),
  "text with an empty value": (Response) => new Response("a", { headers: { "x-a": "" } }),
  "text with a value of Latin 1": (Response) => new Response("a", { headers: { "x-a": "é" } }),
  "text with a value that is a number": (Response) =>
    new Response("a", { headers: { "x-a": 1 as unknown as string } }),
  "text with inherited fields": (Response) =>
    new Response("a", { headers: Object.create({ "x-a": "b" }) }),
  "text with fields without a prototype": (Response) =>
    new Response("a", { headers: Object.assign(Object.create(null), { "x-a": "b" }) }),
  "text with a field named __proto__": (Response) =>
    new Response("a", { headers: { ["__proto__"]: "b", "x-a": "c" } }),
  "text with fields of a proxy": (Response) =>
    new Response("a", { headers: new Proxy({ "x-a": "b" }, {}) }),
  "text with an init of a proxy": (Response) =>
    new Response("a", new Proxy({ status: 201, headers: HEADERS }, {})),
  "text with the init of a response": (Response) =>
    new Response("a", new Response("b", { status: 202, headers: HEADERS })),
  "the body of another response": (Response) => new Response(new Response("a").body),
  "a String object": (Response) => new Response(new String("a") as unknown as string),
  "a number": (Response) => new Response(7 as unknown as string),
  "bytes": (Response) => new Response(bytes(0xc3, 0xa9)),
  "no bytes": (Response) => new Response(bytes()),
  "bytes with fields": (Response) => new Response(bytes(97), { headers: { "x-a": "b" } }),
  "bytes with a content type": (Response) =>
    new Response(bytes(97), { headers: { "content-type": "a/b" } }),
  "a part of a buffer": (Response) => new Response(bytes(97, 98, 99).subarray(1, 2)),
  "an ArrayBuffer": (Response) => new Response(bytes(97).buffer),
  "a Uint16Array": (Response) => new Response(Uint16Array.of(0x6161)),
  "URLSearchParams": (Response) => new Response(new URLSearchParams({ a: "é" })),
  "URLSearchParams with fields": (Response) =>
    new Response(new URLSearchParams({ a: "b" }), { headers: { "x-a": "b" } }),
  "a Blob": (Response) => new Response(new Blob(["a"], { type: "a/b" })),
  "a stream": (Response) => new Response(ReadableStream.from([bytes(97)])),
  "no body with a status": (Response) => new Response(null, { status: 204 }),
  "no body with a content type": (Response) =>
    new Response(null, { status: 304, headers: { "content-type": "a/b", etag: '"a"' } }),
  "no body with a status text": (Response) => new Response(null, { statusText: "Fine" }),
  "JSON": (Response) => Response.json({ a: "é" }),
  "JSON with a status": (Response) => Response.json([1], { status: 201 }),
  "JSON with fields": (Response) => Response.json(null, { headers: { "x-a": "b" } }),
  "JSON with a content type": (Response) => Response.json(1, { headers: HEADERS }),
  "JSON with Headers": (Response) => Response.json(1, { headers: new Headers({ "x-a": "b" }) }),
  "JSON with a status text": (Response) => Response.json(1, { statusText: "Fine" }),
  "a redirect": (Response) => Response.redirect("http://localhost/a", 303),
  "headers that were changed": (Response) => {
    const response = new Response("a", { headers: HEADERS });
    response.headers.set("X-A", "c");
    response.headers.append("set-cookie", "a=1");
    return response;
  },
  "a content type that was changed": (Response) => {
    const response = new Response("a");
    response.headers.set("content-type", "a/b");
    return response;
  },
  "a content type that was deleted": (Response) => {
    const response = Response.json("a");
    response.headers.delete("content-type");
    return response;
  },
  "a status that was read": (Response) => {
    const response = new Response("a", { status: 201, headers: HEADERS });
    assertEquals([response.status, response.ok], [201, true]);
    return response;
  },
  "a derived class": (Response) => {
    class Derived extends Response {
      own = 1;
    }
    return new Derived("a", { status: 201, headers: HEADERS });
  },
};

const REFUSED: Record<string, (Response: ResponseClass) => Response> = {
  "a status that is too small": (Response) => new Response("a", { status: 199 }),
  "a status that is too large": (Response) => new Response(null, { status: 600 }),
  "a status that is no number": (Response) => new Response("a", { status: NaN }),
  "a body with a status that has none": (Response) => new Response("a", { status: 204 }),
  "an empty body with a status that has none": (Response) => new Response("", { status: 304 }),
  "JSON with a status that has no body": (Response) => Response.json(1, { status: 205 }),
  "a body of a derived class with a status that has none": (Response) =>
    new (class extends Response {})("a", { status: 204, headers: HEADERS }),
  "a status text with a line break": (Response) => new Response("a", { statusText: "a\nb" }),
  "a name that is no token": (Response) => new Response("a", { headers: { "x a": "b" } }),
  "an empty name": (Response) => new Response("a", { headers: { "": "b" } }),
  "a value with a line break": (Response) => new Response("a", { headers: { "x-a": "b\r\nc" } }),
  "a value that is no byte string": (Response) => new Response("a", { headers: { "x-a": "Ā" } }),
  "headers of text": (Response) => new Response("a", { headers: "x" as unknown as HeadersInit }),
  "headers of null": (Response) => new Response("a", { headers: null as unknown as HeadersInit }),
  "a list of other lengths": (Response) =>
    new Response("a", { headers: [["a"]] as unknown as [string, string][] }),
  "an init that is a number": (Response) => new Response("a", 1 as unknown as ResponseInit),
  "a symbol": (Response) => new Response(Symbol("a") as unknown as string),
  "JSON of undefined": (Response) => Response.json(undefined),
  "JSON of a cycle": (Response) => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    return Response.json(cycle);
  },
  "a call without new": (Response) => (Response as unknown as (body: string) => Response)("a"),
  "bytes that are gone": (Response) => {
    const gone = bytes(97);
    structuredClone(gone, { transfer: [gone.buffer] });
    return new Response(gone);
  },
};

describe("The fast Response", () => {
  for (const [what, make] of Object.entries(ACCEPTED)) {
    it(`looks like the platform's if it is made of ${what}`, async () => {
      assertEquals(await seen(make, Fast), await seen(make, Platform));
    });

    if (what === "a stream") continue;
    it(`is sent like the platform's if it is made of ${what}`, async () => {
      assertEquals(await sent(make, Fast), await sent(make, Platform));
    });
  }

  for (const [what, make] of Object.entries(REFUSED)) {
    it(`throws what the platform's throws for ${what}`, async () => {
      const thrown = await seen(make, Platform);
      assertEquals(typeof thrown, "string");
      assertEquals(await seen(make, Fast), thrown);
    });
  }

  it("has the name, the length, the static methods and the prototype of the platform's", () => {
    assertEquals(Reflect.ownKeys(Fast).sort(), Reflect.ownKeys(Platform).sort());
    for (const key of Reflect.ownKeys(Platform) as (keyof ResponseClass)[]) {
      const own = Object.getOwnPropertyDescriptor(Fast, key);
      const platform = Object.getOwnPropertyDescriptor(Platform, key);
      if (key === "json") {
        assertEquals([own?.value.name, own?.value.length], ["json", 0]);
        assertEquals({ ...own, value: 0 }, { ...platform, value: 0 });
      } else assertEquals(own, platform, String(key));
    }
    assertStrictEquals(Fast.prototype, Platform.prototype);
  });

  it("is the constructor of every response", () => {
    for (const response of [new Fast(), new Platform(), before, Fast.json(1), before.clone()]) {
      assertStrictEquals(response.constructor, Fast);
    }
  });

  it("has all responses for instances, and all its own are instances of the platform's", () => {
    class OfFast extends Fast {}
    class OfPlatform extends Platform {}
    const responses = [
      before,
      new Fast("a"),
      new Fast("a").clone(),
      new Platform("a"),
      Fast.json(1),
      Fast.error(),
      Fast.redirect("http://localhost/"),
      new OfFast("a"),
      new OfPlatform("a"),
    ];
    for (const response of responses) {
      assert(response instanceof Fast && response instanceof Platform);
      assertEquals(Object.prototype.toString.call(response), "[object Response]");
    }
    assert(new OfFast("a") instanceof OfFast && !(new Fast("a") instanceof OfFast));
    assertStrictEquals(Object.getPrototypeOf(new OfFast("a")), OfFast.prototype);
  });

  it("has the own keys of the platform's for `for in` and Object.keys()", () => {
    const keysIn = (response: Response) => {
      const keys: string[] = [];
      for (const key in response) keys.push(key);
      return keys.sort();
    };
    assertEquals(keysIn(new Fast("a")), keysIn(new Platform("a")));
    assertEquals(Object.keys(new Fast("a")), []);
  });

  it("looks the same to Deno.inspect()", () => {
    const inspected = (type: ResponseClass) =>
      Deno.inspect(new type("a", { status: 201, headers: HEADERS }));
    assertEquals(inspected(Fast), inspected(Platform));
  });

  it("cannot be cloned by structuredClone()", () => {
    for (const type of [Fast, Platform]) {
      assertThrows(() => structuredClone(new type("a")), DOMException, "Cannot clone");
    }
  });

  it("works with the platform's own methods and getters", async () => {
    const { prototype } = Platform;
    const status = Object.getOwnPropertyDescriptor(prototype, "status")!.get!;
    const response = new Fast("a", { status: 201, headers: HEADERS });
    assertEquals(status.call(response), 201);
    assertEquals(await prototype.clone.call(response).text(), "a");
    assertEquals(await prototype.text.call(response), "a");
    assertThrows(() => status.call({}), TypeError);
  });

  it("reads the init once, in the platform's order, and at once", async () => {
    const logs: string[][] = [];
    for (const type of [Fast, Platform]) {
      for (const value of ["b", " b ", "b\x07"]) {
        const log: string[] = [];
        const read = <Value>(name: string, value: Value): Value => (log.push(name), value);
        const headers = {
          get "x-a"() {
            return read("x-a", value);
          },
          get "content-type"() {
            return read("content-type", "a/b");
          },
        };
        const init = {
          get headers() {
            return read("headers", headers);
          },
          get status() {
            return read("status", 201);
          },
          get statusText() {
            return read("statusText", "");
          },
        };
        const response = new type("a", init);
        log.push(`${await response.text()} ${response.headers.get("content-type")}`);
        // The platform reads some twice.
        logs.push(type === Platform ? [...new Set(log)] : log);
      }
    }
    assertEquals(logs.slice(0, 3), logs.slice(3));
  });

  it("does not change when its init is changed later", async () => {
    const headers = { "x-a": "b" };
    const ofPlatform = new Headers(headers);
    const init = { status: 201, headers };
    const responses = [new Fast("a", init), new Fast("a", { status: 201, headers: ofPlatform })];
    init.status = 500;
    headers["x-a"] = "c";
    ofPlatform.set("x-a", "c");
    for (const response of responses) {
      assertEquals(await sent(() => response, Fast), {
        status: 201,
        headers: [["content-type", "text/plain;charset=UTF-8"], ["x-a", "b"]],
        text: "a",
      });
    }
  });

  it("keeps its bytes when the program changes or transfers its own", async () => {
    const own = bytes(97, 98);
    const responses = [new Fast(own), new Fast(own, { headers: HEADERS })];
    own[0] = 99;
    structuredClone(own, { transfer: [own.buffer] });
    for (const response of responses) assertEquals(await response.text(), "ab");
  });

  it("uses its body when it is sent, and not before", async () => {
    const response = new Fast("a", { headers: HEADERS });
    assertEquals(outgoingOfNoted(response)?.body, "a");
    assertEquals(response.bodyUsed, true);
    assertEquals(outgoingOfNoted(response), undefined);
    assertThrows(() => fromPlatformResponse(response), TypeError, "read already");
    assertThrows(() => response.clone(), TypeError);
    await response.text().then(() => assert(false), () => {});
  });

  it("leaves its clone to be sent, and the other way around", async () => {
    const response = new Fast("a", { headers: HEADERS });
    const clone = response.clone();
    assertEquals((await sent(() => clone, Fast)).text, "a");
    assertEquals([clone.bodyUsed, response.bodyUsed], [true, false]);
    assertEquals((await sent(() => response, Fast)).text, "a");
  });

  it("without a body can be sent again", () => {
    const response = new Fast(null, { status: 204 });
    assertEquals(outgoingOfNoted(response)?.status, 204);
    assertEquals(outgoingOfNoted(response)?.status, 204);
    assertEquals(response.bodyUsed, false);
  });

  it("is a panic if its body was read, is locked, or was sent before", async () => {
    const sentBefore = new Fast("a");
    const cases = [
      async () => {
        const response = new Fast("a");
        await response.text();
        return response;
      },
      () => {
        const response = new Fast("a");
        response.body!.getReader();
        return response;
      },
      () => sentBefore,
    ];
    for (const [index, make] of cases.entries()) {
      const server = new WebServer();
      server.addPath("/", fetchHandler(make));
      const ask = () => server.fetch(new Request("http://localhost/"));
      if (make() === sentBefore) assertEquals((await ask()).status, 200);
      const lines = await standardErrorOf(async () => assertEquals((await ask()).status, 500));
      assertEquals(lines.length, 1, String(index));
    }
  });

  it("works through a proxy, and in an object that inherits from it", async () => {
    for (const type of [Fast, Platform]) {
      const make = () => new type("a", { status: 201, headers: HEADERS });
      for (const stand of [() => new Proxy(make(), {}), () => Object.create(make())]) {
        assertEquals((await sent(stand, type)).text, "a");
        const response = stand();
        assertEquals([response.status, response.headers.get("x-a")], [201, "b"]);
        assertEquals(await response.text(), "a");
      }
    }
  });

  it("is noted, where it is made as most are", () => {
    const noted = [
      () => new Fast("a"),
      () => new Fast("a", { status: 201, headers: HEADERS }),
      () => new Fast(null, { status: 204 }),
      () => new Fast(bytes(97)),
      () => Fast.json(1),
      () => Fast.json(1, { headers: { "x-a": "b" } }),
      () => new Fast("a", { status: 201, headers: new Headers(HEADERS) }),
    ];
    for (const make of noted) assert(outgoingOfNoted(make()) !== undefined, String(make));
  });

  it("is a panic if a field may not be sent that the platform accepts", () => {
    const response = new Fast("a", { headers: { "x-bad": "a\x07b" } });
    assertEquals(outgoingOfNoted(response), undefined);
    assertThrows(() => fromPlatformResponse(response), TypeError, "x-bad");
  });
});

describe("installFastResponse()", () => {
  it("loads the platform's Response only when a program uses it", () => {
    let loads = 0;
    const scope = Object.create(null, {
      Response: { get: () => (loads++, Platform), enumerable: false, configurable: true },
    });
    installFastResponse(scope);
    assertEquals(loads, 0);
    assertStrictEquals(scope.Response, scope.Response);
    assertEquals(loads, 1);
    const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(
      scope,
      "Response",
    )!;
    assertEquals([writable, enumerable, configurable], [true, false, true]);
  });

  it("leaves a program that replaces Response its own", () => {
    const scope = Object.create(null, {
      Response: { value: Platform, writable: true, enumerable: false, configurable: true },
    });
    installFastResponse(scope);
    scope.Response = URL;
    assertStrictEquals(scope.Response, URL);
  });
});
