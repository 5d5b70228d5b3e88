// A server under a debugger. A worker at a breakpoint does nothing at all, which is what a hung one does.

import { assertEquals, assertFalse } from "@std/assert";
import { it } from "@std/testing/bdd";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS, describeEachWay, TWO_WAYS } from "../support/servers/started_app.ts";

const HANG_TIMEOUT_MS = 200;
const APP = new URL("../support/apps/blocks.ts", import.meta.url).pathname;

describeEachWay((way) => {
  it("run() declares no hang under --inspect, however long a handler blocks", {
    ignore: !CAN_START_PROGRAMS,
  }, async () => {
    const run = { port: 0, workers: 1, hangTimeout: HANG_TIMEOUT_MS, ...way };
    await using program = Program.deno([
      ...["run", "-A", "--unstable-net", "--inspect=127.0.0.1:0", APP, JSON.stringify({ run })],
    ]);
    const { port } = await program.listening();
    await program.stderr.find(/an inspector is open, so no worker counts as hung/);
    using client = await RawClient.connect(port);
    const answer = await client.ask(get(`/block/${HANG_TIMEOUT_MS * 5}`));
    assertEquals([answer.status, answer.text], [200, "blocked"]);
    assertEquals((await client.ask(get("/worker"))).text, "mudpie:1");
    assertFalse(program.stderr.text.includes("hung while"), program.stderr.text);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });
}, TWO_WAYS);
