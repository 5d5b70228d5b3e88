import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  checkedFields,
  CheckedHeaders,
  checkField,
  namesContentType,
  recheckedFields,
} from "../../src/handler/checked_headers.ts";

const bad: [name: string, value: string][] = [
  ["x-a", "a\r\nb: c"],
  ["x-a", "a\x0bb"],
  ["x-a", "a\x7fb"],
  ["x-a", "\u0100"],
  ["x-a ", "a"],
  ["", "a"],
];

describe("checkField()", () => {
  for (const [name, value] of bad) {
    it(`refuses ${JSON.stringify([name, value])}, with the name in the message`, () => {
      assertThrows(() => checkField(name, value), TypeError, JSON.stringify(name));
    });
  }

  it("accepts visible characters up to U+00FF, spaces and tabs", () => {
    for (const value of ["", "a b\tc", "\xff", "!~"]) checkField("x-a", value);
  });
});

describe("CheckedHeaders", () => {
  for (const [name, value] of bad) {
    it(`set() and append() refuse ${JSON.stringify([name, value])}`, () => {
      const headers = new CheckedHeaders();
      assertThrows(() => headers.set(name, value), TypeError);
      assertThrows(() => headers.append(name, value), TypeError);
      assertEquals([...headers], []);
    });
  }

  it("convert a value to text once", () => {
    let calls = 0;
    const value = { toString: () => `a${calls++}` } as unknown as string;
    const headers = new CheckedHeaders();
    headers.set("x-a", value);
    assertEquals([headers.get("x-a"), calls], ["a0", 1]);
  });
});

describe("checkedFields()", () => {
  it("returns the fields of an object, of pairs and of Headers", () => {
    const fields: [string, string][] = [["x-a", "1"], ["x-b", "2"]];
    for (const init of [{ "x-a": "1", "x-b": "2" }, fields, new Headers(fields)]) {
      assertEquals(checkedFields(init), fields);
    }
  });

  for (const [name, value] of bad) {
    it(`refuses ${JSON.stringify([name, value])}`, () => {
      assertThrows(() => checkedFields([[name, value]]), TypeError);
    });
  }
});

describe("recheckedFields()", () => {
  it("refuses what came into the headers by a way that checks nothing", () => {
    const headers = new CheckedHeaders();
    Headers.prototype.append.call(headers, "x-a", "a\x7fb");
    assertThrows(() => recheckedFields(headers), TypeError, '"x-a"');
  });

  it("reads the fields by the platform's own iterator", () => {
    const headers = new CheckedHeaders();
    headers.set("x-a", "1");
    Object.defineProperty(headers, Symbol.iterator, { value: () => [].values() });
    assertEquals(recheckedFields(headers), [["x-a", "1"]]);
  });
});

describe("namesContentType()", () => {
  it("finds the field in any case", () => {
    assertEquals(namesContentType(null), false);
    assertEquals(namesContentType([["content-typo", "a"], ["content-types", "a"]]), false);
    assertEquals(namesContentType([["x", "a"], ["Content-TYPE", "a"]]), true);
  });
});
