import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { flagsFor, placeholder, readWords } from "../../src/cli/flags.ts";
import type { OptionForm, OptionRule, OptionTable } from "../../src/options/option_rule.ts";
import { resolveRunOptions } from "../../src/options/run_options.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import { wordedOptions, wordedOptionsOf } from "../../src/options/worded_options.ts";

/** A rule that is content with whatever has the type that its form stands for. */
function rule(form: OptionForm, fits: (value: unknown) => boolean): OptionRule<unknown> {
  return {
    default: undefined,
    expect: (value) => fits(value) ? undefined : "something else",
    form,
    summary: "for a test",
  };
}

const isNumber = (value: unknown) => typeof value === "number";
const isText = (value: unknown) => typeof value === "string";

const TABLE: OptionTable = {
  maxBodyBytes: rule({ kind: "number", unit: "bytes" }, isNumber),
  admin: rule({
    kind: "group",
    members: {
      port: rule({ kind: "number", unit: "number" }, isNumber),
      hostname: rule({ kind: "text", what: "address" }, isText),
    },
  }, () => true),
  onEvent: rule({ kind: "code" }, () => true),
};

describe("flagsFor()", () => {
  it("names each flag and its variable after the option, and leaves out what is code", () => {
    const flags = flagsFor(wordedOptionsOf("run", TABLE));
    assertEquals(flags.map(({ name, variables }) => ({ name, variables })), [
      { name: "max-body-bytes", variables: ["MUDPIE_MAX_BODY_BYTES"] },
      { name: "admin-port", variables: ["MUDPIE_ADMIN_PORT"] },
      { name: "admin-hostname", variables: ["MUDPIE_ADMIN_HOSTNAME"] },
    ]);
    assertEquals(flags[1].option.path, ["admin", "port"]);
  });

  it("has one for every option of run() and of new WebServer(), but for those that only code can give", () => {
    const options = [
      ...Object.keys(resolveRunOptions({})),
      ...Object.keys(resolveServerOptions({})),
    ];
    const said = new Set(flagsFor(wordedOptions()).map(({ option }) => option.path[0]));
    assertEquals(options.filter((name) => !said.has(name)), [
      "entry",
      "onEvent",
      "onErrorResponse",
    ]);
  });

  it("gives no two flags one name", () => {
    const names = flagsFor(wordedOptions()).map(({ name }) => name);
    assertEquals(names.length, new Set(names).size);
  });

  it("gives --workers the two variables that set the number of workers", () => {
    const workers = flagsFor(wordedOptions()).find(({ name }) => name === "workers");
    assertEquals(workers?.variables, ["MUDPIE_WORKERS", "MUDPIE_THREADS"]);
  });
});

describe("readWords()", () => {
  const number: OptionForm = { kind: "number", unit: "ms" };
  const octal: OptionForm = { kind: "number", unit: "octal" };
  const list: OptionForm = { kind: "list", what: "path", words: ["loopback"] };
  const cases: { form: OptionForm; text: string; value: unknown }[] = [
    { form: number, text: "8000", value: 8000 },
    { form: number, text: "1_000_000", value: 1_000_000 },
    { form: number, text: "0.5", value: 0.5 },
    { form: number, text: "-1", value: -1 },
    ...["", " ", "1e3", "0x10", "1__0", "_1", "1_", "Infinity", "NaN", "5s", "1,000"]
      .map((text) => ({ form: number, text, value: text })),
    ...["660", "0660", "0o660"].map((text) => ({ form: octal, text, value: 0o660 })),
    ...["888", "0x1b0", "rw-rw----"].map((text) => ({ form: octal, text, value: text })),
    { form: { kind: "boolean" }, text: "true", value: true },
    { form: { kind: "boolean" }, text: "false", value: false },
    { form: { kind: "boolean" }, text: "yes", value: "yes" },
    { form: { kind: "choice", choices: ["a", "b"] }, text: "b", value: "b" },
    { form: { kind: "text", what: "address" }, text: "::1", value: "::1" },
    { form: list, text: "/health", value: ["/health"] },
    { form: list, text: "/health, /ready", value: ["/health", "/ready"] },
    { form: list, text: "", value: [] },
    { form: list, text: "loopback", value: "loopback" },
    { form: list, text: "loopback,/a", value: ["loopback", "/a"] },
  ];
  for (const { form, text, value } of cases) {
    it(`takes ${JSON.stringify(text)} as a ${form.kind} for ${JSON.stringify(value)}`, () => {
      assertEquals(readWords(text, rule(form, () => true)), { kind: "value", value });
    });
  }

  it("refuses what the option does not take, in the option's own words", () => {
    assertEquals(readWords("x", rule(number, isNumber)), {
      kind: "refused",
      expected: "something else",
    });
  });

  it("says of a list how it is written here, where the option's words have it as code", () => {
    const list: OptionForm = { kind: "list", what: "path", words: [] };
    assertEquals(readWords('["/a"]', rule(list, () => false)), {
      kind: "refused",
      expected: "something else; here it is written without brackets and quotes",
    });
  });
});

describe("placeholder()", () => {
  const cases: { form: OptionForm; text: string }[] = [
    { form: { kind: "number", unit: "bytes" }, text: "<bytes>" },
    { form: { kind: "boolean" }, text: "<true|false>" },
    { form: { kind: "choice", choices: ["a", "b"] }, text: "<a|b>" },
    { form: { kind: "text", what: "address" }, text: "<address>" },
    { form: { kind: "list", what: "path", words: [] }, text: "<path,...>" },
    { form: { kind: "list", what: "cidr", words: ["loopback"] }, text: "<cidr,...|loopback>" },
  ];
  for (const { form, text } of cases) {
    it(`is ${text} for a ${form.kind}`, () => assertEquals(placeholder(form), text));
  }
});
