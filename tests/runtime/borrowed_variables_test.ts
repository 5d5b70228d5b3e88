import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { borrowVariables } from "../../src/runtime/borrowed_variables.ts";
import { withEnvironment } from "../support/environment_variables.ts";

const [FIRST, SECOND] = ["MUDPIE_TEST_BORROWED_1", "MUDPIE_TEST_BORROWED_2"];
const canWrite = Deno.permissions.querySync({ name: "env" }).state === "granted";

const values = () => [Deno.env.get(FIRST), Deno.env.get(SECOND)];

describe("borrowVariables()", { ignore: !canWrite }, () => {
  it("sets and unsets variables, and puts back what was there", () => {
    withEnvironment({ [FIRST]: undefined, [SECOND]: "before" }, () => {
      const giveBack = borrowVariables({ [FIRST]: "a", [SECOND]: undefined });
      assertEquals(values(), ["a", undefined]);
      giveBack();
      assertEquals(values(), [undefined, "before"]);
      // Once more has no effect.
      giveBack();
      assertEquals(values(), [undefined, "before"]);
    });
  });

  it("keeps a variable until the last of its borrowers gives it back", () => {
    withEnvironment({ [FIRST]: "before", [SECOND]: undefined }, () => {
      const [one, two] = [borrowVariables({ [FIRST]: "a" }), borrowVariables({ [FIRST]: "a" })];
      one();
      assertEquals(values(), ["a", undefined]);
      two();
      assertEquals(values(), ["before", undefined]);
    });
  });

  it("throws when another borrower has given a variable another value, and sets nothing", () => {
    withEnvironment({ [FIRST]: "before", [SECOND]: "before" }, () => {
      const giveBack = borrowVariables({ [FIRST]: "a" });
      const { message } = assertThrows(
        () => borrowVariables({ [SECOND]: "b", [FIRST]: "b" }),
        TypeError,
      );
      for (const part of [FIRST, '"b"', '"a"']) assertStringIncludes(message, part);
      assertEquals(values(), ["a", "before"]);
      giveBack();
      assertEquals(values(), ["before", "before"]);
    });
  });

  it("puts back what was set before a name that cannot be set", () => {
    withEnvironment({ [FIRST]: "before" }, () => {
      assertThrows(() => borrowVariables({ [FIRST]: "a", "A=B": "b" }));
      assertEquals(Deno.env.get(FIRST), "before");
    });
  });
});
