import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Handler } from "../../src/handler/handler.ts";
import { Router } from "../../src/routing/router.ts";
import { type SideServer, SideServers } from "../../src/worker/side_servers.ts";

/** A server that listens nowhere. */
function makeServer(): SideServer {
  const router = new Router<Handler>((segment) => segment);
  return { listener: {} as Deno.TcpListener, isQueueShared: false, router };
}

describe("SideServers", () => {
  it("attend() is called with servers that came before, and with those that come later", () => {
    const servers = [makeServer(), makeServer(), makeServer()];
    const sides = new SideServers();
    sides.add(servers[0]);
    sides.add(servers[1]);
    const served: SideServer[] = [];
    sides.attend((server) => served.push(server));
    assertEquals(served, servers.slice(0, 2));
    sides.add(servers[2]);
    assertEquals(served, servers);
  });
});
