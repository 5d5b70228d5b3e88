import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type RunOptions, WebServer, type WebServerOptions } from "../../mod.ts";
import { AddressRanges, parseAddress } from "../../src/net/address_ranges.ts";
import {
  accessLogFormat,
  environmentVariable,
  type OptionTable,
  overrideRunOptions,
  overrideServerSettings,
  resolveOptions,
  resolveRunOptions,
  resolveServerOptions,
  resolveWorkerCount,
} from "../../src/options/run_options.ts";
import { canUseVariable } from "../support/permissions.ts";

interface OptionCase {
  name: string;
  default: unknown;
  good: unknown[];
  bad: unknown[];
  /** Other options that it cannot be without. */
  goesWith?: Record<string, unknown>;
  /** Whether this is made of a value that fits, where the value is not kept as it is. */
  kept?: (resolved: unknown) => boolean;
}

const notNumbers = ["8", true, null, {}, [], 8n];
const times = {
  good: [0, 1, 0.5, 60_000, 2 ** 31 - 1],
  bad: [-1, 2 ** 31, NaN, Infinity, -Infinity, ...notNumbers],
};
/** A limit of 0 would let nothing through. */
const limits = { good: [64, 1_000_000], bad: [0, -1, 0.5, NaN, Infinity, ...notNumbers] };
/** Of these, 0 means something: no body at all, or that it is off. */
const sizes = { good: [0, 1, 1_000_000], bad: [-1, 0.5, NaN, Infinity, ...notNumbers] };

const serverOptions: OptionCase[] = [
  { name: "maxTargetBytes", default: 8 * 1_024, ...limits },
  { name: "maxHeadBytes", default: 16 * 1_024, ...limits },
  { name: "maxHeaderCount", default: 100, ...limits },
  { name: "maxBodyBytes", default: 1_000_000, ...sizes },
  {
    name: "decodeRequestBodies",
    default: true,
    good: [true, false],
    bad: ["", "true", "gzip", null, 0, 1, ["gzip"], {}],
  },
  { name: "headTimeout", default: 10_000, ...times },
  { name: "bodyTimeout", default: 30_000, ...times },
  { name: "lingerReadTimeout", default: 5_000, ...times },
  { name: "lingerTimeout", default: 30_000, ...times },
  { name: "keepAliveTimeout", default: 75_000, ...times },
  { name: "announceKeepAlive", default: false, good: [true, false], bad: ["", "true", 1, null] },
  { name: "writeTimeout", default: 30_000, ...times },
  { name: "handlerTimeout", default: 0, ...times },
  { name: "maxConnections", default: 10_000, ...limits },
  {
    name: "onPanic",
    default: "replace",
    good: ["replace", "keep"],
    bad: ["", "Replace", "kill", null, true, 0, ["keep"], () => {}],
  },
  {
    name: "accessLog",
    default: "text",
    good: ["text", "json", "off"],
    bad: ["", "xml", null, false, 0],
  },
  {
    name: "accessLogExclude",
    default: [],
    good: [[], ["/healthz", "/"]],
    bad: ["/healthz", ["healthz"], [1], null, {}],
  },
  {
    name: "trustProxy",
    default: undefined,
    good: ["loopback", [], ["loopback"], ["10.0.0.0/8", "::1", "fd00::/8", "192.0.2.1"]],
    bad: ["", "Loopback", "10.0.0.0/8", "*", true, null, 1, {}, [7], [null], [["::1"]]],
    kept: (resolved) => resolved instanceof AddressRanges,
  },
  {
    name: "forwardedBy",
    default: undefined,
    good: ["forwarded", "x-forwarded"],
    bad: ["", "Forwarded", "x", "both", null, true, ["forwarded"]],
  },
];

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
  { name: "startTimeout", default: 30_000, ...times },
  { name: "shutdownDelay", default: 0, ...times },
  { name: "maxRequestsPerWorker", default: 0, ...sizes },
  { name: "maxAgePerWorker", default: 0, ...times },
  { name: "maxHeapBytesPerWorker", default: 0, ...sizes },
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

const tables = [
  { where: "new WebServer()", resolve: resolveServerOptions, cases: serverOptions },
  { where: "run()", resolve: resolveRunOptions, cases: runOptions },
] as const;

for (const { where, resolve, cases } of tables) {
  /** Resolves one option and gives what has become of it. */
  const resolvedWith = (name: string, value: unknown, others: Record<string, unknown>): unknown =>
    (resolve({ ...others, [name]: value }) as unknown as Record<string, unknown>)[name];

  for (const { name, default: byDefault, good, bad, goesWith = {}, kept } of cases) {
    const resolved = (name: string, value: unknown) => resolvedWith(name, value, goesWith);
    const isNumber = typeof good[0] === "number";
    describe(`The option ${name} of ${where}`, () => {
      it(`is ${byDefault} by default, and when it is undefined`, () => {
        assertEquals((resolve({}) as unknown as Record<string, unknown>)[name], byDefault);
        assertEquals(resolved(name, undefined), byDefault);
      });

      it("keeps each value that fits", () => {
        for (const value of good) {
          if (kept === undefined) assertEquals(resolved(name, value), value);
          else assert(kept(resolved(name, value)), show(value));
        }
      });

      for (const value of bad) {
        it(`cannot be ${typeof value} ${show(value)}`, () => {
          const isOutOfRange = isNumber && typeof value === "number";
          const Expected = isOutOfRange ? RangeError : TypeError;
          const { message } = assertThrows(() => resolved(name, value), Expected);
          assertStringIncludes(message, `"${name}"`, "which option");
          assertStringIncludes(message, where, "of what");
          assertStringIncludes(message, show(value), "what was got");
          assertStringIncludes(message, "expected", "what was expected");
        });
      }
    });
  }

  describe(`The options of ${where}`, () => {
    it("are these, each with its value", () => {
      assertEquals(Object.keys(resolve({})).toSorted(), cases.map(({ name }) => name).toSorted());
    });

    for (
      const name of ["threads", "Port", "maxBodyByte", "", "toString", "constructor", "__proto__"]
    ) {
      it(`have none by the name of ${JSON.stringify(name)}, which the message shows beside those that there are`, () => {
        const options = Object.fromEntries([[name, 1]]);
        const { message } = assertThrows(() => resolve(options), TypeError);
        assertStringIncludes(message, JSON.stringify(name));
        for (const known of cases) assertStringIncludes(message, known.name);
      });
    }

    for (const value of [null, 7, "options", true]) {
      it(`cannot be ${show(value)}`, () => {
        assertThrows(() => resolve(value as unknown as object), TypeError, show(value));
      });
    }
  });
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

describe("The option trustProxy of new WebServer()", () => {
  const isTrusted = (trustProxy: WebServerOptions["trustProxy"], text: string) => {
    const address = parseAddress(text);
    assert(address !== undefined);
    return resolveServerOptions({ trustProxy }).trustProxy?.includes(address);
  };

  it('means 127.0.0.0/8 and ::1 by "loopback", alone and in a list', () => {
    for (const value of ["loopback", ["loopback"], ["192.0.2.1", "loopback"]] as const) {
      for (const text of ["127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1"]) {
        assertEquals(isTrusted(value, text), true, text);
      }
      for (const text of ["128.0.0.1", "126.255.255.255", "::2", "::", "10.0.0.1"]) {
        assertEquals(isTrusted(value, text), false, text);
      }
    }
  });

  it("trusts each range of a list, and nobody where the list is empty", () => {
    assertEquals(isTrusted(["10.0.0.0/8", "fd00::/8"], "10.200.0.1"), true);
    assertEquals(isTrusted(["10.0.0.0/8", "fd00::/8"], "fd12::1"), true);
    assertEquals(isTrusted(["10.0.0.0/8", "fd00::/8"], "127.0.0.1"), false);
    assertEquals(isTrusted([], "127.0.0.1"), false);
  });

  const wrongEntries = [
    { entry: "10.0.0.1/8", says: 'the range is "10.0.0.0/8", the address alone "10.0.0.1"' },
    { entry: "10.0.0.0/33", says: "number of bits from 0 to 32" },
    { entry: "10.0.0.0/", says: "number of bits" },
    { entry: "fd00::/129", says: "number of bits from 0 to 128" },
    { entry: "nginx.internal", says: "neither an IP address nor a range" },
    { entry: "10.0.0.0-10.0.0.9", says: "neither an IP address nor a range" },
    { entry: "", says: "neither an IP address nor a range" },
  ];
  for (const { entry, says } of wrongEntries) {
    it(`quotes ${JSON.stringify(entry)} out of a list, and says what is wrong with it`, () => {
      const trustProxy = ["loopback", "192.0.2.0/24", entry];
      const { message } = assertThrows(() => new WebServer({ trustProxy }), TypeError);
      const [, reason] = message.split("; ");
      assertStringIncludes(reason, JSON.stringify(entry));
      assertStringIncludes(message, says);
      assertStringIncludes(message, '["loopback", "192.0.2.0/24", ', "the whole list");
    });
  }
});

describe("overrideServerSettings()", () => {
  it("lets what is given win, checked and read as an option of the server is", () => {
    const settings = resolveServerOptions({ maxBodyBytes: 1, onPanic: "keep" });
    const given = { maxBodyBytes: 2, trustProxy: "loopback", accessLog: undefined } as const;
    const overridden = overrideServerSettings(settings, given);
    assert(overridden.trustProxy instanceof AddressRanges);
    assertEquals({ ...overridden, trustProxy: undefined }, { ...settings, maxBodyBytes: 2 });
    assertEquals(overrideServerSettings(settings, {}), settings);
    assertThrows(() => overrideServerSettings(settings, { maxBodyBytes: -1 }), RangeError);
  });
});

describe("new WebServer()", () => {
  it("checks its options", () => {
    assertThrows(() => new WebServer({ maxBodyBytes: -1 }), RangeError, "maxBodyBytes");
    const misspelt = { maxBodyByte: 1 } as WebServerOptions;
    assertThrows(() => new WebServer(misspelt), TypeError, "maxBodyByte");
  });

  it("reads its options once: what becomes of them later does not matter", async () => {
    const options = { maxBodyBytes: 1 };
    const server = new WebServer(options);
    server.addPath("/", () => new Response());
    options.maxBodyBytes = 1_000;
    const { status } = await server.fetch(
      new Request("http://localhost/", { method: "POST", body: "abc" }),
    );
    assertEquals(status, 413);
  });
});

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

describe("A group of options", () => {
  const table: OptionTable = {
    admin: {
      default: undefined,
      expect: (value) => typeof value === "object" ? undefined : "an object",
      summary: "",
      form: {
        kind: "group",
        members: {
          port: {
            default: 9000,
            expect: (value) => typeof value === "number" && value > 0 ? undefined : "a port",
            form: { kind: "number", unit: "number" },
            summary: "",
          },
          hostname: {
            default: "127.0.0.1",
            expect: (value) => typeof value === "string" ? undefined : "an address",
            form: { kind: "text", what: "address" },
            summary: "",
          },
        },
      },
    },
  };

  it("is checked member by member, each with its default", () => {
    assertEquals(resolveOptions("run()", {}, table), { admin: undefined });
    assertEquals(resolveOptions("run()", { admin: { port: 1 } }, table), {
      admin: { port: 1, hostname: "127.0.0.1" },
    });
  });

  const bad = [
    { admin: 7, Expected: TypeError, says: 'Cannot use 7 as option "admin" of run()' },
    { admin: { port: 0 }, Expected: RangeError, says: 'option "port" of option "admin" of run()' },
    { admin: { prot: 1 }, Expected: TypeError, says: 'Unknown option "prot" of option "admin"' },
  ];
  for (const { admin, Expected, says } of bad) {
    it(`cannot be ${JSON.stringify(admin)}`, () => {
      assertThrows(() => resolveOptions("run()", { admin }, table), Expected, says);
    });
  }
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

/** Calls `body` with these variables set, or unset where they are undefined, and puts back what was there. */
function withEnvironment<Result>(
  variables: Record<string, string | undefined>,
  body: () => Result,
): Result {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name, value] of Object.entries(variables)) setVariable(name, value);
    return body();
  } finally {
    for (const [name, value] of before) setVariable(name, value);
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) Deno.env.delete(name);
  else Deno.env.set(name, value);
}

const canSetThreads = canUseVariable("MUDPIE_THREADS") && canUseVariable("WEB_CONCURRENCY");

describe("The number of workers", { ignore: !canSetThreads }, () => {
  const count = (threads?: string, concurrency?: string, options: RunOptions = {}) =>
    withEnvironment(
      { MUDPIE_THREADS: threads, WEB_CONCURRENCY: concurrency },
      () => resolveWorkerCount(resolveRunOptions(options)),
    );

  it("is the option's, whatever the environment says", () => {
    const { workers, source } = count("3", "5", { workers: 7 });
    assertEquals(workers, 7);
    assertStringIncludes(source, "run()");
  });

  it("is else that of MUDPIE_THREADS, and the source says so", () => {
    const { workers, source } = count("3", "5");
    assertEquals(workers, 3);
    assertStringIncludes(source, "MUDPIE_THREADS");
  });

  it("is else that of WEB_CONCURRENCY, and the source says so", () => {
    for (const unset of [undefined, ""]) {
      const { workers, source } = count(unset, "5");
      assertEquals(workers, 5);
      assertStringIncludes(source, "WEB_CONCURRENCY");
    }
  });

  it("is else that of the machine's cores, and the source says so", () => {
    const { workers, source } = count();
    assertEquals(workers, navigator.hardwareConcurrency);
    assertStringIncludes(source, "core");
  });

  for (const text of ["0", "-1", "1.5", "four", "1025", "4 threads", "NaN", "Infinity"]) {
    it(`cannot be ${JSON.stringify(text)}: an error names the variable, and what it says`, () => {
      for (const name of ["MUDPIE_THREADS", "WEB_CONCURRENCY"]) {
        const fail = () => name === "MUDPIE_THREADS" ? count(text, "2") : count(undefined, text);
        const { message } = assertThrows(fail, RangeError);
        for (const part of [name, JSON.stringify(text), "1 to 1024"]) {
          assertStringIncludes(message, part);
        }
      }
    });
  }

  it("does not ask the environment where the option is there", () => {
    assertEquals(count("none", "none", { workers: 2 }).workers, 2);
  });
});

describe("The number of workers, where the environment may not be read,", {
  ignore: canSetThreads,
}, () => {
  it("is that of the machine's cores, and nobody is asked", () => {
    const { workers } = resolveWorkerCount(resolveRunOptions({}));
    assertGreater(workers, 0);
    assertEquals(workers, navigator.hardwareConcurrency);
  });
});

describe("The log of requests", () => {
  it("is on by default, and off where the option says so", () => {
    if (environmentVariable("MUDPIE_LOGGING") === undefined) {
      assertEquals(accessLogFormat(resolveServerOptions({})), "text");
    }
    assertEquals(accessLogFormat(resolveServerOptions({ accessLog: "off" })), "off");
  });

  const cases = [
    { value: undefined, format: "json" },
    { value: "0", format: "off" },
    { value: "1", format: "json" },
    { value: "", format: "json" },
  ];
  for (const { value, format } of cases) {
    it(`is ${format === "off" ? "off" : "on"} where MUDPIE_LOGGING is ${JSON.stringify(value)}`, {
      ignore: !canUseVariable("MUDPIE_LOGGING"),
    }, () => {
      withEnvironment({ MUDPIE_LOGGING: value }, () => {
        assertEquals(accessLogFormat(resolveServerOptions({ accessLog: "json" })), format);
        // The environment can only turn it off.
        assertEquals(accessLogFormat(resolveServerOptions({ accessLog: "off" })), "off");
      });
    });
  }
});
