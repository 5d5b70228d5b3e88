// Holds the load generator that counts for each connection to its counts. Nothing is timed.

import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { canShrinkWindows } from "../support/clients/small_window_client.ts";
import { startEpollLoad } from "./epoll_load.ts";
import { HELLO_HEAD } from "./requests.ts";
import { BenchServer, DENO_SERVE } from "./servers.ts";

/** It calls the same library in the same way. */
const ignore = !CAN_WATCH_PROCESSES || !canShrinkWindows();

/** One that is there on every machine. */
const PROCESSOR = "0";

describe("EpollLoad", { ignore }, () => {
  it("counts the answers, and those of each connection", async () => {
    await using server = await BenchServer.start(DENO_SERVE);
    const load = { port: server.port, connections: 10, seconds: 0.3, request: HELLO_HEAD };
    const result = await startEpollLoad(load, PROCESSOR);
    assertGreater(result.least, 0);
    assertGreater(result.answers + 1, result.least * load.connections);
    assertGreater(result.most * load.connections + 1, result.answers);
    assertGreater(result.longestUs + 1, result.p99Us);
    assertGreater(result.p99Us + 1, result.p50Us);
  });

  it("fails when an answer is not a good one", async () => {
    await using server = await BenchServer.start(DENO_SERVE);
    const request = HELLO_HEAD.replace("/hello", "/nobody");
    const load = { port: server.port, connections: 2, seconds: 0.3, request };
    await assertRejects(() => startEpollLoad(load, PROCESSOR), Error, "404");
  });

  it("fails when nobody listens", async () => {
    const load = { port: 1, connections: 1, seconds: 0.3, request: HELLO_HEAD };
    const error = await assertRejects(() => startEpollLoad(load, PROCESSOR), Error);
    assertEquals(/Cannot connect to port 1/.test(error.message), true, error.message);
  });
});
