import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { platformClass, valueOf } from "../../src/runtime/platform_classes.ts";

describe("platformClass()", () => {
  for (const name of ["Headers", "Request", "Response"] as const) {
    it(`returns the platform's ${name} while an application has replaced it`, () => {
      const before = globalThis[name];
      const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)!;
      Reflect.set(globalThis, name, class {});
      try {
        assertStrictEquals(platformClass(name), before);
      } finally {
        Object.defineProperty(globalThis, name, descriptor);
      }
    });
  }
});

describe("valueOf()", () => {
  it("returns a value, and what a getter returns to the owner", () => {
    const owner = {
      a: 1,
      get b() {
        return this.a + 1;
      },
    };
    const values = ["a", "b", "c"].map((name) =>
      valueOf(Object.getOwnPropertyDescriptor(owner, name), owner)
    );
    assertEquals(values, [1, 2, undefined]);
  });
});
