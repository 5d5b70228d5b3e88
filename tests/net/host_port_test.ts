// The text of a host and a port.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { formatHostPort, httpOrigin } from "../../src/net/host_port.ts";

describe("formatHostPort()", () => {
  const cases: [hostname: string, port: number, text: string][] = [
    ["127.0.0.1", 8000, "127.0.0.1:8000"],
    ["localhost", 80, "localhost:80"],
    ["::1", 8000, "[::1]:8000"],
    ["[::1]", 8000, "[::1]:8000"],
  ];
  for (const [hostname, port, text] of cases) {
    it(`returns ${text} for ${hostname} and ${port}`, () => {
      assertEquals(formatHostPort(hostname, port), text);
    });
  }
});

describe("httpOrigin()", () => {
  it("returns the scheme, the host and the port, with brackets around an IPv6 address", () => {
    assertEquals(httpOrigin("127.0.0.1", 8000), "http://127.0.0.1:8000");
    assertEquals(httpOrigin("::1", 80), "http://[::1]:80");
  });
});
