import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { WebServer, type WebServerOptions } from "../../mod.ts";
import { AddressRanges, parseAddress } from "../../src/net/address_ranges.ts";
import {
  accessLogFormat,
  overrideServerSettings,
  resolveServerOptions,
} from "../../src/options/server_options.ts";
import { environmentVariable } from "../../src/runtime/environment.ts";
import { canUseVariable } from "../support/permissions.ts";
import { withEnvironment } from "../support/environment_variables.ts";
import { describeOptions, limits, type OptionCase, sizes, times } from "./option_cases.ts";

const serverOptions: OptionCase[] = [
  { name: "maxTargetBytes", default: 8 * 1_024, ...limits },
  { name: "maxHeadBytes", default: 16 * 1_024, ...limits },
  { name: "maxHeaderCount", default: 100, ...limits },
  { name: "maxBodyBytes", default: 1_000_000, ...sizes },
  { name: "maxStreamedBodyBytes", default: 100_000_000, ...sizes },
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
  { name: "maxMessageBytes", default: 16 * 1_024 * 1_024, ...limits },
  { name: "maxMessageFragments", default: 65_536, ...limits },
  { name: "maxBufferedBytes", default: 16 * 1_024 * 1_024, ...limits },
  { name: "maxWebSockets", default: 9_000, ...sizes },
  { name: "pingInterval", default: 30_000, ...times },
  { name: "pongTimeout", default: 30_000, ...times },
  {
    name: "allowedOrigins",
    default: undefined,
    good: ["any", [], ["https://a.example", "http://localhost:3000"]],
    bad: [
      "",
      "same",
      "https://a.example",
      ["a.example"],
      ["https://a.example/"],
      ["null"],
      [1],
      null,
      true,
      {},
    ],
  },
  { name: "compressMessages", default: false, good: [true, false], bad: ["", "true", 1, null] },
  { name: "keepAliveTimeout", default: 75_000, ...times },
  { name: "announceKeepAlive", default: false, good: [true, false], bad: ["", "true", 1, null] },
  { name: "writeTimeout", default: 30_000, ...times },
  { name: "handlerTimeout", default: 0, ...times },
  { name: "maxConnections", default: 10_000, ...limits },
  { name: "maxRequestsInFlight", default: 0, ...sizes },
  { name: "maxEventLoopLag", default: 0, ...times },
  {
    name: "healthPaths",
    default: ["/health", "/healthz", "/livez", "/readyz"],
    good: [[], ["/"], ["/up", "/ready"]],
    bad: ["", "/up", ["up"], [1], null, true, {}],
  },
  {
    name: "onPanic",
    default: "replace",
    good: ["replace", "keep"],
    bad: ["", "Replace", "kill", null, true, 0, ["keep"], () => {}],
  },
  {
    name: "errorFormat",
    default: "text",
    good: ["text", "problem"],
    bad: ["", "json", null, true, 0],
  },
  {
    name: "onErrorResponse",
    default: undefined,
    good: [() => undefined],
    bad: ["", {}, null, 7],
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

describeOptions("new WebServer()", resolveServerOptions, serverOptions);

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
