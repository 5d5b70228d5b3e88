// What the kernel tells of processes. They are started here and used up a little; nothing is held to a time.

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { eventually } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { ProcessorClock, processTree, residentBytes } from "./processes.ts";

/** What a program computes for is processor time of its own; a millisecond of it is there in any case. */
const MILLISECOND = 1e6;

/** A shell that starts a shell that starts a third one, which computes until the first one is gone, whoever has ended that. */
function startNested(): Program {
  const outermost = "export TOP=$$; sh -c 'sh -c \"$LOOP\" & wait' & wait";
  const env = { LOOP: "while kill -0 $TOP 2> /dev/null; do :; done" };
  return Program.start("sh", ["-c", outermost], { env });
}

describe("Processes", { ignore: !CAN_WATCH_PROCESSES }, () => {
  it("processTree() finds what a process has started", async () => {
    await using program = startNested();
    const tree = await eventually(() => {
      const found = processTree(program.pid);
      return found.length === 3 && found;
    }, "three processes");
    assertEquals(tree[0], program.pid);
  });

  it("ProcessorClock counts the time of children, too", async () => {
    await using program = startNested();
    await eventually(() => processTree(program.pid).length === 3, "three processes");
    const clock = new ProcessorClock(program.pid);
    const nanoseconds = await eventually(() => {
      const elapsed = clock.elapsed();
      return elapsed > MILLISECOND && elapsed;
    }, "a millisecond of processor time");
    clock.start();
    assertLess(clock.elapsed(), nanoseconds + 1e3 * MILLISECOND);
  });

  it("ProcessorClock counts nothing for a process that waits", async () => {
    await using program = Program.start("sleep", ["60"]);
    await eventually(
      () => Deno.readTextFileSync(`/proc/${program.pid}/stat`).includes(" S "),
      "a process that sleeps",
    );
    const clock = new ProcessorClock(program.pid);
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(clock.elapsed(), 0);
  });

  it("residentBytes() tells bytes", () => {
    const { rss } = Deno.memoryUsage();
    const told = residentBytes(Deno.pid);
    assertGreater(told, rss / 2);
    assert(told < rss * 2);
  });
});
