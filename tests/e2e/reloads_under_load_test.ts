// Reloads, and workers that are added and removed, while clients ask all the while: nobody notices but by the new answers.

import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { it } from "@std/testing/bdd";
import { countEvents, fewestServing } from "../support/servers/capacity.ts";
import {
  assertAcceptedWereAnswered,
  assertOnlyResetsOfClosing,
} from "../support/clients/closing_resets.ts";
import { Load } from "../support/clients/load.ts";
import { Program } from "../support/servers/program.ts";
import {
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";
import { entryFor } from "../support/servers/entry_url.ts";

const WORKERS = 2;
const RELOADS = 2;

/** Whether this system resets what waits in the queue of a socket that is closed. */
const MIGRATES_NOT = CAN_START_PROGRAMS && migrateRequests() === "0";

function migrateRequests(): string | undefined {
  try {
    return Deno.readTextFileSync("/proc/sys/net/ipv4/tcp_migrate_req").trim();
  } catch {
    // Another system, or an older kernel.
    return undefined;
  }
}

/** The two kinds of clients. */
const CLIENTS = [
  { what: "that keep their connections", keptClients: 16, clients: 0 },
  { what: "with a connection for each request", keptClients: 0, clients: 8 },
];

/** A module whose answer can be changed. */
class ChangingModule implements Disposable {
  readonly #folder = Deno.makeTempDirSync();
  readonly url = new URL(`file://${this.#folder}/app.ts`);

  write(text: string): void {
    const mod = import.meta.resolve("../../mod.ts");
    Deno.writeTextFileSync(
      this.url,
      `import { WebResponse, WebServer } from ${JSON.stringify(mod)};
       const server = new WebServer({ accessLog: "off" });
       server.addPath("/", () => WebResponse.text(${JSON.stringify(text)}));
       await server.run();`,
    );
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

describeEachWay((way) => {
  for (const { what, keptClients, clients } of CLIENTS) {
    it(`its reload() costs clients ${what} no request, and then the new code answers`, {
      ignore: !CAN_START_PROGRAMS,
    }, async () => {
      using module = new ChangingModule();
      module.write("version 0");
      await using app = await startApp("", {
        run: { ...way, workers: WORKERS, entry: entryFor(module.url) },
      });
      await using load = Load.start({ port: app.port, keptClients, clients });
      for (let version = 1; version <= RELOADS; version++) {
        await load.answers(100);
        module.write(`version ${version}`);
        await app.running.reload();
        await load.answers(100);
        for (let i = 0; i < WORKERS; i++) {
          assertEquals((await app.get("/")).text, `version ${version}`);
        }
      }
      const counts = await load.stop();
      assertOnlyResetsOfClosing(counts, countEvents(app.events.all, "draining"), way);
      assertAcceptedWereAnswered(app, counts, WORKERS * RELOADS);
      assertGreaterOrEqual(fewestServing(app.events.all), WORKERS, "a reload costs no capacity");
      assertEquals(app.running.stats().replacements, { reload: WORKERS * RELOADS });
    });
  }

  it("advises once to keep what waits, at its first replacement, where the kernel does not", async () => {
    await using app = await startApp("under_load.ts", { run: { ...way, workers: WORKERS } });
    const isAdvice = (line: string) => line.includes("tcp_migrate_req=1");
    assertEquals(app.lines.filter(isAdvice), []);
    await app.running.reload();
    await app.running.reload();
    const isAtRisk = way.listen === "reuseport" && MIGRATES_NOT;
    assertEquals(app.lines.filter(isAdvice).length, isAtRisk ? 1 : 0);
  });
});

describeEachWay((way) => {
  it("adds and removes workers on SIGTTIN and SIGTTOU, and that costs no request", {
    ignore: !CAN_START_PROGRAMS,
  }, async () => {
    const app = { isQuiet: true, run: { ...way, port: 0, workers: WORKERS } };
    const path = new URL("../support/apps/under_load.ts", import.meta.url).pathname;
    await using program = Program.deno(["run", "-A", path, JSON.stringify(app)]);
    const { port } = await program.listening();
    await using load = Load.start({ port, keptClients: 16, clients: 4 });
    const signalAndFind = async (signal: Deno.Signal, line: RegExp) => {
      const from = program.stderr.all.length;
      program.signal(signal);
      await program.stderr.find(line, from);
      await load.answers(100);
    };
    for (let round = 0; round < 2; round++) {
      await signalAndFind("SIGTTIN", / accepting after /);
      await signalAndFind("SIGTTIN", / accepting after /);
      await signalAndFind("SIGTTOU", / ended \(resize\)/);
      await signalAndFind("SIGTTOU", / ended \(resize\)/);
    }
    const counts = await load.stop();
    assertOnlyResetsOfClosing(counts, 4, way);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });
}, TWO_WAYS);
