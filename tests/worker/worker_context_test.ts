// What the connections of one worker share.

import { SocketPanicHold } from "../../src/ipc/socket_panic_hold.ts";
import { assertEquals, assertMatch, assertNotEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BackgroundTasks } from "../../src/connection/background_tasks.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { ConnectionBudget } from "../../src/ipc/connection_budget.ts";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import type { WorkerConfiguration } from "../../src/ipc/messages.ts";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import { resolveServerOptions, type WebServerOptions } from "../../src/options/server_options.ts";
import { Router } from "../../src/routing/router.ts";
import { createMetricsMemory } from "../../src/telemetry/metrics_memory.ts";
import { PanicWatch } from "../../src/worker/panic_watch.ts";
import { ShutdownCallbacks } from "../../src/worker/shutdown_callbacks.ts";
import { createConnectionContext } from "../../src/worker/worker_context.ts";

/** Makes a context, with what it was made of. */
function make(options: WebServerOptions, but: Partial<WorkerConfiguration> = {}) {
  const lines: string[] = [];
  const scoreboard = new Scoreboard();
  const panics = new PanicWatch({
    socketPanicHold: new SocketPanicHold(),
    worker: "worker 3",
    onPanic: "keep",
    scoreboard,
    link: { send: () => {} },
    log: (line) => void lines.push(line),
  });
  const router = new Router<Handler>((segment) => segment);
  const configuration: WorkerConfiguration = {
    place: 1,
    address: { listen: "shared", hostname: "127.0.0.1", port: 1, backlog: 1 },
    scoreboard: scoreboard.memory,
    inFlightRequests: new InFlightRequests().memory,
    requestMetrics: undefined,
    connectionBudget: ConnectionBudget.of(undefined, 1).memory,
    socketPanicHold: new SharedArrayBuffer(4),
    heartbeatMs: 1_000,
    mainStartupMs: 0,
    serverOptions: {},
    app: undefined,
    ...but,
  };
  const context = createConnectionContext({
    program: {
      settings: resolveServerOptions(options),
      router,
      servedBy: "run()",
      runOptions: {},
      background: new BackgroundTasks("worker 3", () => {}),
      shutdownCallbacks: new ShutdownCallbacks(),
    },
    worker: 3,
    configuration,
    scoreboard,
    tickMs: 100,
    panics,
    admission: undefined,
    onClosed: () => {},
  });
  return { context, configuration, lines };
}

describe("createConnectionContext()", () => {
  it("has no access log and no metrics unless they are asked for", () => {
    const { context } = make({ accessLog: "off" });
    assertEquals([context.accessLog, context.requestMetrics], [undefined, undefined]);
  });

  it("has an access log and metrics if they are asked for", () => {
    const { context } = make({ accessLog: "json" }, { requestMetrics: createMetricsMemory() });
    assertNotEquals(context.accessLog, undefined);
    assertNotEquals(context.requestMetrics, undefined);
  });

  it("uses the memory that the supervisor has sent", () => {
    const { context, configuration } = make({ accessLog: "off" });
    assertStrictEquals(context.inFlightRequests.memory, configuration.inFlightRequests);
    assertStrictEquals(context.scoreboard.memory, configuration.scoreboard);
  });

  it("counts a fault of the server's own as a panic", () => {
    const { context, lines } = make({ accessLog: "off" });
    context.onFault(new Error("a bug"));
    assertEquals(context.scoreboard.read().panics, 1);
    assertMatch(lines[0], /^worker 3: panic on a connection: Error: a bug/);
  });
});
