import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { everyInterface } from "../../src/net/every_interface.ts";
import { canUseNetwork } from "../support/permissions.ts";

describe("everyInterface()", { ignore: !canUseNetwork }, () => {
  it("everyInterface() returns an address that clients of IPv4 reach, always the same", async () => {
    const hostname = everyInterface();
    assertEquals(everyInterface(), hostname);
    assert(hostname === "::" || hostname === "0.0.0.0");
    using listener = Deno.listen({ hostname, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const accepted = listener.accept();
    using _client = await Deno.connect({ hostname: "127.0.0.1", port });
    (await accepted).close();
  });

  it("everyInterface() returns an address that clients of IPv6 reach, where there is IPv6", async () => {
    if (everyInterface() === "0.0.0.0") return;
    using listener = Deno.listen({ hostname: everyInterface(), port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const accepted = listener.accept();
    using _client = await Deno.connect({ hostname: "::1", port });
    (await accepted).close();
  });
});
