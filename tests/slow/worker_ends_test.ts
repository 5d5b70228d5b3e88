// The end of a worker, seen from outside: what it still does, in which order, and what it reports. Each worker writes a line
// for each step to the standard output of a program of its own.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { RunOptions } from "../../mod.ts";
import type { AppOptions } from "../support/servers/app.ts";
import { Gate } from "../support/servers/gate.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const APPS = `${ROOT}tests/support/apps/`;

type Isolation = "web" | "thread";
const ISOLATIONS: readonly Isolation[] = ["web", "thread"];

/** A program with workers that end, and how to ask it for something. */
class EndingProgram implements AsyncDisposable {
  private constructor(readonly program: Program, readonly port: number) {}

  static async start(args: readonly string[]): Promise<EndingProgram> {
    const program = Program.deno(["run", "-A", "--no-check", ...args], { cwd: ROOT });
    try {
      const { port } = await program.listening();
      return new EndingProgram(program, port);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts ends_in_order.ts. It has a long time to drain: what ends early ends because it is done. */
  static async inOrder(
    isolation: Isolation,
    run: RunOptions = {},
    app: AppOptions = {},
  ): Promise<EndingProgram> {
    const options: AppOptions = {
      ...app,
      run: { port: 0, workers: 1, listen: "shared", drainTimeout: 60_000, isolation, ...run },
    };
    return await EndingProgram.start([`${APPS}ends_in_order.ts`, JSON.stringify(options)]);
  }

  /** Asks for a page on a connection of its own, and gives the status. */
  async get(target: string): Promise<number> {
    using client = await RawClient.connect(this.port);
    return (await client.ask(get(target, "Connection: close"))).status;
  }

  /** Waits for a line of a worker. */
  async told(text: string, worker = 1): Promise<void> {
    await this.program.stdout.find(new RegExp(`^mudpie:${worker} ${RegExp.escape(text)}$`));
  }

  /** Stops the program, which has to end with 0, and gives what a worker has told in all. */
  async stop(worker = 1): Promise<string[]> {
    this.program.signal("SIGTERM");
    const { code } = await this.program.ended();
    assertEquals(code, 0, this.program.stderr.text);
    const prefix = `mudpie:${worker} `;
    return this.program.stdout.all
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

/** What a worker of ends_in_order.ts tells at its end: all of it once, in this order. */
function stepsOf(reason: string): string[] {
  return [
    `first callback ${reason}`,
    `second callback ${reason}`,
    "first callback ended",
    "code after run()",
    "unload",
    "exit",
  ];
}

for (const isolation of ISOLATIONS) {
  describe(`A worker that ends (isolation ${isolation})`, { ignore: !CAN_START_PROGRAMS }, () => {
    it("SIGTERM has it finish its background work, then call its callbacks, then its events", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/mail/1300"), 200);
      assertEquals(await ending.stop(), ["mail sent", ...stepsOf("shutdown")]);
    });

    it("SIGHUP has it do the same with the reason reload", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/mail/1300"), 200);
      ending.program.signal("SIGHUP");
      await ending.told("exit");
      await ending.program.stderr.find(/worker 1: ended \(reload\)$/);
      assertEquals(await ending.stop(), ["mail sent", ...stepsOf("reload")]);
    });

    it("a panic has it do the same with the reason panic, and then die of its error", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/panic/1300"), 500);
      await ending.told("exit");
      await ending.program.stderr.find(/worker 1: ended \(panic\): .*Error: a panic on purpose/);
      assertEquals(await ending.stop(), ["mail sent", ...stepsOf("panic")]);
    });

    it("maxRequestsPerWorker has it do the same with the reason recycling", async () => {
      await using ending = await EndingProgram.inOrder(isolation, {
        maxRequestsPerWorker: 1,
        hangTimeout: 4_000,
      });
      assertEquals(await ending.get("/mail/1300"), 200);
      await ending.told("exit");
      assertEquals(await ending.stop(), ["mail sent", ...stepsOf("recycling")]);
    });

    it("waitUntil() is waited for when it was called after the response was sent", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/late/300"), 200);
      await ending.told("mail begun");
      const told = await ending.stop();
      assertEquals(told.slice(0, 3), ["mail begun", "mail sent", "first callback shutdown"]);
    });

    it("waitUntil() is waited for when it was called while a body was made", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/streamed/300"), 200);
      assertEquals((await ending.stop()).slice(0, 2), ["mail sent", "first callback shutdown"]);
    });

    it("waitUntil() is waited for when the client has gone", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      using gate = new Gate();
      using client = await RawClient.connect(ending.port);
      await client.send(get(`/gone/${gate.port}`));
      const visitor = await gate.reached();
      client[Symbol.dispose]();
      await visitor.open();
      await ending.told("client gone open");
      const told = await ending.stop();
      assertEquals(told.slice(0, 3), ["client gone open", "mail sent", "first callback shutdown"]);
    });

    it("waitUntil() with a promise that rejects is logged with its request, and no panic", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/rejects"), 200);
      await ending.program.stderr.find(
        /worker 1: waitUntil\(\) rejected in GET \/rejects: Error: no mail server$/,
      );
      assertEquals(await ending.get("/mail/1"), 200);
      await ending.told("mail sent");
      assertEquals(await ending.stop(), ["mail sent", ...stepsOf("shutdown")]);
      assertEquals(/panic|replaced/.test(ending.program.stderr.text), false);
    });

    it("an onShutdown callback that throws is logged and delays nothing", async () => {
      await using ending = await EndingProgram.inOrder(isolation, {}, { callback: "throws" });
      assertEquals(await ending.stop(), stepsOf("shutdown"));
      assertMatch(
        ending.program.stderr.text,
        /worker 1: onShutdown callback "second" failed: Error: the second callback fails$/m,
      );
    });

    it("a promise that an onShutdown callback leaves floating is a panic, and delays nothing", async () => {
      await using ending = await EndingProgram.inOrder(isolation, {}, { callback: "floats" });
      assertEquals(await ending.stop(), stepsOf("shutdown"));
      assertMatch(
        ending.program.stderr.text,
        /worker 1: panic in a promise that nobody awaits: Error: nothing awaits this$/m,
      );
    });

    it("an onShutdown callback that was added by a handler is called, too", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/registers"), 200);
      assertEquals((await ending.stop())[2], "late callback shutdown");
    });

    it("a server that is mounted with fetch() takes part in the end of its worker", async () => {
      await using ending = await EndingProgram.inOrder(isolation);
      assertEquals(await ending.get("/mounted/300"), 200);
      const told = await ending.stop();
      assertEquals([told[0], told[3]], ["mail sent", "mounted callback shutdown"]);
    });

    it("SIGTTOU has the worker that is one too many do the same with the reason recycling", async () => {
      await using ending = await EndingProgram.inOrder(isolation, { workers: 2 });
      ending.program.signal("SIGTTOU");
      await ending.told("exit", 2);
      assertEquals(await ending.stop(2), stepsOf("recycling"));
    });

    for (const framework of ["hono", "h3"]) {
      it(`the default export of an application of ${framework} has both`, async () => {
        await using ending = await EndingProgram.start([
          `${ROOT}src/cli.ts`,
          `${APPS}ends_${framework}.ts`,
          ...["--port", "0", "--workers", "1", "--isolation", isolation, "--access-log", "off"],
        ]);
        assertEquals(await ending.get("/mail/300"), 200);
        assertEquals(await ending.stop(), ["mail sent", `ends_${framework}.ts shutdown`]);
      });
    }

    it("has at least a second for its background work, whatever drainTimeout is", async () => {
      await using ending = await EndingProgram.inOrder(isolation, { drainTimeout: 0 });
      assertEquals(await ending.get("/mail/800"), 200);
      assertEquals(await ending.stop(), ["mail sent", ...stepsOf("shutdown")]);
    });

    it("cuts off background work that does not end, logs it, and still calls its callbacks", async () => {
      await using ending = await EndingProgram.inOrder(isolation, { drainTimeout: 0 });
      assertEquals(await ending.get("/hangs"), 200);
      assertEquals(await ending.stop(), stepsOf("shutdown"));
      assertMatch(
        ending.program.stderr.text,
        /worker 1: 1 promise given to waitUntil\(\) has not settled and is cut off: GET \/hangs after \d+ ms$/m,
      );
    });

    it("cuts off an onShutdown callback that does not end, logs it, and goes on", async () => {
      await using ending = await EndingProgram.inOrder(
        isolation,
        { drainTimeout: 0 },
        { callback: "hangs" },
      );
      assertEquals(await ending.stop(), stepsOf("shutdown"));
      assertMatch(
        ending.program.stderr.text,
        /worker 1: 1 of 2 onShutdown callbacks cut off after \d+ ms: "second"$/m,
      );
    });
  });
}

describe("--check", { ignore: !CAN_START_PROGRAMS }, () => {
  it("--check calls no onShutdown callback", async () => {
    await using program = Program.deno([
      "run",
      ...["-A", "--no-check", `${ROOT}src/cli.ts`, "--check", `${APPS}ends_hono.ts`],
    ], { cwd: ROOT });
    const { code } = await program.ended();
    assertEquals(code, 0);
    assertMatch(program.stdout.text, /ends_hono\.ts starts;/);
    assertEquals(/shutdown|recycling|reload|panic/.test(program.stdout.text), false);
  });
});
