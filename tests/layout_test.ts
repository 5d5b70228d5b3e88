// Checks the tests themselves: which source file has a test of its own, and what names tests have.
// Each rule is a function from sources to problems. It runs over the repository, and over made-up
// sources that break it, so that no rule can pass idly.

import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readTree, type Sources } from "./support/repository.ts";
import { codeOnly, lineAt } from "./support/source_code.ts";
import { divideUnitTests } from "./unit/load.ts";

const repository = new URL("../", import.meta.url);
const canRead = Deno.permissions.querySync({ name: "read", path: repository }).state === "granted";

/** A path from the top of the repository, or a folder with the slash at its end, which stands for all that is in it. */
type Place = string;

/**
 * Source files without a test file of their own, and the test file that covers them. A file that has neither a function nor a
 * class needs no test, and no place here.
 */
const coveredElsewhere: Readonly<Record<Place, Place>> = {
  // Entry points, and what needs a process: only a program that runs shows what they do.
  "src/cli.ts": "tests/e2e/cli_test.ts",
  "src/cli/hosted_application.ts": "tests/e2e/cli_test.ts",
  "src/cli/main.ts": "tests/e2e/cli_test.ts",
  "src/cli/serve.ts": "tests/e2e/cli_test.ts",
  "src/cli/first_load.ts": "tests/e2e/cli_test.ts",
  "src/cli/location.ts": "tests/e2e/cli_test.ts",
  "src/cli/worker.ts": "tests/e2e/cli_test.ts",
  "src/cli/module_watch.ts": "tests/e2e/watch_test.ts",
  "src/net/reserved_sockets.ts": "tests/e2e/unix_sockets_test.ts",
  "src/testing.ts": "tests/e2e/testing_test.ts",
  "src/supervisor/inspector.ts": "tests/e2e/inspector_test.ts",
  "src/supervisor/sd_notify.ts": "tests/e2e/sd_notify_test.ts",
  "src/supervisor/signals.ts": "tests/e2e/signals_test.ts",
  // What only a process with `OTEL_DENO=true` has.
  "src/telemetry/opentelemetry.ts": "tests/e2e/opentelemetry_test.ts",
  // What a browser runs.
  "src/admin/page/": "tests/e2e/admin_page_test.ts",
  // Parts of one thing, which is tested as a whole.
  "src/fetch/noted_response.ts": "tests/fetch/fast_response_test.ts",
  "src/handler/brotli/commands.ts": "tests/handler/brotli/decoder_test.ts",
  "src/handler/brotli/dictionary.ts": "tests/handler/brotli/decoder_test.ts",
  "src/handler/lazy_forwarding.ts": "tests/handler/lazy_self_test_test.ts",
  "src/takeover/node_http/program_socket.ts": "tests/takeover/node_http/upgraded_socket_test.ts",
  "src/takeover/node_http/refused_socket.ts": "tests/takeover/node_http/client_error_test.ts",
  "src/handler/multipart.ts": "tests/handler/form_test.ts",
  "src/handler/problem.ts": "tests/routing/error_responses_test.ts",
  "src/takeover/node_http/client_socket.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/next_tick.ts": "tests/takeover/node_http/taken_server_test.ts",
  "src/takeover/node_http/node_errors.ts": "tests/takeover/node_http/taken_server_test.ts",
  "src/takeover/node_http/node_handler.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/node_http.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/open_sockets.ts": "tests/takeover/node_http/node_connections_test.ts",
  "src/takeover/node_http/replaced_methods.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/request_body.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/request_methods.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/response_head.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/response_methods.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/response_parts.ts": "tests/takeover/node_http/node_exchange_test.ts",
  "src/takeover/node_http/socket_timeout.ts": "tests/takeover/node_http/node_connections_test.ts",
};

/** Whether a file has anything that runs: functions and classes, rather than types, texts and numbers. */
function hasLogic(source: string): boolean {
  return /^(?:export )?(?:default )?(?:(?:async )?function\b|(?:abstract )?class\b|const [^=]*= (?:async )?\(|\w+\()/m
    .test(codeOnly(source));
}

/** The test files of a source file: `tests/a/b_test.ts` and `tests/a/b_<subject>_test.ts` for `src/a/b.ts`. */
function ownTests(source: string, files: Sources): string[] {
  const stem = source.replace(/\.[jt]s$/, "");
  const mirrored = stem.replace(/^src\//, "tests/");
  return [...files.keys()].filter((file) => {
    if (file === `${mirrored}_test.ts`) return true;
    if (!file.startsWith(`${mirrored}_`) || !file.endsWith("_test.ts")) return false;
    // For src/a/b.ts and src/a/b_c.ts, b_c_test.ts is the test of the latter.
    const longerStem = file.replace(/^tests\//, "src/").replace(/_test\.ts$/, "");
    return !files.has(`${longerStem}.ts`);
  });
}

function findUntested(files: Sources, covered: Readonly<Record<Place, Place>>): string[] {
  const problems: string[] = [];
  for (const [file, source] of files) {
    if (!/^src\/.*\.[jt]s$/.test(file) || !hasLogic(source)) continue;
    if (Object.keys(covered).some((place) => isIn(place, file))) continue;
    if (ownTests(file, files).length > 0) continue;
    const expected = file.replace(/^src\//, "tests/").replace(/\.[jt]s$/, "_test.ts");
    problems.push(`${file} has no test: write ${expected}, or name the test that covers it`);
  }
  return problems;
}

/** Lines of the table that are no exceptions, or name a test that is not there. */
function findIdleExceptions(files: Sources, covered: Readonly<Record<Place, Place>>): string[] {
  const problems: string[] = [];
  for (const [place, test] of Object.entries(covered)) {
    const sources = [...files.keys()].filter((file) => isIn(place, file));
    if (sources.length === 0) problems.push(`${place} is in the table, but not in the repository`);
    if (!files.has(test)) problems.push(`${test}, which covers ${place}, is not in the repository`);
    for (const source of sources) {
      if (ownTests(source, files).length > 0) problems.push(`${source} has a test of its own`);
    }
  }
  return problems;
}

function isIn(place: Place, file: string): boolean {
  return place.endsWith("/") ? file.startsWith(place) : file === place;
}

/** Names of tests that repeat the `it` of `it()`: `it("it closes")` reads as "it it closes". */
function findStutters(tests: Sources): string[] {
  const problems: string[] = [];
  for (const [file, source] of tests) {
    for (const { 0: call, index } of codeOnly(source).matchAll(/\bit(?:\.\w+)?\(\s*["'`]/g)) {
      const name = source.slice(index + call.length);
      if (!/^it\b/i.test(name)) continue;
      problems.push(`${file}:${lineAt(source, index)} must not begin with "it" inside it()`);
    }
  }
  return problems;
}

/** Names that a file of `tests/support` exports, and no other file has: what is not used is not exported. */
function findUnusedExports(files: Sources): string[] {
  const words = new Map([...files].map(([file, source]) => [file, wordsOf(source)]));
  const problems: string[] = [];
  for (const [file, source] of files) {
    if (!/^tests\/support\/(?!std\/)/.test(file)) continue;
    for (const { 1: name, index } of codeOnly(source).matchAll(EXPORT)) {
      const isUsed = [...words].some(([other, words]) => other !== file && words.has(name));
      if (!isUsed) problems.push(`${file}:${lineAt(source, index)} exports ${name}, unused`);
    }
  }
  return problems;
}

const EXPORT =
  /^export (?:async |abstract )?(?:function\*?|class|const|let|interface|type) (\w+)/gm;

function wordsOf(source: string): ReadonlySet<string> {
  return new Set(source.match(/\w+/g));
}

describe("the tests", { ignore: !canRead }, () => {
  it("mirror the sources: each file that does something has a test, or a test that covers it", async () => {
    const files = await readTree("", /^(?:src|tests)\/.*\.[jt]s$/);
    assertEquals(findUntested(files, coveredElsewhere), []);
    assertEquals(findIdleExceptions(files, coveredElsewhere), []);
  });

  it("run in one part of test:unit each, unless a task of their own runs them", async () => {
    const tests = await readTree("tests/", /_test\.ts$/);
    const ofOtherTasks = /^tests\/(?:bench|e2e|fuzz|programs|slow)\//;
    const unitTests = [...tests.keys()].filter((path) => !ofOtherTasks.test(path));
    for (const count of [1, 6]) {
      const files = divideUnitTests(count).flat().map(({ href }) => href);
      assertEquals(files.sort(), unitTests.map((path) => new URL(path, repository).href).sort());
    }
  });

  it("export nothing from tests/support that no other file uses", async () => {
    assertEquals(findUnusedExports(await readTree("tests/", /\.[jt]s$/)), []);
  });

  it("have no name that begins with the word it", async () => {
    const tests = await readTree("tests/", /\.ts$/);
    assertGreater(tests.size, 0);
    assertEquals(findStutters(tests), []);
  });
});

/** Files by their paths; a source has a function in it. */
function filesOf(...paths: string[]): Sources {
  return new Map(paths.map((path) => [path, "export function act(): void {}"]));
}

describe("findUntested()", () => {
  const missing = (file: string, test: string) =>
    `${file} has no test: write ${test}, or name the test that covers it`;

  it("reports a source file without a test", () => {
    const files = filesOf("src/a.ts", "src/b/c.ts", "src/b/d.js", "tests/a_test.ts");
    assertEquals(findUntested(files, {}), [
      missing("src/b/c.ts", "tests/b/c_test.ts"),
      missing("src/b/d.js", "tests/b/d_test.ts"),
    ]);
  });

  it("reports a source file whose test is in another folder, or has another name", () => {
    const files = filesOf("src/a/b.ts", "tests/b_test.ts", "tests/a/bc_test.ts", "tests/a/b.ts");
    assertEquals(findUntested(files, {}), [missing("src/a/b.ts", "tests/a/b_test.ts")]);
  });

  it("takes a test with a subject in its name for one, unless it is another file's", () => {
    const files = filesOf("src/b.ts", "src/b_c.ts", "tests/b_c_test.ts");
    assertEquals(findUntested(files, {}), [missing("src/b.ts", "tests/b_test.ts")]);
    assertEquals(findUntested(filesOf("src/b.ts", "tests/b_c_test.ts"), {}), []);
  });

  it("leaves files and folders alone that a test elsewhere covers", () => {
    const files = filesOf("src/a.ts", "src/b/c.ts");
    assertEquals(
      findUntested(files, { "src/a.ts": "tests/e2e/x_test.ts", "src/b/": "tests/y_test.ts" }),
      [],
    );
  });

  const sources = [
    { source: "export interface A { act(): void }\nexport type B = () => void;", isTested: false },
    { source: `import { a } from "./a.ts";\nexport const NAME = "class A";`, isTested: false },
    { source: "// function\nexport const LIMIT = 3;", isTested: false },
    { source: "function act() {}", isTested: true },
    { source: "export async function act() {}", isTested: true },
    { source: "export abstract class A {}", isTested: true },
    { source: "const act = (a: string): void => {};", isTested: true },
    { source: `import { run } from "./a.ts";\nrun();`, isTested: true },
  ];
  for (const { source, isTested } of sources) {
    it(`${isTested ? "wants" : "wants no"} test of ${JSON.stringify(source)}`, () => {
      assertEquals(findUntested(new Map([["src/a.ts", source]]), {}).length, isTested ? 1 : 0);
    });
  }
});

describe("findIdleExceptions()", () => {
  it("reports an exception that is none, and a test that is not there", () => {
    const files = filesOf("src/a.ts", "src/b/c.ts", "tests/b/c_test.ts", "tests/e2e/x_test.ts");
    const covered = {
      "src/a.ts": "tests/e2e/y_test.ts",
      "src/b/": "tests/e2e/x_test.ts",
      "src/gone.ts": "tests/e2e/x_test.ts",
    };
    assertEquals(findIdleExceptions(files, covered), [
      "tests/e2e/y_test.ts, which covers src/a.ts, is not in the repository",
      "src/b/c.ts has a test of its own",
      "src/gone.ts is in the table, but not in the repository",
    ]);
    assertEquals(findIdleExceptions(files, { "src/a.ts": "tests/e2e/x_test.ts" }), []);
  });
});

describe("findUnusedExports()", () => {
  const kinds = ["function", "async function", "class", "const", "interface", "type"];
  for (const kind of kinds) {
    it(`reports export ${kind} in tests/support, unless another file has the name`, () => {
      const file = ["tests/support/a.ts", `const b = one;\nexport ${kind} one {}`] as const;
      assertEquals(findUnusedExports(new Map([file])), [
        "tests/support/a.ts:2 exports one, unused",
      ]);
      assertEquals(findUnusedExports(new Map([file, ["tests/b_test.ts", "one();"]])), []);
    });
  }

  it("leaves alone what stands in for a package, and what is outside of tests/support", () => {
    const source = "export const one = 1;";
    const files = ["tests/support/std/a.ts", "tests/a.ts"].map((file) => [file, source] as const);
    assertEquals(findUnusedExports(new Map(files)), []);
  });
});

describe("findStutters()", () => {
  const stutters = [
    { what: "a text", source: `it("it closes", () => {});` },
    { what: "a template", source: "it(`it closes ${how}`, () => {});" },
    { what: "a name on a line of its own", source: `it(\n  "it closes",\n);`, line: 1 },
    { what: "a test that is left out", source: `\nit.ignore("It closes", () => {});`, line: 2 },
  ];
  for (const { what, source, line = 1 } of stutters) {
    it(`reports ${what}`, () => {
      assertEquals(findStutters(new Map([["tests/a_test.ts", source]])), [
        `tests/a_test.ts:${line} must not begin with "it" inside it()`,
      ]);
    });
  }

  it("leaves other names, comments and texts alone", () => {
    const source = `it("closes when it ends", f);\nit("items() counts", f);\n` +
      `// it("it closes")\nconst text = 'it("it closes")';\nsplit("it ends");`;
    assertEquals(findStutters(new Map([["tests/a_test.ts", source]])), []);
  });
});
