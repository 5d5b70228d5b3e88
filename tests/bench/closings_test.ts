// Holds a reload to what it promises to new connections.

import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { countOf } from "../support/clients/load.ts";
import { canMakeNetworks } from "../support/servers/network_namespace.ts";
import { closingsInOwnNetwork } from "./closings.ts";

const CLOSINGS = 8;
const CLIENTS = 16;

/** With tcp_migrate_req the kernel still resets one connection in some 150 closings. This is far more than that. */
const MOST_RESETS = CLOSINGS / 2;

describe("a reload under new connections", { ignore: !canMakeNetworks() }, () => {
  it("loses none in listen mode shared", async () => {
    const wanted = { listen: "shared", closings: CLOSINGS, clients: CLIENTS } as const;
    const { closings, lost } = await closingsInOwnNetwork(wanted, false);
    assertEquals(lost, {});
    assertGreaterOrEqual(closings, CLOSINGS);
  });

  it("loses hardly any in listen mode reuseport with tcp_migrate_req=1, and those by resets", async () => {
    const wanted = { listen: "reuseport", closings: CLOSINGS, clients: CLIENTS } as const;
    const { closings, lost } = await closingsInOwnNetwork(wanted, true);
    const { reset = 0, "not connected": notConnected = 0, ...others } = lost;
    assertEquals(countOf(others), 0, JSON.stringify(lost));
    assertLessOrEqual(reset + notConnected, MOST_RESETS);
    assertGreaterOrEqual(closings, CLOSINGS);
  });
});
