// The conventions of platforms: which variable counts when, as tables.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  fillAddress,
  type NamedAddress,
  readServeAddress,
} from "../../src/cli/platform_address.ts";

type Variables = Readonly<Record<string, string>>;

describe("readServeAddress()", () => {
  const addresses = [
    { text: "tcp:127.0.0.1:80", options: { hostname: "127.0.0.1", port: 80 } },
    { text: "tcp:[::1]:0", options: { hostname: "::1", port: 0 } },
    { text: "unix:/run/a.sock", options: { path: "/run/a.sock" } },
    { text: "", options: {} },
  ];
  for (const { text, options } of addresses) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assertEquals(readServeAddress(() => text), { kind: "options", options });
    });
  }

  for (const text of ["8000", "tcp:localhost", "tcp:a:70000", "vsock:1:2", "unix:"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assertEquals(readServeAddress(() => text), {
        kind: "refused",
        reason:
          `Cannot use "${text}" as environment variable DENO_SERVE_ADDRESS: expected tcp:host:port or unix:path`,
      });
    });
  }
});

describe("fillAddress()", () => {
  const call: NamedAddress = { coded: {}, winning: {}, servedBy: "Deno.serve()" };
  const run: NamedAddress = { coded: {}, winning: {}, servedBy: "run()" };
  const cases: readonly {
    what: string;
    named: NamedAddress;
    variables: Variables;
    options: object;
  }[] = [
    {
      what: "the hostname of Deno.serve",
      named: call,
      variables: {},
      options: { hostname: "0.0.0.0", port: undefined },
    },
    {
      what: "both families of every interface, for http.Server.listen()",
      named: { ...call, servedBy: "http.Server.listen()" },
      variables: { PORT: "3000" },
      options: { hostname: "::", port: 3000 },
    },
    {
      what: "nothing for run()",
      named: run,
      variables: {},
      options: { hostname: undefined, port: undefined },
    },
    {
      what: "PORT, on every interface",
      named: run,
      variables: { PORT: "3000" },
      options: { hostname: "0.0.0.0", port: 3000 },
    },
    {
      what: "PORT beside a hostname of the program",
      named: { ...run, coded: { hostname: "127.0.0.1" } },
      variables: { PORT: "3000", HOST: "::1" },
      options: { port: 3000 },
    },
    {
      what: "no PORT where the program names one",
      named: { ...run, coded: { port: 80 } },
      variables: { PORT: "3000" },
      options: { hostname: undefined, port: undefined },
    },
    {
      what: "no PORT where a flag names one, although it is wrong",
      named: { ...run, winning: { port: 80 } },
      variables: { PORT: "http" },
      options: { hostname: undefined, port: undefined },
    },
    ...["127.0.0.1", "::1", "localhost"].map((HOST) => ({
      what: `HOST ${HOST}`,
      named: call,
      variables: { HOST },
      options: { hostname: HOST, port: undefined },
    })),
    {
      what: "nothing for a Unix socket",
      named: { ...call, coded: { path: "/run/a.sock" } },
      variables: { PORT: "3000", HOST: "::1" },
      options: {},
    },
    {
      what: "a hostname for a port that wins over a Unix socket",
      named: { ...call, coded: { path: "/run/a.sock" }, winning: { port: 1 } },
      variables: {},
      options: { hostname: "0.0.0.0", port: undefined },
    },
  ];
  for (const { what, named, variables, options } of cases) {
    it(`returns ${what}`, () => {
      const filled = fillAddress(named, (name) => variables[name], () => "::");
      assertEquals(filled.kind === "options" && filled.options, options);
      assertEquals(filled.kind === "options" && filled.notice, undefined);
    });
  }

  it("ignores HOST if it is the name of a machine, and says so", () => {
    const filled = fillAddress(
      call,
      (name) => ({ HOST: "build-7" } as Variables)[name],
      () => "::",
    );
    assertEquals(filled, {
      kind: "options",
      options: { hostname: "0.0.0.0", port: undefined },
      isPortOfPlatform: false,
      notice: 'HOST is "build-7", neither an IP address nor localhost: ignored',
    });
  });

  it("refuses a PORT that is none", () => {
    assertEquals(fillAddress(run, (name) => ({ PORT: "http" } as Variables)[name], () => "::"), {
      kind: "refused",
      reason:
        'Cannot use "http" as environment variable PORT: expected a whole number from 0 to 65535',
    });
  });
});
