// The limits that programs set on an `http.Server`, as options of this server.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import http from "node:http";
import type { NodeServer } from "../../../src/takeover/node_http/node_types.ts";
import { readLimits } from "../../../src/takeover/node_http/server_limits.ts";

function limitsOf(change: (server: http.Server) => void): Record<string, unknown> {
  const server = http.createServer();
  change(server);
  const defaults = http.createServer() as unknown as NodeServer;
  return { ...readLimits(server as unknown as NodeServer, defaults) };
}

describe("readLimits()", () => {
  it("leaves what the program has not changed", () => {
    assertEquals(limitsOf(() => {}), {});
  });

  it("has the limits that the program has set, which it may set after it listens", () => {
    const limits = limitsOf((server) => {
      server.keepAliveTimeout = 65_000;
      server.headersTimeout = 66_000;
      server.maxHeadersCount = 50;
    });
    assertEquals(limits, { keepAliveTimeout: 65_000, headTimeout: 66_000, maxHeaderCount: 50 });
  });

  it("has a time of 0, which is none, and no count of 0", () => {
    const limits = limitsOf((server) => {
      server.keepAliveTimeout = 0;
      server.maxHeadersCount = 0;
    });
    assertEquals(limits, { keepAliveTimeout: 0 });
  });
});
