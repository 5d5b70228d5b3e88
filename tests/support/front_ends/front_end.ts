// What nginx and HAProxy have in common: a program that is started in front of servers with a configuration that others wrote,
// in which no more than ports, paths and users are replaced.

import { DEADLINE_MS } from "../deadline.ts";
import { Program } from "../servers/program.ts";

/** The text with each of those replaced, wherever it stands. Each has to stand there: a test would run something else otherwise. */
export function replaceEach(text: string, replacements: Readonly<Record<string, string>>): string {
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`There is no ${JSON.stringify(from)} to replace`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** A server behind a front end. */
export interface Server {
  readonly port: number;
  /** Where it says whether it is ready. */
  readonly adminPort: number;
}

/** How a front end is started. */
interface FrontEndCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** A front end that runs. */
export class FrontEnd implements AsyncDisposable {
  readonly port: number;
  readonly program: Program;
  readonly folder: string;

  private constructor(port: number, program: Program, folder: string) {
    this.port = port;
    this.program = program;
    this.folder = folder;
  }

  /** Has `prepare` write what the program needs into a folder of its own, starts it, and waits until it accepts on the port. */
  static async start(
    port: number,
    prepare: (folder: string) => Promise<FrontEndCommand>,
  ): Promise<FrontEnd> {
    const folder = await Deno.makeTempDir();
    const { command, args } = await prepare(folder);
    const program = Program.start(command, args);
    const frontEnd = new FrontEnd(port, program, folder);
    let hasEnded = false;
    // Whoever does not end is not waited for here.
    program.ended().then(() => hasEnded = true, () => {});
    try {
      await waitForPort(port, () => hasEnded);
      return frontEnd;
    } catch (error) {
      await frontEnd[Symbol.asyncDispose]();
      throw new Error(`${command} says: ${program.stderr.text}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // Not killed at once: nginx's processes would stay behind it.
      this.program.signal("SIGTERM");
      await this.program.ended();
    } catch (error) {
      // Where the configuration was wrong it has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.program[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function waitForPort(port: number, isHopeless: () => boolean): Promise<void> {
  for (const start = performance.now();;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      // It is not there yet.
      if (isHopeless() || performance.now() - start > DEADLINE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
