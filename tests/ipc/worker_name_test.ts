import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { formatWorkerName, parseWorkerName } from "../../src/ipc/worker_name.ts";

describe("parseWorkerName()", () => {
  it("reads what formatWorkerName() has written", () => {
    for (const fastResponse of [true, false]) {
      for (const isStandby of [true, false]) {
        const name = { worker: 12, fastResponse, isStandby };
        assertEquals(parseWorkerName(formatWorkerName(name)), name);
      }
    }
  });

  it("returns undefined for any other value", () => {
    for (const name of ["", "mudpie:", "mudpie:0", "mudpie:1 ", "mudpie:1x", "x:1", undefined, 1]) {
      assertEquals(parseWorkerName(name), undefined);
    }
  });
});

describe("formatWorkerName()", () => {
  it("writes the number alone where the global scope is as usual", () => {
    assertEquals(formatWorkerName({ worker: 3, fastResponse: true, isStandby: false }), "mudpie:3");
  });
});
