import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { flagsFor } from "../../src/cli/flags.ts";
import { helpText } from "../../src/cli/help.ts";
import { wordedOptions } from "../../src/options/worded_options.ts";

const flags = flagsFor(wordedOptions());

describe("helpText()", () => {
  for (const isWhole of [false, true]) {
    it(`fits 80 columns ${isWhole ? "with every flag" : "with those most asked for"}`, () => {
      const wide = helpText(flags, isWhole).split("\n").filter((line) => line.length > 80);
      assertEquals(wide, []);
    });
  }

  it("fits a screen of 40 lines, unless every flag is asked for", () => {
    const lines = helpText(flags, false).trimEnd().split("\n");
    assert(lines.length <= 40, `${lines.length} lines`);
  });

  it("has every flag in a line of its own, with what it is for, where all are asked for", () => {
    const lines = helpText(flags, true).split("\n");
    for (const { name, option } of flags) {
      const line = lines.find((each) => each.trimStart().startsWith(`--${name} `));
      assert(line !== undefined, `--${name} is missing`);
      assert(option.rule.summary !== "", `--${name} has no summary`);
      assertStringIncludes(line, ` ${option.rule.summary}`);
    }
  });

  it("says the defaults", () => {
    const text = helpText(flags, true);
    for (const said of ["(127.0.0.1)", "(8000)", "(1_000_000)", "(off)", "(thread)"]) {
      assertStringIncludes(text, said);
    }
  });

  it("shows an option that opens a port as off", () => {
    for (const isWhole of [false, true]) {
      const line = helpText(flags, isWhole).split("\n").find((each) => /--admin-port /.test(each));
      assert(line?.endsWith(" (off)"), line);
    }
  });
});
