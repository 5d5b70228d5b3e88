// The time that a request has waited at a front end, by X-Request-Start.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createPeer, type Peer } from "../../src/handler/client_origin.ts";
import { parseRequestStart, queueTimeOf } from "../../src/handler/queue_time.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";

const START = 1_764_558_000_123;

describe("parseRequestStart()", () => {
  const times: [what: string, value: string, ms: number][] = [
    ["seconds with a fraction, as nginx writes them", "t=1764558000.123", START],
    ["seconds without t=", "1764558000.123", START],
    ["whole seconds", "t=1764558000", 1_764_558_000_000],
    ["milliseconds, as Heroku writes them", "1764558000123", START],
    ["milliseconds with t=, as HAProxy writes them", "t=1764558000123", START],
    ["microseconds, as Apache writes them", "t=1764558000123456", 1_764_558_000_123.456],
    ["nanoseconds", "1764558000123456789", 1_764_558_000_123.457],
    ["the value of the nearest front end", "t=1764550000.000, t=1764558000.123", START],
    ["a value with white space around it", " t=1764558000.123 ", START],
  ];
  for (const [what, value, ms] of times) {
    it(`parseRequestStart() reads ${what}`, () => {
      assertAlmostEquals(parseRequestStart(value) ?? NaN, ms, 1e-2);
    });
  }

  for (
    const value of ["", "t=", "now", "t=-1764558000", "1e12", "t=0x1f", "0", "12345678", "t=1.2.3"]
      .concat("t=1764558000.123,", "9".repeat(21), "NaN", "Infinity", "t=t=1764558000")
  ) {
    it(`parseRequestStart() returns undefined for ${JSON.stringify(value)}`, () => {
      assertEquals(parseRequestStart(value), undefined);
    });
  }
});

function peerAt(hostname: string, trustProxy?: "loopback" | readonly string[]): Peer {
  return createPeer(
    { transport: "tcp", hostname, port: 1 },
    "http",
    resolveServerOptions({ trustProxy }),
  );
}

function queued(value: string | null, now: number, peer = peerAt("127.0.0.1", "loopback")) {
  const header = (name: string) => name === "x-request-start" ? value : null;
  return queueTimeOf({ header }, peer, now);
}

describe("queueTimeOf()", () => {
  it("queueTimeOf() returns for how long the request has waited", () => {
    assertEquals(queued(`${START}`, START + 250), 250);
    assertEquals(queued(`${START}`, START), 0);
  });

  it("queueTimeOf() returns undefined if there is no field", () => {
    assertEquals(queued(null, START), undefined);
  });

  for (const trust of [undefined, ["192.0.2.0/24"]]) {
    it(`queueTimeOf() believes no peer beyond trustProxy ${JSON.stringify(trust)}`, () => {
      assertEquals(queued(`${START}`, START + 1, peerAt("127.0.0.1", trust)), undefined);
    });
  }

  it("queueTimeOf() believes a trusted peer, also one with an IPv4 address in IPv6", () => {
    const peer = peerAt("::ffff:192.0.2.1", ["192.0.2.0/24"]);
    assertEquals(queued(`${START}`, START + 1, peer), 1);
  });

  const bounds: [what: string, waited: number, expected: number | undefined][] = [
    ["0 if the front end's clock is a little ahead", -5_000, 0],
    ["undefined if the front end's clock is far ahead", -5_001, undefined],
    ["a wait of ten minutes", 600_000, 600_000],
    ["undefined for a longer wait", 600_001, undefined],
  ];
  for (const [what, waited, expected] of bounds) {
    it(`queueTimeOf() returns ${what}`, () => {
      assertEquals(queued(`${START}`, START + waited), expected);
    });
  }
});
