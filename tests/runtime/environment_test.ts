import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { environmentVariable, environmentVariables } from "../../src/runtime/environment.ts";
import { withEnvironment } from "../support/environment_variables.ts";
import { canUseVariable } from "../support/permissions.ts";

const NAME = "MUDPIE_TEST_OF_THE_ENVIRONMENT";

describe("environmentVariable()", () => {
  for (const value of ["a", ""]) {
    it(`returns ${JSON.stringify(value)} when the variable is that`, {
      ignore: !canUseVariable(NAME),
    }, () => {
      withEnvironment({ [NAME]: value }, () => assertEquals(environmentVariable(NAME), value));
    });
  }

  it("returns undefined when the variable is not set, or when reading it is not allowed", () => {
    assertEquals(environmentVariable(NAME), undefined);
  });
});

describe("environmentVariables()", () => {
  it("returns the variables whose names begin with the prefix", {
    ignore: Deno.permissions.querySync({ name: "env" }).state !== "granted",
  }, () => {
    const found = withEnvironment({ [NAME]: "a" }, () => environmentVariables("MUDPIE_TEST_OF"));
    assertEquals(found, { [NAME]: "a" });
  });

  it("returns nothing when reading the whole environment is not allowed", {
    ignore: Deno.permissions.querySync({ name: "env" }).state === "granted",
  }, () => assertEquals(environmentVariables(""), {}));
});
