// What the lazy request does beyond a whole one: platform_request_test.ts has what they share.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { defineLazyRequest } from "../../src/handler/lazy_request.ts";
import { FORM_TYPE, plain, READABLE, READERS, Sample } from "../support/requests/request_sample.ts";

describe("defineLazyRequest()", () => {
  const create = defineLazyRequest();
  it("makes requests whose signal, headers and URL are the same each time", () => {
    const { request, signal } = new Sample(create);
    assertStrictEquals(request.signal, signal);
    assertStrictEquals(request.headers, request.headers);
    const { headers } = request;
    request.clone();
    assertStrictEquals(request.headers, headers);
    assertStrictEquals(Reflect.get(Request.prototype, "headers", request), headers);
    assertStrictEquals(Reflect.get(Request.prototype, "signal", request), signal);
  });

  it("makes requests that ask for no signal until something needs one", () => {
    const sample = new Sample(create);
    let asked = 0;
    Object.defineProperty(sample, "signal", {
      get() {
        asked++;
        return sample.controller.signal;
      },
    });
    const { request } = sample;
    assertEquals([request.method, request.headers.get("x-a"), [...request.headers].length], [
      "POST",
      "1",
      2,
    ]);
    assertInstanceOf(request.body, ReadableStream);
    Deno.inspect(request);
    assertEquals(asked, 0);
    new Request(request);
    assertEquals(asked, 1);
  });

  for (const method of ["post", "Delete", "options", "get", "Head", "patch"]) {
    it(`makes requests and copies with the method ${method} as the client sent it`, async () => {
      const { request } = new Sample(create, { method });
      const copies = [request.clone(), new Request(request.clone()), request];
      assertEquals(copies.map((each) => each.method), [method, method, method]);
      assertEquals(await Promise.all(copies.map((each) => each.text())), ["body", "body", "body"]);
    });
  }

  for (const name of READERS) {
    it(`makes requests of which ${name}() rejects if it is first called after the response`, async () => {
      const kept = new Sample(create, { fields: [["Host", "a"], FORM_TYPE] });
      kept.release();
      assert(kept.request.bodyUsed);
      await assertRejects(() => kept.request[name](), TypeError, "the response was sent already");
      assertThrows(() => new Request(kept.request), TypeError);
      assertThrows(() => kept.request.clone(), TypeError);
      assertEquals(new Request(kept.request.url, { headers: kept.request.headers }).method, "GET");
    });

    it(`makes requests of which ${name}() reads its own body, whatever becomes of the memory`, async () => {
      const { body, fields } = READABLE[name];
      const expected = new Sample(create, { body, fields: [["Host", "a"], ...fields] });
      const kept = new Sample(create, { body, fields: [["Host", "a"], ...fields] });
      const reading = kept.request[name]();
      kept.release();
      const result = await plain(await reading);
      assertEquals(result, await plain(await expected.request[name]()));
    });
  }
});
