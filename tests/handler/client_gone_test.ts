// The reasons that show that a client has gone, and are no faults of the program.

import { assert, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { isClientGone, notSent, unwanted } from "../../src/handler/client_gone.ts";

describe("isClientGone()", () => {
  // First: no reason has been made yet.
  it("does not take a promise that was rejected without a reason for one", () => {
    assert(!isClientGone(undefined));
  });

  for (const make of [notSent, unwanted]) {
    it(`recognises ${make.name}(), which is one object for all clients`, () => {
      assertStrictEquals(make(), make());
      assert(isClientGone(make()));
    });
  }

  it("does not recognise an error of the program with the same name and message", () => {
    const { message } = notSent();
    assert(!isClientGone(new Deno.errors.Interrupted(message)));
    assert(!isClientGone(new DOMException(unwanted().message, "AbortError")));
  });

  it("has errors of the classes that programs look for", () => {
    assertInstanceOf(notSent(), Deno.errors.Interrupted);
    assertInstanceOf(unwanted(), DOMException);
  });
});
