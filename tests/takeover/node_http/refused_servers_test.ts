import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import {
  type NodeNet,
  refuseOtherServers,
} from "../../../src/takeover/node_http/refused_servers.ts";
import type { NodeHttp } from "../../../src/takeover/node_http/node_types.ts";

/** Calls `use` while `listen` of `node:net` is replaced, over one that only notes its calls. */
function withRefusal(use: (listened: unknown[]) => void): void {
  const { prototype } = net.Server;
  const original = Object.getOwnPropertyDescriptor(prototype, "listen")!;
  const listened: unknown[] = [];
  prototype.listen = function (this: net.Server, ...given: unknown[]) {
    listened.push(given[0]);
    return this;
  } as typeof prototype.listen;
  refuseOtherServers(net as unknown as NodeNet, http as unknown as NodeHttp);
  try {
    use(listened);
  } finally {
    Object.defineProperty(prototype, "listen", original);
  }
}

describe("refuseOtherServers()", () => {
  const refused:
    readonly (readonly [call: string, make: () => { listen(port: number): unknown }])[] = [
      ["https.createServer", () => https.createServer({})],
      ["http2.createServer", () => http2.createServer()],
      ["http2.createSecureServer", () => http2.createSecureServer({})],
    ];
  for (const [call, make] of refused) {
    it(`refuses to listen with a server of ${call}(), and says what to do`, () => {
      withRefusal((listened) => {
        assertThrows(
          () => make().listen(8443),
          TypeError,
          `A server of ${call}() cannot listen here: leave TLS and HTTP/2 to a front end such as nginx, ` +
            "and listen with a server of http.createServer()",
        );
        assertEquals(listened, []);
      });
    });
  }

  it("leaves all other servers as they are", () => {
    withRefusal((listened) => {
      net.createServer().listen(1);
      new http.Server().listen(2);
      assertEquals(listened.length, 2);
    });
  });
});
