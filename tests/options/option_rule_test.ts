import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  bytes,
  choice,
  common,
  count,
  list,
  optional,
  type OptionRule,
  type OptionTable,
  resolveOptions,
  time,
} from "../../src/options/option_rule.ts";

describe("A group of options", () => {
  const table: OptionTable = {
    admin: {
      default: undefined,
      expect: (value) => typeof value === "object" ? undefined : "an object",
      summary: "",
      form: {
        kind: "group",
        members: {
          port: {
            default: 9000,
            expect: (value) => typeof value === "number" && value > 0 ? undefined : "a port",
            form: { kind: "number", unit: "number" },
            summary: "",
          },
          hostname: {
            default: "127.0.0.1",
            expect: (value) => typeof value === "string" ? undefined : "an address",
            form: { kind: "text", what: "address" },
            summary: "",
          },
        },
      },
    },
  };

  it("is checked member by member, each with its default", () => {
    assertEquals(resolveOptions("run()", {}, table), { admin: undefined });
    assertEquals(resolveOptions("run()", { admin: { port: 1 } }, table), {
      admin: { port: 1, hostname: "127.0.0.1" },
    });
  });

  const bad = [
    { admin: 7, Expected: TypeError, says: 'Cannot use 7 as option "admin" of run()' },
    { admin: { port: 0 }, Expected: RangeError, says: 'option "port" of option "admin" of run()' },
    { admin: { prot: 1 }, Expected: TypeError, says: 'Unknown option "prot" of option "admin"' },
  ];
  for (const { admin, Expected, says } of bad) {
    it(`cannot be ${JSON.stringify(admin)}`, () => {
      assertThrows(() => resolveOptions("run()", { admin }, table), Expected, says);
    });
  }
});

describe("A rule of an option", () => {
  const rules: { name: string; rule: OptionRule<unknown>; expected: string }[] = [
    {
      name: "bytes()",
      rule: bytes(1, ""),
      expected: "a whole number of bytes from 1 to 4294967296",
    },
    { name: "count()", rule: count(1, "", 0, 9), expected: "a whole number from 0 to 9" },
    {
      name: "time()",
      rule: time(1, ""),
      expected: "a number of milliseconds from 0 to 2147483647",
    },
    { name: "choice()", rule: choice("", "a", "b"), expected: '"a" or "b"' },
    { name: "list()", rule: list("path", (text) => text !== "", "paths", ""), expected: "paths" },
  ];
  for (const { name, rule, expected } of rules) {
    it(`${name} expects a value in its own words, and its default fits`, () => {
      assertEquals(rule.expect(-1), expected);
      assertEquals(rule.expect(rule.default), undefined);
    });
  }

  it("optional() has no default, and the check of its rule", () => {
    const rule = optional(choice("", "a", "b"));
    assertEquals(rule.default, undefined);
    assertEquals(rule.expect("c"), '"a" or "b"');
  });

  it("common() puts the option into the short help", () => {
    assertEquals(time(1, "").isCommon, undefined);
    assertEquals(common(time(1, "")).isCommon, true);
  });
});
