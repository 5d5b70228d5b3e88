// A server as a process of its own, watched from outside: its descriptors, its memory, its processor time. What it leaves
// behind cannot be judged from inside of the process that does the leaving, so this reads what Linux tells of a process.

import type { AppOptions } from "./app.ts";
import { eventually } from "../deadline.ts";
import { type Lines, Program } from "./program.ts";
import { get, RawClient } from "../clients/raw_client.ts";
import { CAN_START_PROGRAMS, type Way } from "./started_app.ts";
import type { LogReason } from "../../../src/http1/log_reason.ts";

/** Whether servers can be started and watched so. */
export const CAN_WATCH_PROCESSES: boolean = CAN_START_PROGRAMS && Deno.build.os === "linux" &&
  (["read", "ffi", "sys"] as const).every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );

/** The name of a suite that needs so many descriptors in the test's own process, and whether it is to be ignored. */
export function needsDescriptors(
  name: string,
  count: number,
): { readonly name: string; readonly ignore: boolean } {
  if (!CAN_WATCH_PROCESSES) {
    return { name: `${name} (ignored: needs Linux and all permissions)`, ignore: true };
  }
  const limit = maxDescriptors();
  if (limit < count) {
    return {
      name: `${name} (ignored: needs ${count} descriptors, the limit is ${limit}; see ulimit -n)`,
      ignore: true,
    };
  }
  return { name, ignore: false };
}

/** How many descriptors a process may have here; Deno raises its own limit to the highest that it may. */
function maxDescriptors(): number {
  const match = /^Max open files +\d+ +(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"));
  return match === null ? 0 : Number(match[1]);
}

/** The memory of a worker, when all that can be collected has been. */
export interface WorkerMemory {
  readonly heapUsed: number;
  readonly external: number;
}

/** What a server is started with. */
interface ServerProcessOptions extends AppOptions {
  readonly way: Way;
  /** The most descriptors that the process may have. */
  readonly maxDescriptors?: number;
  /** What Deno is told that the program may do; all, where nothing is said. */
  readonly permissions?: readonly string[];
}

/** One of the apps in apps/ that runs as a process of its own, by default with one worker. */
export class ServerProcess implements AsyncDisposable {
  readonly program: Program;
  readonly port: number;

  private constructor(program: Program, port: number) {
    this.program = program;
    this.port = port;
  }

  /** Starts an app, and waits until it listens and has settled. */
  static async start(
    name: string,
    { way, maxDescriptors, permissions = ["-A"], run, ...options }: ServerProcessOptions,
  ): Promise<ServerProcess> {
    const path = new URL(`../apps/${name}`, import.meta.url).pathname;
    const app = JSON.stringify({ ...options, run: { port: 0, workers: 1, ...way, ...run } });
    const args = ["run", ...permissions, "--v8-flags=--expose-gc", path, app];
    const program = maxDescriptors === undefined ? Program.deno(args) : Program.start("sh", [
      "-c",
      `ulimit -n ${maxDescriptors}; exec "$@"`,
      "sh",
      Deno.execPath(),
      ...args,
    ]);
    try {
      const { port } = await program.listening();
      const server = new ServerProcess(program, port);
      // The descriptors that starting takes are closed a little later than the server listens.
      await server.settledDescriptors();
      return server;
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  get stderr(): Lines {
    return this.program.stderr;
  }

  async connect(): Promise<RawClient> {
    return await RawClient.connect(this.port);
  }

  /** Asks for a page on a connection of its own, and returns its text. */
  async text(target: string): Promise<string> {
    using client = await this.connect();
    return (await client.ask(get(target, "Connection: close"))).text;
  }

  /** How many descriptors the process has; undefined when it is gone. */
  descriptors(): number | undefined {
    try {
      return [...Deno.readDirSync(`/proc/${this.program.pid}/fd`)].length;
    } catch {
      // A directory that cannot be read is that of a process that has ended.
      return undefined;
    }
  }

  /** Waits until the number of descriptors has not changed for some looks. */
  async settledDescriptors(): Promise<number> {
    let last = -1;
    let unchanged = 0;
    return await eventually(() => {
      const count = this.descriptors() ?? -1;
      unchanged = count === last ? unchanged + 1 : 0;
      last = count;
      return unchanged >= SETTLED_LOOKS && count;
    }, "a number of descriptors that stays as it is");
  }

  /**
   * Returns what it has logged on standard error, but for the addresses on which it listens and the
   * lines of error responses with these reasons.
   */
  surprises(...reasons: readonly LogReason[]): readonly string[] {
    return this.stderr.all.filter((line) =>
      !line.includes("listening") && !reasons.some((reason) => line.includes(`: ${reason} of `))
    );
  }

  /** Waits until the process has that many descriptors, or fewer. */
  async descriptorsDownTo(count: number): Promise<void> {
    await eventually(
      () => (this.descriptors() ?? Infinity) <= count,
      `a process with ${count} descriptors`,
    );
  }

  /** Waits until the process has that many descriptors, or more. */
  async descriptorsUpTo(count: number): Promise<void> {
    await eventually(
      () => (this.descriptors() ?? 0) >= count,
      `a process with ${count} descriptors`,
    );
  }

  /** The memory that the process has from the system, in bytes. */
  residentBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.program.pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
  }

  /** The processor time that the process has used, in ticks of the system's clock (a hundredth of a second each). */
  processorTicks(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.program.pid}/stat`);
    // The name of the program comes before these, in brackets, and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  }

  /** The memory of the worker, when all that can be collected has been; only of an app that has the path. */
  async workerMemory(): Promise<WorkerMemory> {
    return JSON.parse(await this.text("/memory"));
  }

  /** Ends the server as an operator does, and gives its exit code. */
  async stop(): Promise<number> {
    this.program.signal("SIGTERM");
    return (await this.program.ended()).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

/** How many looks in a row have to show the same number; each is 5 ms from the one before it. */
const SETTLED_LOOKS = 20;
