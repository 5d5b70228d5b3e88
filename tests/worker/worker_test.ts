// A worker's life in this thread: a link without a supervisor, and a port of its own.

import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BackgroundTasks } from "../../src/connection/background_tasks.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { ConnectionBudget } from "../../src/ipc/connection_budget.ts";
import type { DrainOrder } from "../../src/ipc/drain_order.ts";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import type { Assignment, WorkerConfiguration, WorkerMessage } from "../../src/ipc/messages.ts";
import { Scoreboard } from "../../src/ipc/scoreboard.ts";
import { reserveAddress } from "../../src/net/listener.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import { Router } from "../../src/routing/router.ts";
import { ShutdownCallbacks } from "../../src/worker/shutdown_callbacks.ts";
import { serveAsWorker, type WorkerLink } from "../../src/worker/worker.ts";
import type { WorkerProgram } from "../../src/worker/worker_program.ts";
import { eventually, within } from "../support/deadline.ts";
import { canUseNetwork } from "../support/permissions.ts";

/** A link to no supervisor: notes what the worker says. Its module never ends, nor does the worker. */
function fakeLink(configured: Promise<WorkerConfiguration>, promotion?: Promise<Assignment>) {
  const said: WorkerMessage[] = [];
  const link: WorkerLink = {
    isChecked: false,
    isFirst: false,
    isStandby: promotion !== undefined,
    configured,
    assigned: promotion ?? configured.then(({ address }) => ({ address, place: 1 })),
    introduce: (introduction) =>
      void said.push({ kind: "introduced", introduction: { ...introduction, answer: undefined } }),
    moduleHasRun: new Promise(() => {}),
    onDrain: () => {},
    noteRun: () => {},
    send: (message) => void said.push(message),
    end: () => {},
  };
  return { link, said, kinds: () => said.map(({ kind }) => kind) };
}

/** A program that answers every request, and notes what its worker calls. */
function makeProgram() {
  const steps: string[] = [];
  const router = new Router<Handler>((segment) => segment);
  const hello: Handler = () => WebResponse.text("hello");
  router.add("/", false, hello, () => "a test");
  const shutdownCallbacks = new ShutdownCallbacks();
  shutdownCallbacks.add((reason) => steps.push(`onShutdown: ${reason}`));
  const program: WorkerProgram = {
    settings: resolveServerOptions({ accessLog: "off" }),
    router,
    servedBy: "run()",
    runOptions: { port: 1 },
    onListen: (address) => steps.push(`onListen: ${address.transport}`),
    background: new BackgroundTasks("worker 3", (line) => steps.push(line)),
    shutdownCallbacks,
  };
  return { program, steps };
}

function configurationFor(port: number): WorkerConfiguration {
  return {
    address: { listen: "shared", hostname: "127.0.0.1", port, backlog: 511 },
    place: 1,
    scoreboard: new Scoreboard().memory,
    inFlightRequests: new InFlightRequests().memory,
    requestMetrics: undefined,
    connectionBudget: ConnectionBudget.of(undefined, 1).memory,
    socketPanicHold: new SharedArrayBuffer(4),
    heartbeatMs: 1_000,
    mainStartupMs: 0,
    serverOptions: {},
    app: undefined,
  };
}

const ORDER: DrainOrder = { reason: "reload", connectionsMs: 10_000, workMs: 10_000 };

/** Reserves a free port for workers that share it. */
function reservePort() {
  return reserveAddress({ listen: "shared", hostname: "127.0.0.1", port: 0, backlog: 511 });
}

describe("serveAsWorker()", () => {
  it("introduces its program, and does not listen before it is configured", async () => {
    const { program, steps } = makeProgram();
    const { link, said } = fakeLink(new Promise(() => {}));
    serveAsWorker(program, 3, link);
    await Promise.resolve();
    const [message] = said;
    assertEquals(said.length, 1);
    assertEquals(message.kind === "introduced" && message.introduction.runOptions, { port: 1 });
    assertEquals(steps, []);
  });

  it("listens, accepts, drains and finishes its work, in this order", {
    ignore: !canUseNetwork,
  }, async () => {
    const reserved = reservePort();
    const { program, steps } = makeProgram();
    const configuration = configurationFor(reserved.port);
    const { link, kinds } = fakeLink(Promise.resolve(configuration));
    const served = serveAsWorker(program, 3, link);
    await eventually(() => kinds().includes("accepting"), "a worker that accepts");
    assertEquals(kinds(), ["introduced", "accepting"]);
    assertEquals(steps, ["onListen: tcp"]);

    const client = await Deno.connect({ hostname: "127.0.0.1", port: reserved.port });
    await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    const space = new Uint8Array(1_000);
    const count = await within(client.read(space), "a response");
    assertMatch(
      new TextDecoder().decode(space.subarray(0, count ?? 0)),
      /^HTTP\/1\.1 200 .*hello$/s,
    );

    link.onDrain(ORDER);
    await within(served, "the end of the worker's work");
    client.close();
    reserved.release();
    assertEquals(kinds(), ["introduced", "accepting", "draining"]);
    assertEquals(steps, ["onListen: tcp", "onShutdown: reload"]);
    const { connectionsAccepted, connectionsOpen, heartbeats } = new Scoreboard(
      configuration.scoreboard,
    ).read();
    assertEquals([connectionsAccepted, connectionsOpen, heartbeats > 0], [1, 0, true]);
  });

  it("waits as a standby, and listens where its promotion says", {
    ignore: !canUseNetwork,
  }, async () => {
    const reserved = reservePort();
    const { program, steps } = makeProgram();
    const configuration = { ...configurationFor(1), place: undefined };
    const promotion = Promise.withResolvers<Assignment>();
    const { link, kinds } = fakeLink(Promise.resolve(configuration), promotion.promise);
    const served = serveAsWorker(program, 3, link);
    await eventually(() => kinds().includes("standby"), "a standby");
    assertEquals(kinds(), ["introduced", "standby"]);
    assertEquals(steps, []);
    assertEquals(new Scoreboard(configuration.scoreboard).read().heartbeats, 0);

    promotion.resolve({ address: configurationFor(reserved.port).address, place: 2 });
    await eventually(() => kinds().includes("accepting"), "a worker that accepts");
    const client = await Deno.connect({ hostname: "127.0.0.1", port: reserved.port });
    await client.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    const space = new Uint8Array(1_000);
    const count = await within(client.read(space), "a response");
    assertMatch(new TextDecoder().decode(space.subarray(0, count ?? 0)), /^HTTP\/1\.1 200 /);
    client.close();
    link.onDrain(ORDER);
    await within(served, "the end of the worker's work");
    reserved.release();
    assertEquals(kinds(), ["introduced", "standby", "accepting", "draining"]);
    assertEquals(steps, ["onListen: tcp", "onShutdown: reload"]);
  });

  it("calls onShutdown in a standby that ends without a promotion, and listens nowhere", async () => {
    const { program, steps } = makeProgram();
    const configured = Promise.resolve({ ...configurationFor(1), place: undefined });
    const { link, kinds } = fakeLink(configured, new Promise(() => {}));
    const served = serveAsWorker(program, 3, link);
    await eventually(() => kinds().includes("standby"), "a standby");
    link.onDrain(ORDER);
    await within(served, "the end of the worker's work");
    assertEquals(kinds(), ["introduced", "standby"]);
    assertEquals(steps, ["onShutdown: reload"]);
  });

  it("shows no request the async context that onListen has entered", {
    ignore: !canUseNetwork,
  }, async () => {
    const address = { listen: "shared", hostname: "127.0.0.1", port: 0, backlog: 511 } as const;
    const reserved = reserveAddress(address);
    const { program } = makeProgram();
    const store = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const router = new Router<Handler>((segment) => segment);
    const look: Handler = () => {
      seen.push(store.getStore());
      return WebResponse.empty();
    };
    router.add("/", false, look, () => "a test");
    const configured = Promise.resolve(configurationFor(reserved.port));
    const { link, kinds } = fakeLink(configured);
    const onListen = () => store.enterWith("entered by onListen");
    const served = serveAsWorker({ ...program, router, onListen }, 3, link);
    await eventually(() => kinds().includes("accepting"), "a worker that accepts");

    const client = await Deno.connect({ hostname: "127.0.0.1", port: reserved.port });
    await client.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    await within(client.read(new Uint8Array(1_000)), "a response");
    client.close();
    link.onDrain(ORDER);
    await within(served, "the end of the worker's work");
    reserved.release();
    assertEquals(seen, [undefined]);
  });

  it("reports an address at which it cannot listen, and resolves", {
    ignore: !canUseNetwork,
  }, async () => {
    const holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = holder.addr as Deno.NetAddr;
    const { program, steps } = makeProgram();
    const { link, said } = fakeLink(Promise.resolve(configurationFor(port)));
    await within(serveAsWorker(program, 3, link), "the end of the worker");
    holder.close();
    const [, message] = said;
    assertEquals(message.kind, "failed");
    assertStringIncludes(message.kind === "failed" ? message.message : "", "AddrInUse");
    assertEquals(steps, []);
  });
});
