// The headers of a lazy request, beside the platform's.

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { defineLazyRequest } from "../../src/handler/lazy_request.ts";
import { Sample } from "../support/requests/request_sample.ts";

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return String(error);
  }
}

describe("defineLazyHeaders()", () => {
  const create = defineLazyRequest();
  const FIELDS = [
    ["Host", "a"],
    ["Accept", "b"],
    ["accept", "c"],
    ["Cookie", "d=1"],
    ["X-Empty", ""],
    ["cookie", "e=2"],
    ["X-Latin", "J\xfcrgen"],
  ] as const;
  const headersOf = () => new Sample(create, { fields: FIELDS }).request.headers;

  it("makes headers that are Headers in every way that code can ask", () => {
    const headers = headersOf();
    const platform = new Headers();
    assert(headers instanceof Headers);
    assertStrictEquals(headers.constructor, Headers);
    assertEquals(String(headers), "[object Headers]");
    const names = (object: object) => {
      const found: string[] = [];
      for (const name in object) found.push(name);
      return found.sort();
    };
    assertEquals(names(headers), names(platform));
    assertThrows(() => structuredClone(headers), DOMException);
  });

  it("makes headers whose get() and has() answer as the platform's do", () => {
    const platform = new Headers(FIELDS.map(([name, value]) => [name, value]));
    platform.set("cookie", "d=1; e=2");
    const names = ["host", "HOST", "accept", "cookie", "x-empty", "x-latin", "missing", "x-"];
    const odd = ["", "a b", "a:", "\u00e9", "\u0142", "a\0", 7, null, undefined, {}, ["host"]];
    for (const name of [...names, ...odd] as string[]) {
      for (const method of ["get", "has"] as const) {
        const what = `${method}(${JSON.stringify(name)})`;
        const expected = thrownBy(() => platform[method](name));
        assertEquals(thrownBy(() => headersOf()[method](name)), expected, what);
        const own = Headers.prototype[method] as (name: string) => unknown;
        assertEquals(thrownBy(() => own.call(headersOf(), name)), expected, what);
      }
    }
    for (const method of ["get", "has"] as const) {
      const call = (headers: Headers) => thrownBy(() => (headers[method] as () => unknown)());
      assertEquals(call(headersOf()), call(platform));
      assertThrows(() => headersOf()[method](Symbol() as unknown as string), TypeError);
    }
  });

  it("makes headers that are listed and copied as the platform's are", () => {
    const expected: [string, string][] = [
      ["accept", "b, c"],
      ["cookie", "d=1; e=2"],
      ["host", "a"],
      ["x-empty", ""],
      ["x-latin", "J\xfcrgen"],
    ];
    assertEquals([...headersOf()], expected);
    assertEquals([...headersOf().entries()], expected);
    assertEquals([...headersOf().keys()], expected.map(([name]) => name));
    assertEquals([...headersOf().values()], expected.map(([, value]) => value));
    const called: unknown[] = [];
    headersOf().forEach((value, name) => called.push([name, value]));
    assertEquals(called, expected);
    assertEquals([...new Headers(headersOf())], expected);
    assertEquals([...new Request("http://a/", { headers: headersOf() }).headers], expected);
    assertEquals([...new Response(null, { headers: headersOf() }).headers], expected);
    assertEquals(Object.fromEntries(headersOf()), Object.fromEntries(expected));
    assertEquals(headersOf().getSetCookie(), []);
    assertEquals(new Headers({ ...Object.fromEntries(headersOf()), b: "2" }).get("b"), "2");
  });

  it("makes headers that refuse every change, as those under Deno.serve do", () => {
    const changes: ((headers: Headers) => void)[] = [
      (headers) => headers.set("x-a", "2"),
      (headers) => headers.append("x-a", "2"),
      (headers) => headers.delete("host"),
      (headers) => Headers.prototype.set.call(headers, "x-a", "2"),
    ];
    for (const change of changes) {
      for (
        const { headers } of [
          new Sample(create).request,
          new Sample(create).request.clone(),
          new Sample(create, { headers: new Headers({ host: "a", "x-a": "1" }) }).request,
        ]
      ) {
        assertThrows(() => change(headers), TypeError, "headers are immutable");
        assertEquals([...headers], [["host", "a"], ["x-a", "1"]]);
      }
    }
    const { request } = new Sample(create);
    for (const copy of [new Request(request).headers, new Headers(headersOf())]) {
      copy.set("x-a", "2");
      assertEquals(copy.get("x-a"), "2");
    }
  });

  it("makes headers whose proxies, and what inherits from them, work like themselves", () => {
    for (const wrapped of [new Proxy(headersOf(), {}), Object.create(headersOf()) as Headers]) {
      assertEquals([wrapped.get("Accept"), wrapped.has("b"), [...wrapped].length], [
        "b, c",
        false,
        5,
      ]);
    }
  });
});
