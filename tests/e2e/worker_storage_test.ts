// What workers share of Deno's storage, as src/docs/workers.md has it: a page that a new version of Deno could make untrue.

import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

/** Connections enough that both of two workers have some: one of them has none in one of 2^31 runs. */
const CONNECTIONS = 32;

function start(isolation: string, env: Record<string, string>): Program {
  const { pathname } = new URL("../support/apps/stores.ts", import.meta.url);
  const app = { run: { port: 0, workers: 2, isolation } };
  const args = ["run", "-A", "--unstable-kv", pathname, JSON.stringify(app)];
  return Program.deno(args, { env });
}

/** Asks once on each of some connections, which are open at once. */
async function askOnEach(port: number, target: string): Promise<unknown[]> {
  return await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    using client = await RawClient.connect(port);
    return JSON.parse((await client.ask(get(target))).text);
  }));
}

for (const isolation of ["web", "thread"]) {
  describe(`Workers (isolation ${isolation})`, { ignore: !CAN_START_PROGRAMS }, () => {
    it("workers share a KV database that has a name", async () => {
      const folder = Deno.makeTempDirSync({ prefix: "mudpie-test-" });
      try {
        await using program = start(isolation, { KV_PATH: `${folder}/data.db` });
        const counts = await askOnEach((await program.listening()).port, "/count");
        assertEquals(Math.max(...counts as number[]), CONNECTIONS);
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    });

    it("workers each have a KV database of their own where it has no name", async () => {
      await using program = start(isolation, {});
      const counts = await askOnEach((await program.listening()).port, "/count");
      assertLess(Math.max(...counts as number[]), CONNECTIONS);
    });

    it("workers have neither localStorage nor sessionStorage", async () => {
      await using program = start(isolation, {});
      const has = await askOnEach((await program.listening()).port, "/storage");
      assertEquals(has, Array(CONNECTIONS).fill([false, false]));
    });
  });
}
