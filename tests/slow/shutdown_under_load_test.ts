// The end of a server that is asked all the while: what was accepted is answered, every connection is told of its end, and it
// ends when it should, whatever its workers do.

import { assert, assertEquals, assertFalse } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import { countEvents } from "../support/servers/capacity.ts";
import { assertAcceptedWereAnswered, assertOnlyResets } from "../support/clients/closing_resets.ts";
import { within } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { Load } from "../support/clients/load.ts";
import { Program } from "../support/servers/program.ts";
import { signalLater } from "../support/servers/later_signal.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import {
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  TWO_WAYS,
  type Way,
} from "../support/servers/started_app.ts";

const WORKERS = 2;
const KEPT_CLIENTS = 16;
const CLIENTS = 4;

function startProgram(way: Way, run: RunOptions = {}): Program {
  const path = new URL("../support/apps/under_load.ts", import.meta.url).pathname;
  const app = { isQuiet: true, run: { ...way, port: 0, workers: WORKERS, ...run } };
  return Program.deno(["run", "-A", path, JSON.stringify(app)]);
}

function startLoad(port: number, targetOf?: (number: number) => string): Load {
  return Load.start({
    port,
    keptClients: KEPT_CLIENTS,
    clients: CLIENTS,
    targetOf,
    leavesWhenRefused: true,
  });
}

describeEachWay((way) => {
  it(
    "answers on SIGTERM what was accepted, tells every connection of its end, and ends with exit code 0",
    {
      ignore: !CAN_START_PROGRAMS,
    },
    async () => {
      await using program = startProgram(way);
      const { port } = await program.listening();
      // Every second request takes a moment, and so is in a handler when the signal comes.
      await using load = startLoad(port, (number) => number % 2 === 0 ? "/hello" : "/moment");
      await load.answers(300);
      program.signal("SIGTERM");
      const counts = await load.left();
      assertOnlyResets(counts, WORKERS);
      // On a connection that ends without being told, a client would lose a request, or have to send it once more.
      assertEquals([...counts.endedEarlyBy], []);
      assertEquals((await program.ended()).code, 0);
    },
  );

  it("its shutdownDelay has it answer on, and not be ready, until it is over", async () => {
    await using app = await startApp("under_load.ts", {
      run: { ...way, workers: WORKERS, shutdownDelay: 1_500 },
    });
    await using load = startLoad(app.port);
    await load.answers(100);
    assert(app.running.ready);
    const finished = app.running.shutdown();
    assertFalse(app.running.ready);
    await load.answers(100);
    assertEquals(countEvents(app.events.all, "draining"), 0);
    assertEquals(load.failed, 0);
    const counts = await load.left();
    assertOnlyResets(counts, WORKERS);
    assertAcceptedWereAnswered(app, counts);
    await within(finished, "a server that shuts down");
  });
});

describeEachWay((way) => {
  it("its drainTimeout answers 503 for what is not done by then, and everybody else before", async () => {
    await using app = await startApp("under_load.ts", {
      // A tenth of it is left to the worker to say farewell in, which a busy machine may make it need.
      run: { ...way, workers: WORKERS, drainTimeout: 5_000 },
    });
    using gate = new Gate();
    using waiting = await app.connect();
    await waiting.send(get(`/gate/${gate.port}`));
    await gate.reached();
    await using load = startLoad(app.port);
    await load.answers(100);
    const finished = app.running.shutdown();
    const counts = await load.left();
    assertOnlyResets(counts, WORKERS);
    assertAcceptedWereAnswered(app, counts, 1);
    const response = await waiting.readResponse();
    assertEquals([response.status, response.headers.get("connection")], [503, "close"]);
    await waiting.assertEnded();
    await within(finished, "a server that shuts down");
  });

  it("cuts short on a second signal", { ignore: !CAN_START_PROGRAMS }, async () => {
    await using program = startProgram(way, { drainTimeout: 600_000 });
    const { port } = await program.listening();
    using gate = new Gate();
    using waiting = await RawClient.connect(port);
    await waiting.send(get(`/gate/${gate.port}`));
    await gate.reached();
    await using load = startLoad(port);
    await load.answers(100);
    program.signal("SIGTERM");
    assertOnlyResets(await load.left(), WORKERS);
    await signalLater(program, "SIGTERM");
    await waiting.assertEnded();
    assertEquals((await program.ended()).code, 0);
  });
}, TWO_WAYS);

describeEachWay((way) => {
  it("ends within drainTimeout while a worker spins, and only that one's requests fail", {
    ignore: !CAN_START_PROGRAMS,
  }, async () => {
    await using program = startProgram(way, { drainTimeout: 1_500, onHang: "continue" });
    const { port } = await program.listening();
    await using load = startLoad(port);
    await load.answers(100);
    using client = await RawClient.connect(port);
    const spinning = (await client.ask(get("/hello"))).headers.get("x-worker");
    assert(spinning !== null);
    await client.send(get("/spin"));
    await load.answers(100);
    program.signal("SIGTERM");
    const { failures, endedEarlyBy } = await load.left();
    const others = failures.filter(({ worker }) => worker !== undefined && worker !== spinning);
    assertEquals(others, []);
    assertEquals([...endedEarlyBy].filter((worker) => worker !== spinning), []);
    assertEquals((await program.ended()).code, 0);
  });
});
