// A thread with two copies of the library.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkCopy, claimThread } from "../../src/runtime/library_copy.ts";

const OWN = "https://host/mudpie@1/server.ts";
const OTHER = "https://host/mudpie@2/server.ts";

describe("checkCopy()", () => {
  it("accepts any copy in a thread that is not claimed, and then the one that has claimed it", () => {
    checkCopy(OTHER);
    claimThread(OWN);
    checkCopy(OWN);
    const error = assertThrows(() => checkCopy(OTHER), TypeError);
    assertMatch(error.message, /another copy of @mudpie\/server .*@2.*@1/);
    assertEquals(error.stack, `TypeError: ${error.message}`);
  });
});
