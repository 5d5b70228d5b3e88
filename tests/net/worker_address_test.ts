// Where a worker listens, and the platform's form of it.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { platformAddress } from "../../src/net/worker_address.ts";

describe("platformAddress()", () => {
  it("returns the host name and the port of a shared port", () => {
    assertEquals(
      platformAddress({ listen: "shared", hostname: "127.0.0.1", port: 8000, backlog: 511 }),
      { transport: "tcp", hostname: "127.0.0.1", port: 8000 },
    );
  });

  it("returns the path of a Unix socket, or the one that the program names", () => {
    const address = {
      listen: "unix",
      slot: 2,
      path: "/run/app.2.sock",
      link: undefined,
      mode: undefined,
      claim: new SharedArrayBuffer(24),
    } as const;
    assertEquals(platformAddress(address), { transport: "unix", path: "/run/app.2.sock" });
    const linked = platformAddress({ ...address, link: "/run/app.sock" });
    assertEquals(linked, { transport: "unix", path: "/run/app.sock" });
  });
});
