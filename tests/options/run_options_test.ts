import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { WebServer } from "../../mod.ts";
import type { OptionTable } from "../../src/options/option_rule.ts";
import {
  overrideRunOptions,
  resolveRunOptions,
  type RunOptions,
} from "../../src/options/run_options.ts";
import { describeOptions, notNumbers, type OptionCase, sizes, times } from "./option_cases.ts";

const runOptions: OptionCase[] = [
  {
    name: "hostname",
    default: "127.0.0.1",
    good: ["0.0.0.0", "::1", "localhost"],
    bad: ["", null, 7, {}, ["a"]],
  },
  {
    name: "port",
    default: 8000,
    good: [0, 80, 65_535],
    bad: [-1, 65_536, 80.5, NaN, ...notNumbers],
  },
  {
    name: "workers",
    default: undefined,
    good: [1, 10, 1_024],
    bad: [0, -1, 1_025, 1.5, NaN, Infinity, ...notNumbers],
  },
  {
    name: "listen",
    default: undefined,
    good: ["reuseport", "shared"],
    bad: ["", "reusePort", null, true, 0],
  },
  {
    name: "backlog",
    default: 511,
    good: [1, 65_535],
    bad: [0, -1, 65_536, 1.5, NaN, ...notNumbers],
  },
  {
    name: "path",
    default: undefined,
    good: ["/run/app.sock", "app.{n}.sock"],
    bad: ["", "/run/", "a\0b", null, 7],
  },
  {
    name: "pathMode",
    default: undefined,
    good: [0, 0o600, 0o777],
    goesWith: { path: "/run/app.sock" },
    bad: [-1, 0o1000, 1.5, "600", null],
  },
  {
    name: "entry",
    default: undefined,
    good: ["file:///srv/main.ts", "data:text/javascript,", new URL("http://localhost/main.ts")],
    bad: ["", "main.ts", "./main.ts", null, 7, {}],
  },
  { name: "drainTimeout", default: 30_000, ...times },
  { name: "hangTimeout", default: 30_000, ...times },
  {
    name: "onHang",
    default: undefined,
    good: ["exit", "continue"],
    bad: ["", "replace", null, true],
  },
  { name: "isolation", default: "web", good: ["web", "thread"], bad: ["", "process", null, 0] },
  { name: "standby", default: 0, good: [0, 1, 16], bad: [-1, 17, 1.5, "1", null, true] },
  { name: "startTimeout", default: 30_000, ...times },
  { name: "shutdownDelay", default: 0, ...times },
  { name: "socketPanicInterval", default: 60_000, ...times },
  { name: "maxRequestsPerWorker", default: 0, ...sizes },
  { name: "maxAgePerWorker", default: 0, ...times },
  { name: "maxHeapBytesPerWorker", default: 0, ...sizes },
  { name: "fastResponse", default: true, good: [true, false], bad: ["", "true", 1, null] },
  { name: "heapLimitBytesPerWorker", default: 0, good: [0], bad: sizes.bad },
  { name: "signals", default: undefined, good: [true, false], bad: ["", "yes", 0, 1, null] },
  {
    name: "admin",
    default: undefined,
    good: [{ hostname: "0.0.0.0", port: 0 }, { hostname: "::1", port: 9_000 }],
    bad: [9_000, "9000", true, null, () => {}],
  },
  { name: "onEvent", default: undefined, good: [() => {}], bad: ["", {}, null, 7] },
];

describeOptions("run()", resolveRunOptions, runOptions);

describe("WebServer.run() and start()", () => {
  const bad: { options: RunOptions; Expected: typeof TypeError; says: string }[] = [
    { options: { port: 65_536 }, Expected: RangeError, says: "port" },
    { options: { workers: 0 }, Expected: RangeError, says: "workers" },
    { options: { hostname: "" }, Expected: TypeError, says: "hostname" },
    { options: { threads: 4 } as RunOptions, Expected: TypeError, says: "threads" },
    { options: { heapLimitBytesPerWorker: 1_000_000 }, Expected: TypeError, says: "isolation" },
  ];
  for (const { options, Expected, says } of bad) {
    it(`reject the options ${JSON.stringify(options)} before anything starts`, async () => {
      await assertRejects(() => new WebServer().run(options), Expected, says);
      await assertRejects(() => new WebServer().start(options), Expected, says);
    });
  }

  it("reject a port and a number of workers that are out of range, in their places", async () => {
    await assertRejects(() => new WebServer().run("127.0.0.1", 70_000), RangeError, "port");
    await assertRejects(() => new WebServer().run("127.0.0.1", 0, 0), RangeError, "workers");
    const swapped = () => new WebServer().run(8000 as unknown as string, 8000);
    await assertRejects(swapped, TypeError, "hostname");
  });
});

describe("overrideRunOptions()", () => {
  const cases: { coded: RunOptions; said: RunOptions; is: RunOptions }[] = [
    { coded: { port: 1, workers: 2 }, said: { port: 3 }, is: { port: 3, workers: 2 } },
    { coded: { hostname: "::1", port: 1 }, said: { path: "a.sock" }, is: { path: "a.sock" } },
    { coded: { path: "a.sock", pathMode: 0o600 }, said: { port: 1 }, is: { port: 1 } },
    {
      coded: { path: "a.sock", pathMode: 0o600 },
      said: { pathMode: 0o660 },
      is: { path: "a.sock", pathMode: 0o660 },
    },
    { coded: { port: 1, listen: "shared" }, said: {}, is: { port: 1, listen: "shared" } },
    { coded: { port: 1, backlog: 9 }, said: { path: "a.sock" }, is: { path: "a.sock" } },
    { coded: { port: 1 }, said: { backlog: 9 }, is: { port: 1, backlog: 9 } },
    // A limit for ports does not move a server from its path: the two together are an error.
    { coded: { path: "a.sock" }, said: { backlog: 9 }, is: { path: "a.sock", backlog: 9 } },
  ];
  for (const { coded, said, is } of cases) {
    it(`makes ${JSON.stringify(is)} of ${JSON.stringify(coded)} and ${JSON.stringify(said)}`, () => {
      assertEquals(overrideRunOptions(coded, said), is);
    });
  }
});

describe("overrideRunOptions() of a group", () => {
  it("takes it member by member", () => {
    const members = { port: 1, hostname: "::1" };
    const table: OptionTable = {
      admin: {
        default: undefined,
        expect: () => undefined,
        form: { kind: "group", members: {} },
        summary: "",
      },
    };
    const merged = (coded: object, said: object): unknown =>
      overrideRunOptions(coded as RunOptions, said as RunOptions, table);
    assertEquals(merged({ admin: members }, { admin: { port: 2 } }), {
      admin: { port: 2, hostname: "::1" },
    });
    assertEquals(merged({ admin: members }, {}), { admin: members });
    assertEquals(merged({}, { admin: { port: 2 } }), { admin: { port: 2 } });
    assertEquals(merged({}, {}), {});
  });
});

describe("heapLimitBytesPerWorker", () => {
  it("goes with thread isolation alone, as the message says", () => {
    for (const isolation of ["web", undefined] as const) {
      const options = { heapLimitBytesPerWorker: 1_000_000, isolation };
      const { message } = assertThrows(() => resolveRunOptions(options), TypeError);
      assertStringIncludes(message, "heapLimitBytesPerWorker");
      assertStringIncludes(message, '"thread"');
    }
    const settings = resolveRunOptions({ heapLimitBytesPerWorker: 1_000_000, isolation: "thread" });
    assertEquals(settings.heapLimitBytesPerWorker, 1_000_000);
  });
});

describe("admin", () => {
  it("has an address of this machine alone and port 9000, unless it says otherwise", () => {
    assertEquals(resolveRunOptions({ admin: {} }).admin, { hostname: "127.0.0.1", port: 9_000 });
    assertEquals(resolveRunOptions({ admin: { port: 0 } }).admin?.port, 0);
  });

  it("has its options checked like all others", () => {
    const bad: { admin: object; Expected: typeof TypeError; says: string }[] = [
      { admin: { port: 65_536 }, Expected: RangeError, says: '65536 as option "port"' },
      { admin: { port: "9000" }, Expected: TypeError, says: '"9000" as option "port"' },
      { admin: { hostname: "" }, Expected: TypeError, says: 'option "hostname"' },
      { admin: { host: "::1" }, Expected: TypeError, says: 'Unknown option "host"' },
    ];
    for (const { admin, Expected, says } of bad) {
      const { message } = assertThrows(() => resolveRunOptions({ admin }), Expected);
      assertStringIncludes(message, says);
      assertStringIncludes(message, 'option "admin" of run()');
    }
  });

  it("cannot be on the server's own port", () => {
    const { message } = assertThrows(
      () => resolveRunOptions({ port: 9_000, admin: { port: 9_000 } }),
      TypeError,
    );
    assertStringIncludes(message, '"admin"');
    resolveRunOptions({ port: 0, admin: { port: 0 } });
    resolveRunOptions({ path: "/run/app.{n}.sock", admin: { port: 8_000 } });
    resolveRunOptions({ hostname: "192.0.2.1", port: 9_000, admin: { port: 9_000 } });
  });
});
