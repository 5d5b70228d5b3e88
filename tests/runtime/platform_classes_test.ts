import { assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { platformClass } from "../../src/runtime/platform_classes.ts";

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
