import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { messageOf } from "../../src/runtime/error_message.ts";

describe("messageOf()", () => {
  it("returns the message of an error without its name", () => {
    assertEquals(messageOf(new TypeError("wrong")), "wrong");
  });

  for (const thrown of ["text", 7, null, undefined]) {
    it(`returns ${thrown}, where that was thrown, as text`, () => {
      assertEquals(messageOf(thrown), String(thrown));
    });
  }
});
