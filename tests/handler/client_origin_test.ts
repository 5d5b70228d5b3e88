// Which client a request is from, by its connection and by what trusted front ends report. forwarded_test.ts has how the fields
// are read.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  clientHostname,
  conflictError,
  createPeer,
  originOf,
  type PeerSettings,
} from "../../src/handler/client_origin.ts";
import type { Fields } from "../../src/handler/forwarded.ts";
import { AddressRanges, parseRange } from "../../src/net/address_ranges.ts";

function trusting(text: string): AddressRanges {
  const outcome = parseRange(text);
  if (outcome.kind !== "range") throw new Error(text);
  return new AddressRanges([outcome.range]);
}

const TRUST = trusting("192.0.2.0/24");

const SETTINGS: PeerSettings = {
  trustProxy: TRUST,
  forwardedBy: "x-forwarded",
  maxBodyBytes: 1_000,
  decodeRequestBodies: false,
};

const FRONT_END = createPeer(
  { transport: "tcp", hostname: "192.0.2.1", port: 4321 },
  "http",
  { ...SETTINGS, forwardedBy: undefined },
);

function fields(values: Readonly<Record<string, string>>): Fields {
  return { header: (name) => values[name.toLowerCase()] ?? null };
}

describe("createPeer()", () => {
  const addresses: [
    what: string,
    address: Deno.Addr | undefined,
    hostname: string,
    port: number,
  ][] = [
    ["an IPv4 address", { transport: "tcp", hostname: "192.0.2.1", port: 1 }, "192.0.2.1", 1],
    [
      "an IPv4 address on a socket for both families",
      { transport: "tcp", hostname: "::ffff:192.0.2.1", port: 2 },
      "192.0.2.1",
      2,
    ],
    ["an IPv6 address", { transport: "tcp", hostname: "2001:db8::1", port: 3 }, "2001:db8::1", 3],
    ["a Unix socket", { transport: "unix", path: "/run/app.sock" }, "127.0.0.1", 0],
    ["no address", undefined, "127.0.0.1", 0],
  ];
  for (const [what, address, hostname, port] of addresses) {
    it(`names ${what} as ${hostname}:${port}`, () => {
      const peer = createPeer(address, "http", SETTINGS);
      assertEquals(peer.addr, { transport: "tcp", hostname, port });
    });
  }

  it("trusts the front ends of the options at every socket, and at no address nothing", () => {
    const settings = [SETTINGS, { ...SETTINGS, trustProxy: undefined }];
    const trusted = (address: Deno.Addr | undefined) =>
      settings.map((each) => createPeer(address, "http", each).trust);
    assertEquals(trusted({ transport: "tcp", hostname: "::1", port: 1 }), [TRUST, undefined]);
    assertEquals(trusted({ transport: "unix", path: "/a" }), [TRUST, undefined]);
    assertEquals(trusted(undefined), [undefined, undefined]);
  });

  it("limits decoded bodies to maxBodyBytes, where bodies are decoded", () => {
    assertEquals(createPeer(undefined, "http", SETTINGS).maxDecodedBytes, undefined);
    const settings = { ...SETTINGS, decodeRequestBodies: true };
    assertEquals(createPeer(undefined, "http", settings).maxDecodedBytes, 1_000);
  });
});

const CONFLICT = { "x-forwarded-for": "198.51.100.7", "forwarded": "for=198.51.100.8" };

describe("originOf()", () => {
  it("has the client, the scheme and the host that a trusted front end reports", () => {
    const origin = originOf(
      fields({
        "x-forwarded-for": "203.0.113.9, 198.51.100.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "example.com",
      }),
      FRONT_END,
      TRUST,
    );
    assertEquals(origin, {
      clientAddr: { transport: "tcp", hostname: "198.51.100.7", port: 0 },
      scheme: "https",
      host: "example.com",
      conflict: undefined,
    });
  });

  it("has the connection's own address and scheme where the front end reports nothing", () => {
    const origin = originOf(fields({}), FRONT_END, TRUST);
    const { addr: clientAddr, scheme } = FRONT_END;
    assertEquals(origin, { clientAddr, scheme, host: undefined, conflict: undefined });
  });

  it("has the connection's own address, and names the fields, where they name two clients", () => {
    const origin = originOf(fields(CONFLICT), FRONT_END, TRUST);
    assertEquals(origin.clientAddr, FRONT_END.addr);
    assertEquals([origin.scheme, origin.host], ["http", undefined]);
    assertEquals(origin.conflict?.toSorted(), ["Forwarded", "X-Forwarded-For"]);
  });
});

describe("clientHostname()", () => {
  it("is the client that a trusted front end reports, and else the peer", () => {
    const reported = fields({ "x-forwarded-for": "198.51.100.7" });
    assertEquals(clientHostname(reported, FRONT_END), "198.51.100.7");
    assertEquals(clientHostname(fields({}), FRONT_END), "192.0.2.1");
    assertEquals(clientHostname(fields(CONFLICT), FRONT_END), "192.0.2.1");
    assertEquals(clientHostname(reported, { ...FRONT_END, trust: undefined }), "192.0.2.1");
  });
});

describe("conflictError()", () => {
  it("is a 400 that names the fields and what to do", () => {
    const { status, message } = conflictError(["Forwarded", "X-Forwarded-For"]);
    assertEquals(status, 400);
    assertEquals(
      /^The request has Forwarded and X-Forwarded-For, .*forwardedBy/.test(message),
      true,
    );
  });
});
