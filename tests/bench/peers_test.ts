// Holds the servers of the benchmark to equal answers, each as a process of its own, one after the other. Nothing is timed.
// Bun and the packages for Node are left out, because they would have to be installed: `deno task bench` checks the answers
// before anything is measured.

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { checkAnswers } from "./answers_check.ts";
import {
  BARE,
  BenchServer,
  canAnswer,
  DENO_SERVE,
  LOGGING_PEERS,
  MUDPIE,
  mudpieIn,
  NODE_2,
  PARALLEL_2,
  type Peer,
  PEERS,
  presentPeers,
} from "./servers.ts";
import { ROUTED_WORKLOADS, type Workload, WORKLOADS } from "./workloads.ts";

const FEW_ROUTES = ROUTED_WORKLOADS[0];

/** Those that nothing has to be installed for, as far as they are there. */
const plain = await presentPeers(
  PEERS.filter((peer) => peer !== BARE && !/^bun|-node$/.test(peer.name)),
  () => {},
);
const plainPairs = await presentPeers([PARALLEL_2, NODE_2], () => {});

async function checkAll(peer: Peer, workloads: readonly Workload[], closes = false): Promise<void> {
  const routes = Math.max(...workloads.map((workload) => workload.routes));
  await using server = await BenchServer.start(peer, { routes, closes });
  for (const workload of workloads) {
    for (const earlier of workload.life) await checkAnswers(server.port, earlier);
    await checkAnswers(server.port, workload);
  }
}

describe("Servers of the benchmark", { ignore: !CAN_WATCH_PROCESSES }, () => {
  for (const peer of plain) {
    it(`${peer.what} answers every workload that it is measured with`, async () => {
      await checkAll(peer, WORKLOADS.filter((workload) => canAnswer(peer, workload)));
    });
  }

  for (const peer of plainPairs) {
    it(`${peer.what} answers`, async () => {
      await checkAll(peer, WORKLOADS.slice(0, 1));
    });
  }

  for (const peer of LOGGING_PEERS) {
    it(`${peer.what} answers, with a request's id only where there is a log`, async () => {
      await using server = await BenchServer.start(peer);
      await checkAnswers(server.port, WORKLOADS[0]);
      using client = await RawClient.connect(server.port);
      const { headers } = await client.ask(get("/hello"));
      assertEquals(headers.has("x-request-id"), peer.environment?.BENCH_LOG !== "off");
    });
  }

  it("Mudpie answers at one of many routes", async () => {
    await checkAll(MUDPIE, [FEW_ROUTES]);
  });

  it("the loop that parses nothing answers what it can", async () => {
    const able = WORKLOADS.filter(({ isForBare }) => isForBare);
    await checkAll(BARE, able.filter(({ isLast }) => !isLast));
    await checkAll(BARE, able.filter(({ isLast }) => isLast), true);
  });

  it("one that is not there is left out, with a word about it", async () => {
    const lines: string[] = [];
    const absent = { ...DENO_SERVE, missing: () => Promise.resolve("it is on holiday") };
    assertEquals(await presentPeers([absent, MUDPIE], (line) => lines.push(line)), [MUDPIE]);
    assertEquals(lines, ["Without Deno.serve: it is on holiday"]);
  });

  it("the Mudpie of another checkout is left out, with a word about it, where it has no such server", async () => {
    const lines: string[] = [];
    const others = mudpieIn("/nowhere");
    assertEquals(await presentPeers(others, (line) => lines.push(line)), []);
    assertEquals(lines, [
      "Without Mudpie, one worker, in /nowhere: /nowhere/tests/bench/peers/mudpie.ts does not exist",
      "Without fetchHandler on Mudpie, in /nowhere: /nowhere/tests/bench/peers/mudpie_fetch.ts does not exist",
    ]);
  });

  it("a response without a field that it must have is told", async () => {
    const [hello] = WORKLOADS;
    const other: Workload = { ...hello, answer: { ...hello.answer, fields: { "x-a": "b" } } };
    await assertRejects(() => checkAll(DENO_SERVE, [other]), Error, '"fields":{"x-a":null}');
  });

  it("a wrong answer is told", async () => {
    const [hello] = WORKLOADS;
    const other: Workload = { ...hello, answer: { ...hello.answer, body: "Goodbye" } };
    await assertRejects(() => checkAll(DENO_SERVE, [other]), Error, "Wrong answer to hello-sync");
  });
});
