/**
 * For tests of an application under real workers, and under their death: `startServer()` starts it
 * on a free port, and `crash()`, `exit()` and `hang()` have one of its workers die in the ways in
 * which workers do. To test handlers alone, `WebServer.fetch` does without all of that.
 *
 * @module
 */

// The faults are real: the supervisor sends an order to the worker, which fails without a report,
// as by a fault of its own.

import { httpOrigin } from "./net/host_port.ts";
import type { Fault } from "./ipc/messages.ts";
import type { RunOptions } from "./options/run_options.ts";
import { WebServer } from "./server.ts";
import { borrowVariables } from "./runtime/borrowed_variables.ts";
import type { RunningServer } from "./supervisor/running_server.ts";
import { injectFault, isAnyThreadEnding } from "./supervisor/supervisor.ts";

/** Long enough for a worker on a busy machine, short enough to wait for in a test. */
const HANG_TIMEOUT_MS = 3_000;

/** How long a replacement may take, on a machine that has much else to do. */
const REPLACEMENT_TIMEOUT_MS = 30_000;

/** How often to look whether a worker has been replaced. */
const POLL_MS = 10;

/**
 * A server that runs for a test.
 *
 * @example See that no request is lost when a worker dies
 * ```ts ignore
 * import { startServer } from "@mudpie/server/testing";
 *
 * Deno.test("the API survives the death of a worker", async () => {
 *   await using server = await startServer(import.meta.resolve("./main.ts"));
 *   const replaced = server.crash();
 *   for (let i = 0; i < 100; i++) {
 *     const response = await server.fetch("/users/7");
 *     if (!response.ok) throw new Error(await response.text());
 *     await response.body?.cancel();
 *   }
 *   await replaced;
 * });
 * ```
 */
export interface TestedServer extends RunningServer {
  /** Where it listens, such as `http://127.0.0.1:43211`. */
  readonly origin: string;
  /** Fetches a path of the server. Its connections end with the server, so a test leaves none. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /**
   * Has something throw in a worker that nothing catches: a panic outside of any request. Resolves
   * when the worker is gone and as many accept as are desired, or when the server has shut down.
   * Workers that die young one after the other are replaced more and more slowly, as they are in
   * production: from the second on it may take seconds.
   *
   * @param index which of the workers that accept, from 0; the first one by default
   * @throws {RangeError} when there are not so many; the methods below do the same
   * @throws {Error} when the worker has not been replaced after half a minute: with
   * `onPanic: "keep"` it is not
   */
  crash(index?: number): Promise<void>;
  /** Has a worker call `Deno.exit()`, which raises no event. Resolves as {@linkcode crash} does. */
  exit(index?: number): Promise<void>;
  /**
   * Has a worker spin for ever, so that it answers no client until `hangTimeout` has passed, 3,000
   * ms by default here. Resolves as {@linkcode crash} does.
   *
   * @throws {TypeError} with `isolation: "web"`, since such a worker could never be stopped, and
   * the test never end; and with `hangTimeout: 0`, since the hang would not be noticed
   */
  hang(index?: number): Promise<void>;
}

/**
 * The options of {@linkcode startServer}: those of a run, and the environment of the test.
 *
 * @example A database for one test
 * ```ts
 * import type { TestOptions } from "@mudpie/server/testing";
 *
 * const options: TestOptions = { workers: 1, env: { NOTES_DB: "/tmp/test.sqlite" } };
 * console.log(options.env?.NOTES_DB);
 * ```
 */
export interface TestOptions extends RunOptions {
  /**
   * Variables of the environment that hold while the server runs; undefined unsets one. Nothing by
   * default. The environment belongs to the whole process, in both isolations: the test sees these
   * values as well, and servers that run at the same time cannot give one variable two values.
   * `deno test --parallel` runs test files as threads of one process, so there each file needs
   * variables of its own, or a process of its own.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts the application of a module, the one that calls `server.run()`, in real workers; one that
 * only has a default export with a `fetch` is mounted by such a module, with `fetchHandler`. Unless
 * `options` say otherwise, it listens on a free port of 127.0.0.1 in listen mode `shared`, in which
 * no connection is reset in the moment in which a worker's socket closes, with two workers that are
 * threads (`isolation: "thread"`), since these can be stopped when they hang, and a `hangTimeout`
 * of 3,000 ms. With `await using` it is shut down at the end of the test, and leaves nothing to
 * Deno's sanitizers.
 *
 * @throws {TypeError} when an option is wrong; when another server under test has given a variable
 * of `env` another value
 * @throws {Error} when no worker can start
 *
 * @example A test with a database of its own
 * ```ts ignore
 * import { startServer } from "@mudpie/server/testing";
 *
 * const folder = await Deno.makeTempDir();
 * const env = { NOTES_DB: `${folder}/notes.sqlite` };
 * await using server = await startServer(import.meta.resolve("./main.ts"), { env });
 * ```
 *
 * @example Ask an application in its workers
 * ```ts ignore
 * import { startServer } from "@mudpie/server/testing";
 *
 * await using server = await startServer(import.meta.resolve("./main.ts"), { workers: 1 });
 * const response = await server.fetch("/hello");
 * console.log(response.status, await response.text());
 * ```
 */
export async function startServer(
  entry: string | URL,
  options: TestOptions = {},
): Promise<TestedServer> {
  const { env = {}, ...runOptions } = options;
  const { isolation = "thread", hangTimeout = HANG_TIMEOUT_MS } = runOptions;
  const giveBack = borrowVariables(env);
  try {
    const running = await new WebServer().start({
      port: 0,
      workers: 2,
      listen: "shared",
      ...runOptions,
      hangTimeout,
      isolation,
      entry,
    });
    running.finished.then(giveBack, giveBack);
    return new ServerUnderTest(running, isolation, hangTimeout);
  } catch (error) {
    giveBack();
    throw error;
  }
}

class ServerUnderTest implements TestedServer {
  readonly origin: string;
  readonly addr: Deno.NetAddr;
  readonly adminAddr: Deno.NetAddr | undefined;
  readonly listenMode: RunningServer["listenMode"];
  readonly finished: Promise<void>;
  readonly #running: RunningServer;
  readonly #isolation: "web" | "thread";
  readonly #hangTimeout: number;
  #client: Deno.HttpClient | undefined = Deno.createHttpClient({});
  #hasFinished = false;

  constructor(running: RunningServer, isolation: "web" | "thread", hangTimeout: number) {
    const { addr, adminAddr, listenMode, finished } = running;
    this.#running = running;
    this.#isolation = isolation;
    this.#hangTimeout = hangTimeout;
    const end = () => {
      this.#hasFinished = true;
      this.#client?.close();
      this.#client = undefined;
    };
    finished.then(end, end);
    this.addr = addr;
    this.adminAddr = adminAddr;
    this.listenMode = listenMode;
    this.finished = finished;
    this.origin = httpOrigin(addr.hostname, addr.port);
  }

  get ready(): boolean {
    return this.#running.ready;
  }

  stats(): ReturnType<RunningServer["stats"]> {
    return this.#running.stats();
  }

  reload(): Promise<void> {
    return this.#running.reload();
  }

  shutdown(): Promise<void> {
    return this.#running.shutdown();
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    if (this.#client === undefined) {
      throw new TypeError(`Cannot fetch ${JSON.stringify(path)}: the server has shut down`);
    }
    return await fetch(new URL(path, this.origin), { ...init, client: this.#client });
  }

  crash(index = 0): Promise<void> {
    return this.#have(index, "crash");
  }

  exit(index = 0): Promise<void> {
    return this.#have(index, "exit");
  }

  async hang(index = 0): Promise<void> {
    if (this.#isolation === "web") {
      throw new TypeError(
        'Cannot hang a worker with isolation "web": it could never be stopped; leave out isolation, or say "thread"',
      );
    }
    if (this.#hangTimeout === 0) {
      throw new TypeError("Cannot hang a worker with hangTimeout 0: nobody would ever notice");
    }
    await this.#have(index, "hang");
  }

  async #have(index: number, fault: Fault): Promise<void> {
    const accepting = this.#accepting();
    const victim = accepting[index];
    if (victim === undefined) {
      throw new RangeError(
        `Cannot ${fault} worker ${index}: ${accepting.length} accept, and are counted from 0`,
      );
    }
    injectFault(this.#running, victim, fault);
    const isWhole = () =>
      !this.#isThere(victim) && this.#accepting().length >= this.stats().desired &&
      !isAnyThreadEnding(this.#running);
    const deadline = performance.now() + this.#hangTimeout + REPLACEMENT_TIMEOUT_MS;
    while (!isWhole() && !this.#hasFinished) {
      if (performance.now() > deadline) {
        throw new Error(
          `Worker ${victim} was told to ${fault} and has not been replaced in time; ` +
            'an application with onPanic "keep" keeps a worker that crashes',
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #isThere(worker: number): boolean {
    return this.stats().workers.some((each) => each.worker === worker);
  }

  #accepting(): number[] {
    return this.stats().workers
      .filter(({ status }) => status === "accepting")
      .map(({ worker }) => worker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}
