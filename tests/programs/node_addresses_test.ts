// Where a program that listens by node:http is reached if it names no host, or both addresses of localhost.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { everyInterface } from "../../src/net/every_interface.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const FILE = new URL("../support/programs/node_addresses.js", import.meta.url).pathname;
const hindered = !CAN_START_PROGRAMS || everyInterface() === "0.0.0.0";

/** What is served at an address. */
async function servedAt(hostname: string, port: number): Promise<string> {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const headers = { connection: "close" };
  return await (await fetch(`http://${host}:${port}/`, { headers })).text();
}

describe("a program that listens by node:http", { ignore: hindered }, () => {
  it("is reached by both families without a host, and by both addresses of localhost", async () => {
    await using program = Program.deno([
      "run",
      "-A",
      "--unstable-net",
      CLI,
      FILE,
      "--workers",
      "2",
    ]);
    await program.listening();
    const addressOf = async (name: string) => {
      const [, text] = await program.stdout.find(new RegExp(`^${name} (\\{.*)`));
      return JSON.parse(text);
    };
    for (const name of ["open", "second"]) {
      const { address, family, port } = await addressOf(name);
      assertEquals([address, family], ["::", "IPv6"]);
      for (const hostname of ["127.0.0.1", "::1"]) {
        assertEquals(await servedAt(hostname, port), name);
      }
    }
    const { port } = await addressOf("ipv4");
    assertEquals(await addressOf("ipv6"), { address: "::1", family: "IPv6", port });
    assertEquals(await servedAt("127.0.0.1", port), "first loopback");
    assertEquals(await servedAt("::1", port), "second loopback");
    const [line] = await program.stdout.find(/^socket .*/);
    assertStringIncludes(line, 'Cannot use option "path" of a second http.Server.listen()');
  });
});
