// What the tests of the examples share: each starts one as a process, the way its own comment says, and asks it.

import { assertEquals } from "@std/assert";
import { within } from "../deadline.ts";
import { Program } from "./program.ts";
import { CAN_START_PROGRAMS } from "./started_app.ts";

/** The port that an example has when nobody gives it another one. */
const EXAMPLE_PORT = 8000;

/** Why the examples cannot be started; empty where they can be. Their port is fixed, and somebody may be using it. */
export const HINDRANCE: string = !CAN_START_PROGRAMS
  ? " (needs permissions)"
  : isPortFree(EXAMPLE_PORT)
  ? ""
  : ` (port ${EXAMPLE_PORT} is taken by somebody else)`;

function isPortFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** An example that runs. */
export class RunningExample implements AsyncDisposable {
  readonly program: Program;
  readonly #origin: string;
  /** A client of its own for each example, so that no connection outlives it. */
  readonly #client = Deno.createHttpClient({});

  private constructor(program: Program, port: number) {
    this.program = program;
    this.#origin = `http://127.0.0.1:${port}`;
  }

  /** Starts an example and waits until it listens. */
  static async start(name: string, env: Record<string, string> = {}): Promise<RunningExample> {
    const path = new URL(`../../../examples/${name}`, import.meta.url).pathname;
    const program = Program.deno(["run", "-A", path], { env });
    const { port } = await program.listening();
    return new RunningExample(program, port);
  }

  /** What it answers to a request. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const asked = fetch(this.#origin + path, { ...init, client: this.#client, redirect: "manual" });
    return await within(asked, `an answer to ${init.method ?? "GET"} ${path}`);
  }

  /** What it answers with, where it answers with 200. */
  async text(path: string, init: RequestInit = {}): Promise<string> {
    const response = await this.ask(path, init);
    const text = await response.text();
    assertEquals(response.status, 200, text);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    this.program.signal("SIGTERM");
    assertEquals((await this.program.ended()).code, 0);
  }
}
