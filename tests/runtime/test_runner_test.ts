import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { isUnderTestRunner } from "../../src/runtime/test_runner.ts";
import { canRunDeno } from "../support/permissions.ts";

describe("isUnderTestRunner()", () => {
  it("is true in a test", () => assertEquals(isUnderTestRunner(), true));

  it("is false in a program that is run", { ignore: !canRunDeno }, async () => {
    const module = import.meta.resolve("../../src/runtime/test_runner.ts");
    const code = `import { isUnderTestRunner } from ${JSON.stringify(module)};
      console.log(isUnderTestRunner());`;
    const command = new Deno.Command(Deno.execPath(), { args: ["eval", code] });
    const { stdout } = await command.output();
    assertEquals(new TextDecoder().decode(stdout), "false\n");
  });
});
