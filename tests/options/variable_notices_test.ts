import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { variableNotices, type VariableReader } from "../../src/options/variable_notices.ts";

describe("variableNotices()", () => {
  const readers: readonly VariableReader[] = ["command_line", "run"];
  const unknown: { name: string; advice: string }[] = [
    { name: "MUDPIE_DRAIN_TIME", advice: "did you mean MUDPIE_DRAIN_TIMEOUT?" },
    { name: "MUDPIE_PROT", advice: "did you mean MUDPIE_PORT?" },
    { name: "MUDPIE_MAXBODYBYTES", advice: "did you mean MUDPIE_MAX_BODY_BYTES?" },
    { name: "MUDPIE_THREAD", advice: "did you mean MUDPIE_THREADS?" },
    { name: "MUDPIE_LOGING", advice: "did you mean MUDPIE_LOGGING?" },
    { name: "MUDPIE_PARALLEL", advice: "use MUDPIE_WORKERS" },
    {
      name: "MUDPIE_ZZZ",
      advice: "no option has this name; --help all of the command line lists all options",
    },
  ];
  for (const { name, advice } of unknown) {
    it(`names ${name} with its advice, whatever reads the variables`, () => {
      for (const reader of readers) {
        assertEquals(variableNotices({ [name]: "1" }, reader), [
          `unknown environment variable ${name}: ${advice}`,
        ]);
      }
    });
  }

  const silent: { what: string; variables: Record<string, string> }[] = [
    { what: "nothing", variables: {} },
    { what: "the log's variable", variables: { MUDPIE_LOGGING: "0" } },
    { what: "a variable without a value", variables: { MUDPIE_PROT: "" } },
    { what: "the number of workers", variables: { MUDPIE_THREADS: "2" } },
    { what: "one number twice", variables: { MUDPIE_THREADS: "2", MUDPIE_WORKERS: "2" } },
    { what: "an empty name beside", variables: { MUDPIE_THREADS: "2", MUDPIE_WORKERS: "" } },
    {
      what: "the links of a Service",
      variables: {
        MUDPIE_SERVICE_HOST: "10.0.0.1",
        MUDPIE_SERVICE_PORT: "80",
        MUDPIE_SERVICE_PORT_HTTP: "80",
        MUDPIE_PORT_80_TCP: "tcp://10.0.0.1:80",
        MUDPIE_PORT_80_TCP_ADDR: "10.0.0.1",
        MUDPIE_WEB_PORT: "tcp://10.0.0.1:80",
        MUDPIE_WEB_SERVICE_HOST: "10.0.0.1",
      },
    },
  ];
  for (const { what, variables } of silent) {
    it(`returns nothing for ${what}`, () => {
      for (const reader of readers) assertEquals(variableNotices(variables, reader), []);
    });
  }

  it("names a variable that only the command line reads, when run() is called without it", () => {
    assertEquals(variableNotices({ MUDPIE_MAX_BODY_BYTES: "1" }, "command_line"), []);
    const [line, ...others] = variableNotices({ MUDPIE_MAX_BODY_BYTES: "1" }, "run");
    assertMatch(line, /MUDPIE_MAX_BODY_BYTES has no effect .*set maxBodyBytes in the code$/);
    assertEquals(others, []);
    assertEquals(variableNotices({ MUDPIE_PORT: "tcp://10.0.0.1:80" }, "run"), []);
  });

  it("names the one of two variables for one option that has no effect", () => {
    for (const reader of readers) {
      assertEquals(variableNotices({ MUDPIE_THREADS: "3", MUDPIE_WORKERS: "2" }, reader), [
        "environment variable MUDPIE_THREADS has no effect beside MUDPIE_WORKERS: both set workers",
      ]);
    }
  });
});
