// Addresses of further servers, on ports of this machine: what one worker asks for, and what the others get.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SideAddresses } from "../../src/supervisor/side_addresses.ts";
import { canUseNetwork } from "../support/permissions.ts";
import { freePort } from "../support/servers/free_port.ts";

const HOSTNAME = "127.0.0.1";

function make(ownPort = 0) {
  const urls: string[] = [];
  const addresses = new SideAddresses({
    listen: "shared",
    backlog: 511,
    own: { hostname: "127.0.0.1", port: ownPort },
    onReserved: (url) => urls.push(url),
  });
  const ask = (worker: number, call: number, port: number) => {
    const result = addresses.reserve(worker, { call, hostname: HOSTNAME, port });
    return result.kind === "reserved" ? result.port?.port : result.name;
  };
  return { addresses, urls, ask };
}

describe("SideAddresses", { ignore: !canUseNetwork }, () => {
  it("reserve() gives all workers the port that they name, and reports the address once", () => {
    const { addresses, urls, ask } = make();
    const port = freePort();
    assertEquals([ask(1, 1, port), ask(2, 1, port), ask(3, 2, port)], [port, port, port]);
    assertEquals(urls, [`http://${HOSTNAME}:${port}`]);
    addresses.release();
  });

  it("reserve() gives all workers one port for each call that asks for any", () => {
    const { addresses, ask } = make();
    const first = ask(1, 1, 0);
    const second = ask(1, 2, 0);
    assert(typeof first === "number" && first > 0);
    assertNotEquals(first, second);
    assertEquals([ask(2, 1, 0), ask(2, 2, 0)], [first, second]);
    addresses.release();
  });

  it("reserve() refuses a port that the program has already, or that is in use", () => {
    const own = freePort();
    const { addresses, ask } = make(own);
    const port = freePort();
    assertEquals(ask(1, 1, own), "AddrInUse");
    assertEquals([ask(1, 1, port), ask(1, 2, port)], [port, "AddrInUse"]);
    using taken = Deno.listen({ hostname: HOSTNAME, port: 0 });
    assertEquals(ask(1, 3, taken.addr.port), "AddrInUse");
    addresses.release();
  });

  it("reserve() gives the port of the fleet at another address, unless that stands for all of them", () => {
    const own = freePort();
    const { addresses } = make(own);
    const at = (call: number, hostname: string) =>
      addresses.reserve(1, { call, hostname, port: own }).kind;
    assertEquals(at(1, "127.0.0.2"), "reserved");
    assertEquals([at(2, "0.0.0.0"), at(3, "localhost")], ["failed", "failed"]);
    addresses.release();
  });

  it("release() frees what holds the addresses", () => {
    const { addresses, ask } = make();
    const port = freePort();
    ask(1, 1, port);
    addresses.workersAccept();
    addresses.release();
    using listener = Deno.listen({ hostname: HOSTNAME, port });
    assertEquals(listener.addr.port, port);
  });
});
