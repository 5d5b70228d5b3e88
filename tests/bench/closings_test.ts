// Holds a reload to losing no new connection, where the kernel can hand over what waits in the queue of a closed socket.

import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canMakeNetworks } from "../support/servers/network_namespace.ts";
import { closingsInOwnNetwork } from "./closings.ts";

const CLOSINGS = 8;

describe("a reload", { ignore: !canMakeNetworks() }, () => {
  for (const listen of ["reuseport", "shared"] as const) {
    it(`loses no new connection in listen mode ${listen} with tcp_migrate_req=1`, async () => {
      const wanted = { listen, closings: CLOSINGS, clients: 16 };
      const { closings, connections, lost } = await closingsInOwnNetwork(wanted, true);
      assertEquals(lost, {});
      assertGreaterOrEqual(closings, CLOSINGS);
      assertGreaterOrEqual(connections, closings);
    });
  }
});
