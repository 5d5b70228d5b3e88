// Starts a program as a process of its own, reads its lines, and ends it by its process id.

import { within } from "../deadline.ts";

/** The lines of a stream, as they come. */
export class Lines {
  readonly all: string[] = [];
  readonly #waiting = new Set<() => void>();
  /** Resolves at the end of the stream. */
  readonly ended: Promise<void>;
  #hasEnded = false;

  /** Nothing is read before `begin` has resolved. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, begin?: Promise<void>) {
    this.ended = this.#read(stream, begin);
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    begin: Promise<void> | undefined,
  ): Promise<void> {
    await begin;
    let partial = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (partial + text).split("\n");
      partial = lines.pop() ?? "";
      this.all.push(...lines);
      this.#wake();
    }
    if (partial !== "") this.all.push(partial);
    this.#hasEnded = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** The first line that matches, of those that came and those to come; `from` leaves out as many. */
  async find(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const seen = Promise.withResolvers<RegExpExecArray>();
    const look = () => {
      for (const line of this.all.slice(from)) {
        const match = pattern.exec(line);
        if (match !== null) return seen.resolve(match);
      }
      if (this.#hasEnded) {
        seen.reject(
          new Error(`The program ended without a line like ${pattern}: ${this.all.join("\n")}`),
        );
      }
    };
    this.#waiting.add(look);
    look();
    try {
      return await within(seen.promise, `a line like ${pattern} among: ${this.all.join("\n")}`);
    } finally {
      this.#waiting.delete(look);
    }
  }

  get text(): string {
    return this.all.join("\n");
  }
}

/** How a program is started. */
export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Standard output is read only from when this resolves: up to then, the program writes to a reader that does not read. */
  readonly readFrom?: Promise<void>;
}

/** A program that runs. */
export class Program implements AsyncDisposable {
  readonly stdout: Lines;
  readonly stderr: Lines;
  readonly #child: Deno.ChildProcess;
  #hasEnded = false;
  /** Resolves when the process is gone and all that it wrote was read. */
  readonly #ended: Promise<Deno.CommandStatus>;

  private constructor(child: Deno.ChildProcess, readFrom: Promise<void> | undefined) {
    this.#child = child;
    this.stdout = new Lines(child.stdout, readFrom);
    this.stderr = new Lines(child.stderr);
    this.#ended = this.#end();
  }

  /** Starts `command` with these arguments. */
  static start(command: string, args: readonly string[], options: ProgramOptions = {}): Program {
    const child = new Deno.Command(command, {
      args: [...args],
      cwd: options.cwd,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", MUDPIE_LOGGING: "0", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Program(child, options.readFrom);
  }

  /** Starts Deno with these arguments. */
  static deno(args: readonly string[], options: ProgramOptions = {}): Program {
    return Program.start(Deno.execPath(), args, options);
  }

  async #end(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    this.#hasEnded = true;
    await Promise.all([this.stdout.ended, this.stderr.ended]);
    return status;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal to the program. Nothing happens if it has ended. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Resolves when the process is gone: for who watches a program, and does not wait for its end. */
  get end(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** Waits for the program's own end. */
  async ended(): Promise<Deno.CommandStatus> {
    return await within(this.#ended, "the end of the program");
  }

  /** Waits for the line that tells where the server listens, and gives it as a match: url, port, workers, listen mode. */
  async listening(): Promise<{ line: string; port: number; workers: number; listen: string }> {
    const match = await this.stderr.find(LISTENING);
    return {
      line: match[0],
      port: Number(match.groups?.port),
      workers: Number(match.groups?.workers),
      listen: match.groups?.listen ?? "",
    };
  }

  /** Ends the program if it has not ended yet, whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

const LISTENING =
  /listening on http:\/\/(?:127\.0\.0\.1|\[::\]):(?<port>\d+) with (?<workers>\d+) workers? .*listen mode (?<listen>\w+)/;
