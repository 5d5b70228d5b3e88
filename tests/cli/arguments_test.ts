import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { flagsFor } from "../../src/cli/flags.ts";
import { type Invocation, readInvocation } from "../../src/cli/arguments.ts";
import type { OptionTable } from "../../src/options/option_rule.ts";
import { wordedOptions, wordedOptionsOf } from "../../src/options/worded_options.ts";

const flags = flagsFor(wordedOptions());

/** Reads a command line, with these variables in the environment. */
function read(args: string, variables: Record<string, string> = {}): Invocation {
  const words = args === "" ? [] : args.split(" ");
  return readInvocation(words, flags, (name) => variables[name]);
}

const nothing = {
  kind: "serve",
  app: "app.ts",
  runOptions: {},
  serverOptions: {},
  workersSource: "",
  addressSource: undefined,
  watch: undefined,
} as const;

/** What comes of a port that a flag, or something else, names. */
const onPort = (port: number, source = "--port") => ({
  ...nothing,
  runOptions: { port },
  addressSource: `as ${source} says`,
});

describe("readInvocation()", () => {
  const good: { args: string; variables?: Record<string, string>; is: Invocation }[] = [
    { args: "app.ts", is: nothing },
    {
      args: "app.ts --port 80 --max-body-bytes=1_000",
      is: { ...onPort(80), serverOptions: { maxBodyBytes: 1_000 } },
    },
    {
      args: "--isolation thread app.ts",
      is: { ...nothing, runOptions: { isolation: "thread" } },
    },
    {
      args: "--decode-request-bodies=false app.ts",
      is: { ...nothing, serverOptions: { decodeRequestBodies: false } },
    },
    { args: "--signals=false app.ts", is: { ...nothing, runOptions: { signals: false } } },
    { args: "--no-fast-response app.ts", is: { ...nothing, runOptions: { fastResponse: false } } },
    {
      args: "--no-decode-request-bodies app.ts",
      is: { ...nothing, serverOptions: { decodeRequestBodies: false } },
    },
    {
      args: "app.ts --no-fast-response --fast-response=true",
      is: { ...nothing, runOptions: { fastResponse: true } },
    },
    { args: "app.ts --port 80 --port 81", is: onPort(81) },
    {
      args: "app.ts --workers 3",
      is: { ...nothing, runOptions: { workers: 3 }, workersSource: "as --workers says" },
    },
    {
      args: "app.ts",
      variables: { MUDPIE_WORKERS: "3", MUDPIE_HANDLER_TIMEOUT: "5_000" },
      is: {
        ...nothing,
        runOptions: { workers: 3 },
        serverOptions: { handlerTimeout: 5_000 },
        workersSource: "as MUDPIE_WORKERS says",
      },
    },
    {
      args: "app.ts",
      variables: { MUDPIE_THREADS: "3" },
      is: { ...nothing, runOptions: { workers: 3 }, workersSource: "as MUDPIE_THREADS says" },
    },
    {
      args: "app.ts",
      variables: { MUDPIE_WORKERS: "", MUDPIE_THREADS: "3" },
      is: { ...nothing, runOptions: { workers: 3 }, workersSource: "as MUDPIE_THREADS says" },
    },
    {
      args: "app.ts",
      variables: { MUDPIE_WORKERS: "2", MUDPIE_THREADS: "3" },
      is: { ...nothing, runOptions: { workers: 2 }, workersSource: "as MUDPIE_WORKERS says" },
    },
    {
      args: "app.ts --workers 1",
      variables: { MUDPIE_WORKERS: "2", MUDPIE_THREADS: "3" },
      is: { ...nothing, runOptions: { workers: 1 }, workersSource: "as --workers says" },
    },
    {
      args: "app.ts --port 81",
      variables: { MUDPIE_PORT: "82", MUDPIE_HOSTNAME: "" },
      is: onPort(81),
    },
    {
      args: "app.ts --port 81",
      variables: { MUDPIE_PORT: "x" },
      is: onPort(81),
    },
    {
      args: "app.ts --path a.sock",
      variables: { MUDPIE_PORT: "81", MUDPIE_PATH_MODE: "660" },
      is: {
        ...nothing,
        runOptions: { path: "a.sock", pathMode: 0o660 },
        addressSource: "as --path says",
      },
    },
    {
      args: "app.ts --port 81",
      variables: { MUDPIE_PATH: "a.sock" },
      is: onPort(81),
    },
    {
      args: "app.ts --trust-proxy loopback --trust-proxy 10.0.0.0/8",
      is: { ...nothing, serverOptions: { trustProxy: ["loopback", "10.0.0.0/8"] } },
    },
    { args: "app.ts", variables: { MUDPIE_PORT: "82" }, is: onPort(82, "MUDPIE_PORT") },
    { args: "app.ts --host ::1", is: { ...nothing, runOptions: { hostname: "::1" } } },
    {
      args: "app.ts",
      variables: { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:83" },
      is: {
        ...onPort(83, "DENO_SERVE_ADDRESS"),
        runOptions: { hostname: "127.0.0.1", port: 83 },
      },
    },
    {
      args: "app.ts --port 81",
      variables: { DENO_SERVE_ADDRESS: "unix:/run/a.sock" },
      is: onPort(81),
    },
    { args: "app.ts --watch", is: { ...nothing, watch: [] } },
    {
      args: "--watch=views,data/*.sql app.ts --watch=notes.md",
      is: { ...nothing, watch: ["views", "data/*.sql", "notes.md"] },
    },
    { args: "--check app.ts", is: { ...nothing, kind: "check" } },
    { args: "app.ts -- other.ts --port x", is: nothing },
    { args: "--help", is: { kind: "help", isWhole: false } },
    { args: "-h", is: { kind: "help", isWhole: false } },
    { args: "--help all", is: { kind: "help", isWhole: true } },
    { args: "--help=all", is: { kind: "help", isWhole: true } },
    {
      args: "app.ts --help",
      variables: { MUDPIE_PORT: "x" },
      is: { kind: "help", isWhole: false },
    },
    { args: "--version", is: { kind: "version" } },
    { args: "-V", is: { kind: "version" } },
  ];
  for (const { args, variables, is } of good) {
    const environment = variables === undefined ? "" : ` with ${JSON.stringify(variables)}`;
    it(`understands ${JSON.stringify(args)}${environment}`, () => {
      assertEquals(read(args, variables), is);
    });
  }

  const bad: { args: string; variables?: Record<string, string>; says: string[] }[] = [
    { args: "", says: ["app.ts", "--help"] },
    { args: "--check ", says: ["Nothing to serve", "app.ts"] },
    { args: "a.ts b.ts", says: ['"a.ts"', '"b.ts"', "--"] },
    { args: "app.ts --prot 80", says: ["--prot", "--port"] },
    { args: "app.ts --parallel", says: ["Unknown flag --parallel: use --workers"] },
    { args: "app.ts --threads 4", says: ["Unknown flag --threads: use --workers"] },
    { args: "--threads=4 app.ts", says: ["Unknown flag --threads: use --workers"] },
    {
      args: "app.ts",
      variables: { MUDPIE_THREADS: "many" },
      says: ['"many"', "environment variable MUDPIE_THREADS", "from 1 to 1024"],
    },
    { args: "app.ts --zzz", says: ["--zzz", "--help all"] },
    { args: "app.ts -p 80", says: ["-p"] },
    { args: "app.ts --entry x", says: ["Unknown flag --entry"] },
    { args: "app.ts --port", says: ["--port needs a value", "a whole number from 0 to 65535"] },
    { args: "--port --workers 4 app.ts", says: ["--port needs a value"] },
    {
      args: "app.ts",
      variables: { DENO_SERVE_ADDRESS: "8000" },
      says: ['"8000"', "DENO_SERVE_ADDRESS", "tcp:host:port"],
    },
    { args: "app.ts --port= ", says: ['""', "--port", "expected"] },
    { args: "app.ts --port 65536", says: ['"65536"', "--port", "from 0 to 65535"] },
    { args: "app.ts --port -1", says: ['"-1"', "--port"] },
    { args: "app.ts --workers many", says: ['"many"', "--workers", "from 1 to 1024"] },
    { args: "app.ts --listen both", says: ['"both"', '"reuseport" or "shared"'] },
    { args: "app.ts --signals maybe", says: ['"maybe"', "true or false"] },
    { args: "app.ts --port 1 --path a.sock", says: ["--path and --port together"] },
    {
      args: "app.ts",
      variables: { MUDPIE_PORT: "1", MUDPIE_PATH: "a.sock" },
      says: ["--path and --port together"],
    },
    { args: "app.ts --watch=", says: ["--watch= needs paths", '""'] },
    { args: "app.ts --watch=views,", says: ["--watch= needs paths", '"views,"'] },
    { args: "app.ts --no-signals=yes", says: ["--no-signals takes no value", '"yes"'] },
    { args: "app.ts --no-port", says: ["Unknown flag --no-port"] },
    { args: "app.ts --check=yes", says: ["--check takes no value", '"yes"'] },
    { args: "app.ts --check --watch", says: ["--check", "--watch"] },
    {
      args: "app.ts",
      variables: { MUDPIE_MAX_BODY_BYTES: "1MB" },
      says: ['"1MB"', "environment variable MUDPIE_MAX_BODY_BYTES", "a whole number of bytes"],
    },
  ];
  for (const { args, variables, says } of bad) {
    const environment = variables === undefined ? "" : ` with ${JSON.stringify(variables)}`;
    it(`refuses ${JSON.stringify(args)}${environment} with one line`, () => {
      const invocation = read(args, variables);
      assert(invocation.kind === "refused", JSON.stringify(invocation));
      assertEquals(invocation.reason.split("\n").length, 1);
      for (const words of says) assertStringIncludes(invocation.reason, words);
    });
  }

  it("puts what belongs to a group into one object, and goes on with a list that is there twice", () => {
    const text = { default: undefined, expect: () => undefined, summary: "" };
    const table: OptionTable = {
      admin: {
        ...text,
        form: {
          kind: "group",
          members: {
            port: { ...text, form: { kind: "number", unit: "number" } },
            hostname: { ...text, form: { kind: "text", what: "address" } },
          },
        },
      },
      exclude: { ...text, form: { kind: "list", what: "path", words: [] } },
    };
    const args = ["app.ts", "--admin-port=9000", "--exclude=/a,/b", "--exclude", "/c"];
    const invocation = readInvocation(
      args,
      flagsFor(wordedOptionsOf("run", table)),
      (name) => name === "MUDPIE_ADMIN_HOSTNAME" ? "::1" : undefined,
    );
    assert(invocation.kind === "serve");
    assertEquals(invocation.runOptions as unknown, {
      admin: { port: 9000, hostname: "::1" },
      exclude: ["/a", "/b", "/c"],
    });
  });
});
