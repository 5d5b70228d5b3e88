import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Field } from "../../src/handler/checked_headers.ts";
import { fieldsOfHeaders, findListKey } from "../../src/fetch/inner_headers.ts";

describe("fieldsOfHeaders()", () => {
  it("returns the fields in the order in which they were added, each by itself", () => {
    const headers = new Headers([["x-b", " 1 "], ["a", "2"]]);
    headers.append("set-cookie", "c=1");
    headers.append("X-B", "3");
    headers.append("set-cookie", "d=2");
    headers.set("a", "4");
    const expected: Field[] = [["x-b", "1"], ["a", "4"], ["set-cookie", "c=1"], ["x-b", "3"], [
      "set-cookie",
      "d=2",
    ]];
    assertEquals(fieldsOfHeaders(headers), expected);
  });

  it("returns those of a response and of a derived class", () => {
    const { headers } = new Response("a", { headers: { "x-a": "b" } });
    const expected: Field[] = [["x-a", "b"], ["Content-Type", "text/plain;charset=UTF-8"]];
    assertEquals(fieldsOfHeaders(headers), expected);
    assertEquals(fieldsOfHeaders(new (class extends Headers {})({ "x-a": "b" })), [["x-a", "b"]]);
  });

  it("returns a copy", () => {
    const headers = new Headers({ "x-a": "b" });
    const fields = fieldsOfHeaders(headers);
    headers.set("x-a", "c");
    assertEquals(fields, [["x-a", "b"]]);
  });

  it("returns undefined for any other value", () => {
    for (const value of [undefined, null, "a", {}, [["a", "b"]], new Map([["a", "b"]])]) {
      assertEquals(fieldsOfHeaders(value), undefined);
    }
  });
});

describe("findListKey()", () => {
  it("finds the key of this version of Deno", () => {
    assertEquals(findListKey()?.description, "header list");
  });

  it("returns null if there is no such key, or its value has another form", () => {
    const wrong = Symbol("header list");
    assertEquals(findListKey(() => []), null);
    assertEquals(findListKey(() => [wrong]), null);
    for (const value of [[1], [["a", "b"]], "a,b,a,d"]) {
      assertEquals(
        findListKey((headers) => (Object.assign(headers, { [wrong]: value }), [wrong])),
        null,
      );
    }
  });
});
