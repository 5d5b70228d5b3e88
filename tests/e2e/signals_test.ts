// Signals that come in pairs, as terminals, task runners and process groups send them.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { Gate } from "../support/servers/gate.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { signalLater } from "../support/servers/later_signal.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

/** Starts an app as a program with one worker on a free port. */
function startProgram(name: string): Program {
  const path = new URL(`../support/apps/${name}`, import.meta.url).pathname;
  const run: RunOptions = { port: 0, workers: 1 };
  return Program.deno(["run", "-A", path, JSON.stringify({ run })]);
}

describe("a program that gets signals", { ignore: !CAN_START_PROGRAMS }, () => {
  const signalsAtOnce = ["INT INT", "TERM TERM TERM", "INT TERM"];
  for (const signals of signalsAtOnce) {
    it(`a program answers what was accepted when it gets ${signals} at once, and is cut short by a later one`, async () => {
      for (const isCutShort of [false, true]) {
        await using program = startProgram("well_behaved.ts");
        const { port } = await program.listening();
        using gate = new Gate();
        using client = await RawClient.connect(port);
        await client.send(get(`/gate/${gate.port}`));
        const visitor = await gate.reached();
        // As a terminal and `deno task` do it. Without a pause the kernel makes two equal signals one.
        const kills = signals.split(" ").map((signal) => `kill -${signal} ${program.pid}`);
        await using killer = Program.start("sh", ["-c", kills.join("; sleep 0.002; ")]);
        const [line] = await program.stderr.find(/ stopping .*/);
        assertMatch(line, /stopping \(SIG[A-Z]+\); send it again to cut short$/);
        assertEquals((await killer.ended()).code, 0);
        if (isCutShort) {
          await signalLater(program, "SIGINT");
          assertEquals(await client.readToEnd(), "");
        } else {
          await visitor.open("the last answer");
          const response = await client.readResponse();
          assertEquals([response.status, response.text], [200, "the last answer"]);
        }
        assertEquals((await program.ended()).code, 0);
      }
    });
  }

  it("listenToSignals() keeps a second signal to stop from the process that has stopped", async () => {
    const signals = import.meta.resolve("../../src/supervisor/signals.ts");
    await using program = Program.deno([
      "eval",
      `import { listenToSignals } from ${JSON.stringify(signals)};
       const alive = setInterval(() => {}, 1_000);
       Deno.addSignalListener("SIGUSR2", () => {
         console.log("alive");
         clearInterval(alive);
       });
       const stop = listenToSignals((meaning) => {
         console.log(meaning);
         stop();
         for (const signal of ["SIGINT", "SIGTERM", "SIGUSR2"]) Deno.kill(Deno.pid, signal);
       });
       Deno.kill(Deno.pid, "SIGTERM");`,
    ]);
    assertEquals((await program.ended()).code, 0, program.stderr.text);
    assertEquals(program.stdout.all, ["shutdown", "alive"]);
  });

  it("a program reloads for each SIGHUP, and resizes for each SIGTTIN, however soon they follow", async () => {
    await using program = startProgram("well_behaved.ts");
    await program.listening();
    program.signal("SIGHUP");
    await program.stderr.find(/ mudpie: reloading/);
    let seen = program.stderr.all.length;
    program.signal("SIGHUP");
    await program.stderr.find(/ mudpie: reloading/, seen);
    await program.stderr.find(/ mudpie: reloaded$/, seen);
    program.signal("SIGTTIN");
    await program.stderr.find(/the fleet is to have 2 workers/);
    seen = program.stderr.all.length;
    program.signal("SIGTTIN");
    await program.stderr.find(/the fleet is to have 3 workers/, seen);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });
});
