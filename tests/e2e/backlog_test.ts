// The option backlog, as the kernel sees it: ss(8) shows the limit of a listening socket's queue as its Send-Q.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startApp, TWO_WAYS } from "../support/servers/started_app.ts";
import { hindranceTo } from "../support/tools/installed.ts";

const SOMAXCONN = "/proc/sys/net/core/somaxconn";

/** The limits of the queues of all sockets that listen on that port. */
async function queueLimits(port: number): Promise<number[]> {
  const { stdout } = await new Deno.Command("ss", { args: ["-Hltn", `sport = :${port}`] }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return lines.map((line) => Number(line.trim().split(/\s+/)[2]));
}

const hindrance = hindranceTo("ss");

describe(`The option backlog${hindrance}`, { ignore: hindrance !== "" }, () => {
  for (const { listen, isolation } of TWO_WAYS) {
    for (const { backlog, limit } of [{ backlog: 123, limit: 123 }, { limit: 511 }]) {
      it(`backlog ${backlog} limits the kernel's queue to ${limit} in listen mode ${listen}`, async () => {
        const run = { listen, isolation, workers: 2, backlog };
        await using app = await startApp("well_behaved.ts", { run });
        const mostOfKernel = Number(Deno.readTextFileSync(SOMAXCONN));
        const sockets = app.running.listenMode === "shared" ? 1 : 2;
        assertEquals(
          await queueLimits(app.port),
          Array(sockets).fill(Math.min(limit, mostOfKernel)),
        );
      });
    }
  }
});
