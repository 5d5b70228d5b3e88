import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { OptionForm, OptionRule } from "../../src/options/option_rule.ts";
import { wordedOptions, wordedOptionsOf } from "../../src/options/worded_options.ts";

function rule(form: OptionForm): OptionRule<unknown> {
  return { default: undefined, expect: () => undefined, form, summary: "" };
}

describe("wordedOptionsOf()", () => {
  it("lists options in the table's order, members of a group by themselves, and none that is code", () => {
    const inner = rule({ kind: "boolean" });
    const outer = rule({ kind: "text", what: "path" });
    const table = {
      group: rule({ kind: "group", members: { inner, hook: rule({ kind: "code" }) } }),
      outer,
      hook: rule({ kind: "code" }),
    };
    assertEquals(wordedOptionsOf("run", table), [
      { owner: "run", path: ["group", "inner"], rule: inner },
      { owner: "run", path: ["outer"], rule: outer },
    ]);
  });
});

describe("wordedOptions()", () => {
  it("lists the options of run() first, then those of new WebServer()", () => {
    const options = wordedOptions();
    assertEquals(options[0].path, ["hostname"]);
    assertEquals(options.at(-1)?.path, ["forwardedBy"]);
    const owners = options.map(({ owner }) => owner);
    assertEquals(owners, owners.toSorted());
  });
});
