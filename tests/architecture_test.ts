// Holds the code to its drawing: which way imports run, which modules touch nothing, what lies where.
// Each rule is a table and a function from sources to problems. The functions run over the
// repository, and over small made-up sources that break one rule each, so that none can pass idly.

import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readTree, type Sources } from "./support/repository.ts";
import { codeOnly, importsOf, lineAt } from "./support/source_code.ts";

/** A path, or a folder with the slash at its end, which stands for all that is in it. */
type Place = string;

/**
 * The steps of the architecture, top to bottom. An import leads to a lower step, or stays in its own folder. Folders of one step
 * do not import each other. Types count as values do.
 */
type Steps = Place[][];

/** Of these folders, lower ones that may not be imported although they are lower: a worker and its supervisor share only ipc/. */
const strangers: { modules: Place; never: Place }[] = [
  { modules: "src/worker/", never: "src/supervisor/" },
  { modules: "src/admin/", never: "src/connection/" },
];

const HEADING = "## Which way imports run";

/** Reads the steps from the block of code below their heading in src/README.md: a line for each step. */
function readSteps(readme: string): Steps {
  const section = readme.slice(readme.indexOf(HEADING));
  const block = /```text\n([^]*?)```/.exec(section)?.[1] ?? "";
  return block.trimEnd().split("\n").map((line) => line.trim().split(/\s+/));
}

const repository = new URL("../", import.meta.url);
const canRead = Deno.permissions.querySync({ name: "read", path: repository }).state === "granted";
const steps = canRead
  ? readSteps(await Deno.readTextFile(new URL("src/README.md", repository)))
  : [];

/** What the package says of itself, which is published with it: no module, so it has no row. */
const packageFile = "deno.json";

interface Purity {
  modules: Place[];
  /** Globals that the modules may not name. */
  globals: string[];
  builtins: string[];
}

const clocks = ["Date", "Temporal", "performance", "setInterval", "setTimeout"];
const inputAndOutput = ["Deno", "EventSource", "WebSocket", "Worker", "console", "fetch"];
/** Behind these every other global can be had under no name of its own. */
const backDoors = ["eval", "globalThis", "self"];

const purity: Purity[] = [
  {
    modules: [
      "src/handler/brotli/",
      "src/http1/",
      "src/handler/form.ts",
      "src/handler/multipart.ts",
      "src/handler/parameters.ts",
    ],
    globals: [...clocks, ...inputAndOutput, ...backDoors],
    builtins: ["node:buffer"],
  },
  {
    modules: ["src/websocket/"],
    globals: [...clocks, ...inputAndOutput, ...backDoors],
    builtins: ["node:buffer", "node:zlib"],
  },
  {
    modules: ["src/handler/forwarded.ts", "src/net/address_ranges.ts"],
    globals: [...clocks, ...inputAndOutput, ...backDoors],
    builtins: [],
  },
  {
    modules: [
      "src/supervisor/fleet.ts",
      "src/supervisor/fleet_members.ts",
      "src/supervisor/fleet_protocol.ts",
      "src/supervisor/rolling_reload.ts",
      "src/supervisor/drain_plan.ts",
      "src/supervisor/restart_policy.ts",
      "src/supervisor/spawn_pace.ts",
    ],
    globals: [...clocks, ...inputAndOutput, ...backDoors, "Math.random", "crypto"],
    builtins: [],
  },
  {
    modules: [
      "src/routing/route_pattern.ts",
      "src/routing/route_target.ts",
      "src/routing/route_trie.ts",
      "src/routing/router.ts",
    ],
    globals: [...inputAndOutput, ...backDoors],
    builtins: [],
  },
  {
    modules: [
      "src/telemetry/metrics_memory.ts",
      "src/telemetry/request_metrics.ts",
      "src/telemetry/request_totals.ts",
      "src/admin/endpoints.ts",
      "src/admin/event_streams.ts",
      "src/admin/prometheus.ts",
      "src/admin/fleet_history.ts",
      "src/admin/quantile.ts",
      "src/admin/readiness.ts",
    ],
    globals: [...clocks, ...inputAndOutput, ...backDoors],
    builtins: [],
  },
];

/** What may lie at the top of the repository, beside names that begin with a dot. */
const topLevel = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "deno.json",
  "deno.lock",
  "examples",
  "mod.ts",
  "src",
  "tests",
];

/** What is loaded only later than these modules: a server would answer its first request later for it. */
const lazy: { entry: Place; never: Place[] }[] = [
  // What the main thread loads before it spawns the first worker.
  { entry: "src/cli/main.ts", never: ["src/server.ts", "src/connection/", "src/handler/"] },
  // What a worker loads before the program, and a program with this library.
  { entry: "src/cli/worker.ts", never: ["src/supervisor/supervisor.ts", "src/admin/"] },
  { entry: "mod.ts", never: ["src/supervisor/supervisor.ts", "src/admin/"] },
];

/**
 * Hosts that packages come from. Which one a machine uses is its own business: a name written down
 * here breaks the build wherever a mirror stands in. In pieces, so that this file passes, too.
 */
const registryHosts = [
  ["npmjs", "org"],
  ["npmjs", "com"],
  ["npmmirror", "com"],
  ["yarnpkg", "com"],
  ["jsr", "io"],
  ["esm", "sh"],
  ["deb", "debian", "org"],
].map((pieces) => pieces.join("."));

function findForbiddenImports(sources: Sources): string[] {
  const problems: string[] = [];
  for (const [module, source] of sources) {
    const from = stepOf(module);
    if (from === undefined) {
      problems.push(`${module} is on no step of src/README.md`);
      continue;
    }
    for (const { specifier, line } of importsOf(source)) {
      const target = resolve(specifier, module);
      if (target === undefined || target === packageFile) continue;
      if (!mayImport(from, module, target)) {
        problems.push(`${module}:${line} must not import ${target}`);
      }
    }
  }
  return problems;
}

function mayImport(from: number, module: string, target: string): boolean {
  const isOwnFolder = steps[from].some((place) => isIn(place, module) && isIn(place, target));
  if (isOwnFolder) return true;
  const to = stepOf(target);
  if (to === undefined || to <= from) return false;
  return !strangers.some(({ modules, never }) => isIn(modules, module) && isIn(never, target));
}

/** The number of the step on which a module is, from the top; undefined where it is on none. */
function stepOf(module: string): number | undefined {
  const index = steps.findIndex((places) => places.some((place) => isIn(place, module)));
  return index < 0 ? undefined : index;
}

function findImpurities(sources: Sources): string[] {
  const problems: string[] = [];
  for (const { modules, globals, builtins } of purity) {
    // A name after a single dot is a property, which is nobody's global; after three it is spread.
    const names = globals.map((name) => name.replace(".", "\\s*\\.\\s*")).join("|");
    const forbiddenName = new RegExp(`(?<![\\w$]|[^.]\\.)(?:${names})(?![\\w$])`, "g");
    for (const [module, source] of sources) {
      if (!modules.some((place) => isIn(place, module))) continue;
      for (const match of codeOnly(source).matchAll(forbiddenName)) {
        problems.push(`${module}:${lineAt(source, match.index)} must not use ${match[0]}`);
      }
      for (const { specifier, line } of importsOf(source)) {
        if (!specifier.startsWith("node:") || builtins.includes(specifier)) continue;
        problems.push(`${module}:${line} must not use ${specifier}`);
      }
    }
  }
  return problems;
}

/** Rings of imports, those of types included. */
function findCycles(sources: Sources): string[] {
  const problems: string[] = [];
  const finished = new Set<string>();
  const visit = (module: string, path: string[]) => {
    if (finished.has(module)) return;
    if (path.includes(module)) {
      problems.push([...path.slice(path.indexOf(module)), module].join(" -> "));
      return;
    }
    for (const { specifier } of importsOf(sources.get(module) ?? "")) {
      const target = resolve(specifier, module);
      if (target !== undefined) visit(target, [...path, module]);
    }
    finished.add(module);
  };
  for (const module of sources.keys()) visit(module, []);
  return problems;
}

/** Imports of anything but the server's own files and what is built into Deno. */
function findDependencies(sources: Sources): string[] {
  const problems: string[] = [];
  for (const [module, source] of sources) {
    for (const { specifier, line } of importsOf(source)) {
      const target = resolve(specifier, module);
      const isOurs = target !== undefined && (sources.has(target) || target === packageFile);
      if (isOurs || specifier.startsWith("node:")) continue;
      problems.push(`${module}:${line} must not depend on ${JSON.stringify(specifier)}`);
    }
  }
  return problems;
}

function findEarlyLoads(sources: Sources): string[] {
  return lazy.flatMap(({ entry, never }) =>
    loadedWith(entry, sources)
      .filter((module) => never.some((place) => isIn(place, module)))
      .map((module) => `${entry} must not load ${module} before it runs`)
  );
}

/** A module, and all that is loaded before it runs. */
function loadedWith(entry: string, sources: Sources): string[] {
  const loaded = [entry];
  // It grows while it is read.
  for (const module of loaded) {
    for (const { specifier, isTypeOnly, isDynamic } of importsOf(sources.get(module) ?? "")) {
      const target = resolve(specifier, module);
      if (target === undefined || isTypeOnly || isDynamic || loaded.includes(target)) continue;
      loaded.push(target);
    }
  }
  return loaded;
}

/** Places that a table names and that are empty, so that their rule holds for nothing. */
function findIdleRules(sources: Sources): string[] {
  return namedPlaces()
    .filter((place) => !sources.keys().some((module) => isIn(place, module)))
    .map((place) => `${place} stands in a table, but not in the repository`);
}

/** Every place that a table names, once. */
function namedPlaces(): Place[] {
  const places = [
    ...steps.flat(),
    ...strangers.flatMap(({ modules, never }) => [modules, never]),
    ...purity.flatMap((rule) => rule.modules),
    ...lazy.flatMap(({ entry, never }) => [entry, ...never]),
  ];
  return [...new Set(places)];
}

function findStrayEntries(names: string[]): string[] {
  return names
    .filter((name) => !name.startsWith(".") && !topLevel.includes(name))
    .map((name) => `${name} does not belong at the top of the repository`);
}

function findRegistryHosts(files: Sources): string[] {
  const problems: string[] = [];
  for (const [file, text] of files) {
    const lowerCaseText = text.toLowerCase();
    for (const host of registryHosts) {
      const index = lowerCaseText.indexOf(host);
      if (index === -1) continue;
      problems.push(`${file}:${lineAt(text, index)} must not name ${host}`);
    }
  }
  return problems;
}

function isFolder(place: Place): boolean {
  return place.endsWith("/");
}

function isIn(place: Place, module: string): boolean {
  return isFolder(place) ? module.startsWith(place) : module === place;
}

/** The path that a relative specifier means, or undefined where it is not relative. */
function resolve(specifier: string, module: string): string | undefined {
  if (!/^\.\.?\//.test(specifier)) return undefined;
  return new URL(specifier, `file:///${module}`).pathname.slice(1);
}

/** The modules that are published. */
async function readServer(): Promise<Sources> {
  return await readTree("", /^(?:mod\.ts|src\/.*\.[jt]s)$/);
}

describe("the repository", { ignore: !canRead }, () => {
  it("imports downwards only", async () => {
    assertEquals(findForbiddenImports(await readServer()), []);
  });

  it("keeps clocks, sockets and the rest of the world out of the modules that decide", async () => {
    assertEquals(findImpurities(await readServer()), []);
  });

  it("has no ring of imports", async () => {
    assertEquals(findCycles(await readServer()), []);
  });

  it("loads what the first request does not need later than that", async () => {
    assertEquals(findEarlyLoads(await readServer()), []);
  });

  it("depends on nothing but Deno", async () => {
    assertEquals(findDependencies(await readServer()), []);
  });

  it("has every place that the rules are about", async () => {
    assertEquals(findIdleRules(await readServer()), []);
  });

  it("has nothing at its top but what belongs there", async () => {
    const names = (await Array.fromAsync(Deno.readDir(repository))).map((entry) => entry.name);
    assertGreater(names.length, 0);
    assertEquals(findStrayEntries(names), []);
  });

  it("names no registry's host", async () => {
    assertEquals(findRegistryHosts(await readTree("")), []);
  });
});

describe("the rules of the architecture", { ignore: !canRead }, () => {
  interface Violation {
    what: string;
    find: (sources: Sources) => string[];
    sources: Record<string, string>;
    problems: string[];
  }

  const violations: Violation[] = [
    {
      what: "an import upwards",
      find: findForbiddenImports,
      sources: { "src/routing/router.ts": `\nimport { read } from "../connection/connection.ts";` },
      problems: ["src/routing/router.ts:2 must not import src/connection/connection.ts"],
    },
    {
      what: "a re-export upwards",
      find: findForbiddenImports,
      sources: { "src/handler/errors.ts": `export * from "../server.ts";` },
      problems: ["src/handler/errors.ts:1 must not import src/server.ts"],
    },
    {
      what: "an import upwards while running",
      find: findForbiddenImports,
      sources: { "src/telemetry/log.ts": `const server = await import("../server.ts");` },
      problems: ["src/telemetry/log.ts:1 must not import src/server.ts"],
    },
    {
      what: "types from above",
      find: findForbiddenImports,
      sources: {
        "src/options/run_options.ts": `import type { Fleet } from "../supervisor/fleet.ts";`,
      },
      problems: ["src/options/run_options.ts:1 must not import src/supervisor/fleet.ts"],
    },
    {
      what: "a folder on the same step",
      find: findForbiddenImports,
      sources: {
        "src/connection/connection.ts": `import { Fleet } from "../supervisor/fleet.ts";`,
      },
      problems: ["src/connection/connection.ts:1 must not import src/supervisor/fleet.ts"],
    },
    {
      what: "the supervisor in a worker",
      find: findForbiddenImports,
      sources: { "src/worker/worker.ts": `import type { Fleet } from "../supervisor/fleet.ts";` },
      problems: ["src/worker/worker.ts:1 must not import src/supervisor/fleet.ts"],
    },
    {
      what: "a connection at the operator's port",
      find: findForbiddenImports,
      sources: { "src/admin/admin_port.ts": `import { read } from "../connection/connection.ts";` },
      problems: ["src/admin/admin_port.ts:1 must not import src/connection/connection.ts"],
    },
    {
      what: "a module that is on no step",
      find: findForbiddenImports,
      sources: { "src/utilities.ts": "" },
      problems: ["src/utilities.ts is on no step of src/README.md"],
    },
    {
      what: "Deno in http1/",
      find: findImpurities,
      sources: {
        "src/http1/head_parser.ts": `const address = "Deno";\nexport type From = Deno.Addr;`,
      },
      problems: ["src/http1/head_parser.ts:2 must not use Deno"],
    },
    {
      what: "a clock in http1/",
      find: findImpurities,
      sources: {
        "src/http1/chunked_decoder.ts":
          `// Date\nconst text = \`Date \${Date.now()}\`;\nsetTimeout(f);`,
      },
      problems: [
        "src/http1/chunked_decoder.ts:2 must not use Date",
        "src/http1/chunked_decoder.ts:3 must not use setTimeout",
      ],
    },
    {
      what: "sockets in http1/",
      find: findImpurities,
      sources: {
        "src/http1/framing.ts":
          `import { Buffer } from "node:buffer";\nimport { connect } from "node:net";`,
      },
      problems: ["src/http1/framing.ts:2 must not use node:net"],
    },
    {
      what: "input and output in the reader of forms",
      find: findImpurities,
      sources: { "src/handler/multipart.ts": `import "node:fs";\nconst at = Date.now();` },
      problems: [
        "src/handler/multipart.ts:2 must not use Date",
        "src/handler/multipart.ts:1 must not use node:fs",
      ],
    },
    {
      what: "a worker, a timer and chance in the fleet",
      find: findImpurities,
      sources: {
        "src/supervisor/fleet.ts":
          `new Worker(entry);\nconst timers = [...performance.marks, setInterval];\nMath.random();`,
      },
      problems: [
        "src/supervisor/fleet.ts:1 must not use Worker",
        "src/supervisor/fleet.ts:2 must not use performance",
        "src/supervisor/fleet.ts:2 must not use setInterval",
        "src/supervisor/fleet.ts:3 must not use Math.random",
      ],
    },
    {
      what: "a clock in the restart policy",
      find: findImpurities,
      sources: { "src/supervisor/restart_policy.ts": `const now = globalThis.Date.now();` },
      problems: ["src/supervisor/restart_policy.ts:1 must not use globalThis"],
    },
    {
      what: "input and output in the router",
      find: findImpurities,
      sources: { "src/routing/router.ts": `import "node:fs";\nconsole.log(await fetch(url));` },
      problems: [
        "src/routing/router.ts:2 must not use console",
        "src/routing/router.ts:2 must not use fetch",
        "src/routing/router.ts:1 must not use node:fs",
      ],
    },
    {
      what: "a ring of imports",
      find: findCycles,
      sources: {
        "src/a.ts": `import { b } from "./b.ts";`,
        "src/b.ts": `export { c } from "./in/c.ts";`,
        "src/in/c.ts": `import "../b.ts";`,
      },
      problems: ["src/b.ts -> src/in/c.ts -> src/b.ts"],
    },
    {
      what: "a ring of types",
      find: findCycles,
      sources: {
        "src/a.ts": `import type { B } from "./b.ts";`,
        "src/b.ts": `import { type A } from "./a.ts";`,
      },
      problems: ["src/a.ts -> src/b.ts -> src/a.ts"],
    },
    {
      what: "a package",
      find: findDependencies,
      sources: {
        "src/a.ts":
          `import { eTag } from "@std/http/etag";\nimport type { Hono } from 'npm:hono';\nimport "node:net";`,
      },
      problems: [
        `src/a.ts:1 must not depend on "@std/http/etag"`,
        `src/a.ts:2 must not depend on "npm:hono"`,
      ],
    },
    {
      what: "a file that is not published",
      find: findDependencies,
      sources: { "src/a.ts": `import { help } from "../tests/support/help.ts";` },
      problems: [`src/a.ts:1 must not depend on "../tests/support/help.ts"`],
    },
    {
      what: "the server's own name",
      find: findDependencies,
      sources: { "src/a.ts": `import { WebServer } from "@mudpie/server";` },
      problems: [`src/a.ts:1 must not depend on "@mudpie/server"`],
    },
    {
      what: "a module that is loaded too early",
      find: findEarlyLoads,
      sources: {
        "src/cli/worker.ts": `import { serve } from "../server.ts";`,
        "src/server.ts":
          `import type { A } from "./admin/a.ts";\nimport { supervise } from "./supervisor/supervisor.ts";\nawait import("./admin/b.ts");`,
      },
      problems: ["src/cli/worker.ts must not load src/supervisor/supervisor.ts before it runs"],
    },
    {
      what: "a registry's host",
      find: findRegistryHosts,
      sources: {
        "README.md": `First\nhttps://${registryHosts[0].toUpperCase()}/`,
        ".ci/run": registryHosts[4],
      },
      problems: [
        `README.md:2 must not name ${registryHosts[0]}`,
        `.ci/run:1 must not name ${registryHosts[4]}`,
      ],
    },
  ];

  for (const { what, find, sources, problems } of violations) {
    it(`report ${what}`, () => {
      assertEquals(find(new Map(Object.entries(sources))), problems);
    });
  }

  it("report a stray entry at the top of the repository", () => {
    assertEquals(findStrayEntries(["src", ".gitignore", "node_modules"]), [
      "node_modules does not belong at the top of the repository",
    ]);
  });

  it("report a place that a table names in vain", () => {
    const files = namedPlaces().map((place) => isFolder(place) ? `${place}a.ts` : place);
    const sources = new Map(files.map((file) => [file, ""]));
    assertEquals(findIdleRules(sources), []);
    sources.delete("src/routing/router.ts");
    sources.delete("src/worker/a.ts");
    assertEquals(findIdleRules(sources).toSorted(), [
      "src/routing/router.ts stands in a table, but not in the repository",
      "src/worker/ stands in a table, but not in the repository",
    ]);
  });

  it("find nothing in sources that keep them", () => {
    const sources = new Map(Object.entries({
      "mod.ts":
        `/** import { x } from "@mudpie/server"; */\nexport { serve } from "./src/server.ts";`,
      "src/server.ts":
        `import { supervise } from "./supervisor/supervisor.ts";\nimport { work } from "./worker/worker.ts";`,
      "src/supervisor/supervisor.ts":
        `import { Fleet } from "./fleet.ts";\nimport { log } from "../telemetry/log.ts";`,
      "src/supervisor/fleet.ts":
        `import type { DrainOrder } from "../ipc/drain_order.ts";\nconst state = entry.Worker; // new Worker()`,
      "src/worker/worker.ts":
        `import {\n  dispatch,\n  type Dispatch,\n} from "../routing/dispatcher.ts";\nsetTimeout(dispatch, 1);`,
      "src/routing/dispatcher.ts": `import { HttpError } from "../handler/errors.ts";`,
      "src/handler/errors.ts": "",
      "src/ipc/drain_order.ts": "",
      "src/telemetry/log.ts": `import process from "node:process";\nconsole.log(Date.now());`,
      "src/http1/head_parser.ts":
        `import { Buffer } from "node:buffer";\nconst dateField = /Date: "(.*)/; const lastDate = "Date";`,
    }));
    const rules = [findForbiddenImports, findImpurities, findCycles, findDependencies];
    assertEquals(rules.flatMap((find) => find(sources)), []);
  });
});

describe("codeOnly()", () => {
  const cases = [
    { what: "a comment to the end of the line", source: "a // Deno\nb", code: "a        \nb" },
    { what: "a comment over lines", source: "a /* D\n */ b", code: "a     \n    b" },
    { what: "a string", source: `a = "Deno" + 'x';`, code: `a = "    " + ' ';` },
    { what: "a string with quotes in it", source: `"\\"'" + Deno`, code: `"   " + Deno` },
    { what: "a comment's beginning in a string", source: `"//" + Deno`, code: `"  " + Deno` },
    {
      what: "a template, but not what is substituted in it",
      source: "`Deno ${f({ a: `x${Deno}` })} y` + b",
      code: "`     ${f({ a: ` ${Deno}` })}  ` + b",
    },
    { what: "a regular expression", source: `a = /["'/]/g + Deno`, code: `a = /     /g + Deno` },
    { what: "no division", source: `a / Deno / 2 + f(b) / c`, code: `a / Deno / 2 + f(b) / c` },
    {
      what: "a regular expression after a word",
      source: `return /\\/"/.test(Deno)`,
      code: `return /   /.test(Deno)`,
    },
  ];
  for (const { what, source, code } of cases) {
    it(`blanks ${what}`, () => {
      assertEquals(codeOnly(source), code);
    });
  }
});

describe("importsOf()", () => {
  const cases = [
    { source: `import "./a.ts";`, specifiers: ["./a.ts"], areTypes: [false] },
    { source: `import a from './a.ts'`, specifiers: ["./a.ts"], areTypes: [false] },
    { source: `import a, { b } from "./a.ts";`, specifiers: ["./a.ts"], areTypes: [false] },
    { source: `import * as a from "./a.ts";`, specifiers: ["./a.ts"], areTypes: [false] },
    { source: `import{a}from"./a.ts"`, specifiers: ["./a.ts"], areTypes: [false] },
    {
      source: `import data from "./a.json" with { type: "json" };`,
      specifiers: ["./a.json"],
      areTypes: [false],
    },
    { source: `import type { A } from "./a.ts";`, specifiers: ["./a.ts"], areTypes: [true] },
    { source: `import type * as a from "./a.ts";`, specifiers: ["./a.ts"], areTypes: [true] },
    { source: `import {\n type A,\n type B,\n} from "a";`, specifiers: ["a"], areTypes: [true] },
    { source: `import a, { type B } from "a";`, specifiers: ["a"], areTypes: [false] },
    { source: `import {} from "a";`, specifiers: ["a"], areTypes: [false] },
    { source: `export * from "a";`, specifiers: ["a"], areTypes: [false] },
    { source: `export * as b from "a";`, specifiers: ["a"], areTypes: [false] },
    { source: `export type { A } from "a";`, specifiers: ["a"], areTypes: [true] },
    { source: `await import( "a" );`, specifiers: ["a"], areTypes: [false], areDynamic: [true] },
    {
      source: `export interface A { from: "x"; }\nexport { b } from "a";`,
      specifiers: ["a"],
      areTypes: [false],
    },
    { source: `export const from = "x", type = import.meta.url;`, specifiers: [], areTypes: [] },
    { source: `// import "a";\nconst b = 'import "c"';`, specifiers: [], areTypes: [] },
  ];
  for (const { source, specifiers, areTypes, areDynamic } of cases) {
    it(`reads ${JSON.stringify(source)}`, () => {
      const imports = importsOf(source);
      assertEquals(imports.map((found) => found.specifier), specifiers);
      assertEquals(imports.map((found) => found.isTypeOnly), areTypes);
      assertEquals(
        imports.map((found) => found.isDynamic),
        areDynamic ?? areTypes.map(() => false),
      );
    });
  }
});
