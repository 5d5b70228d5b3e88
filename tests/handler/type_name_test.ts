import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nameOfType } from "../../src/handler/type_name.ts";

describe("nameOfType()", () => {
  const cases: { value: unknown; name: string }[] = [
    { value: undefined, name: "undefined" },
    { value: null, name: "null" },
    { value: "a", name: "string" },
    { value: () => {}, name: "function" },
    { value: [], name: "Array" },
    { value: new Uint8Array(1), name: "Uint8Array" },
    { value: new (class Own {})(), name: "Own" },
    { value: new (class {})(), name: "object" },
    { value: Object.create(null), name: "object" },
  ];
  for (const { value, name } of cases) {
    it(`returns ${name} for ${Deno.inspect(value)}`, () => {
      assertEquals(nameOfType(value), name);
    });
  }
});
