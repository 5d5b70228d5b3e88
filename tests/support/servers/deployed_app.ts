// Starts the application of examples/deploy as an operator does: a process of its own, on a port that stays its own, with all else
// in its environment.

import { assertEquals } from "@std/assert";
import { freePort } from "./free_port.ts";
import { assertNoFailures, Load, type LoadCounts } from "../clients/load.ts";
import { Program } from "./program.ts";

const APP = new URL("../../../examples/deploy/app.ts", import.meta.url).pathname;

/** One process of the application, or one after the other. */
export class DeployedApp implements AsyncDisposable {
  readonly port: number;
  readonly adminPort: number;
  readonly #environment: Record<string, string>;
  #program: Program;

  private constructor(environment: Record<string, string>, program: Program) {
    this.port = Number(environment.PORT);
    this.adminPort = Number(environment.ADMIN_PORT);
    this.#environment = environment;
    this.#program = program;
  }

  /** Starts it, and waits until it listens. */
  static async start(environment: Record<string, string> = {}): Promise<DeployedApp> {
    const whole = {
      PORT: String(freePort()),
      ADMIN_PORT: String(freePort()),
      MUDPIE_THREADS: "2",
      ...environment,
    };
    return new DeployedApp(whole, await startProgram(whole));
  }

  /** Replaces its workers, and waits until all are new. */
  async reload(): Promise<void> {
    const from = this.#program.stderr.all.length;
    this.#program.signal("SIGHUP");
    await this.#program.stderr.find(RELOADED, from);
  }

  /** Stops it as an operator does, and gives its exit code. */
  async stop(): Promise<number> {
    this.#program.signal("SIGTERM");
    return (await this.#program.ended()).code;
  }

  /** Starts it again, where it was. */
  async startAgain(): Promise<void> {
    this.#program = await startProgram(this.#environment);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

async function startProgram(env: Record<string, string>): Promise<Program> {
  const program = Program.deno(["run", "-A", APP], { env });
  try {
    await program.stderr.find(/mudpie: listening on /);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

const RELOADED = /mudpie: reloaded$/;

/** The load for the application, GET and POST in turns, each POST with a number of its own; and the journal of what it has seen. */
export class QuoteLoad implements Disposable {
  readonly #folder: string = Deno.makeTempDirSync();

  get #journal(): string {
    return `${this.#folder}/journal`;
  }

  /** What the processes are started with, so that they write down what they have seen. */
  get environment(): Record<string, string> {
    return { JOURNAL: this.#journal };
  }

  /** A folder that is there as long as the journal is. */
  get folder(): string {
    return this.#folder;
  }

  /** Begins to ask on that port: half of the clients keep their connections, half have one for each request. */
  start(port: number): Load {
    return Load.start({
      port,
      keptClients: CLIENTS_OF_EACH_KIND,
      clients: CLIENTS_OF_EACH_KIND,
      targetOf: (number) => number % 2 === 0 ? "/quotes" : "/rates/world",
      bodyOf: (number) =>
        number % 2 === 0
          ? JSON.stringify({ reference: `request ${number}`, zone: "world", grams: 1 })
          : undefined,
      expected: { "/quotes": { status: 201 }, "/rates/world": { status: 200 } },
    });
  }

  /** Sees to it that no request failed, and that each POST that was answered was done, and done once. */
  assertEachOnce(counts: LoadCounts): void {
    assertNoFailures(counts);
    const references = Deno.readTextFileSync(this.#journal).trimEnd().split("\n")
      .map((line) => JSON.parse(line).reference);
    assertEquals(references.length, new Set(references).size, "no POST is done twice");
    assertEquals(references.length, counts.answered["/quotes"], "each POST is done");
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

const CLIENTS_OF_EACH_KIND = 6;
