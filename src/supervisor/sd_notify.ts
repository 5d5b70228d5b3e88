// Reports the state of the service to systemd, or to another service manager, in the protocol of
// sd_notify(3): datagrams with lines such as READY=1, sent to the socket that the environment
// names. systemd learns from them that a service is up, and that it still lives.

import { environmentVariable } from "../runtime/environment.ts";
import { messageOf } from "../runtime/error_message.ts";

/** The functions of Deno that `--unstable-net` brings; without the flag they are not there. */
interface UnstableNet {
  listenDatagram?(options: { transport: "unixpacket"; path: string }): UnixSocket;
}

interface UnixSocket {
  send(bytes: Uint8Array, to: { transport: "unixpacket"; path: string }): Promise<number>;
  close(): void;
}

/** Reports this share of the allowed time apart: one may be late, and one lost. */
const WATCHDOG_SHARE = 1 / 3;

const MICROSECONDS_PER_MILLISECOND = 1_000;

/** What Deno has to be started with so that all reports are possible. */
const FLAGS = "--unstable-net --allow-net --allow-env=NOTIFY_SOCKET,WATCHDOG_USEC,WATCHDOG_PID " +
  "--allow-read=/run/systemd,/tmp --allow-write=/run/systemd,/tmp";

/** The file descriptor of standard error. */
const STANDARD_ERROR = 2;

/** The number of the process that starts all services of a machine. */
const FIRST_PROCESS = 1;

const encoder = new TextEncoder();

/** The sending end of the sd_notify protocol. */
export class SdNotify {
  readonly #socket: UnixSocket;
  readonly #folder: string;
  readonly #path: string;
  readonly #watchdogMs: number | undefined;
  readonly #log: (line: string) => void;
  #hasLoggedRefusal = false;
  #watchdogAt = -Infinity;
  #status = "";
  /** The reports before. The next one waits for them, so that the order is kept. */
  #told: Promise<unknown> = Promise.resolve();

  private constructor(
    { socket, folder, path }: { socket: UnixSocket; folder: string; path: string },
    log: (line: string) => void,
  ) {
    this.#log = log;
    this.#socket = socket;
    this.#folder = folder;
    this.#path = path;
    this.#watchdogMs = watchdogInterval();
  }

  /**
   * Connects if the environment names a socket (`NOTIFY_SOCKET`). A failure is logged: the service
   * runs without. So is that the variable may not be read, if systemd has started the process: with
   * `Type=notify` systemd would end it at the end of its time.
   */
  static connect(log: (line: string) => void): SdNotify | undefined {
    const path = environmentVariable("NOTIFY_SOCKET");
    if (path === undefined && isHidden("NOTIFY_SOCKET")) void reportHidden(log);
    if (path === undefined || path === "") return undefined;
    const cannot = "cannot tell the service manager of NOTIFY_SOCKET anything: ";
    if (!path.startsWith("/")) {
      log(`${cannot}Deno reaches sockets in the file system alone, and it is ${path}`);
      return undefined;
    }
    const { listenDatagram } = Deno as UnstableNet;
    if (listenDatagram === undefined) {
      log(`${cannot}Deno was started without --unstable-net; it needs ${FLAGS}`);
      return undefined;
    }
    try {
      // A socket of our own to send from has to have a place.
      const folder = Deno.makeTempDirSync({ prefix: "mudpie-" });
      const socket = listenDatagram({ transport: "unixpacket", path: `${folder}/notify.sock` });
      return new SdNotify({ socket, folder, path }, log);
    } catch (error) {
      log(`${cannot}${messageOf(error)}${adviceAbout(error)}`);
      return undefined;
    }
  }

  /** Reports that the service is up, for the first time or after a reload. */
  ready(): void {
    this.#tell("READY=1");
  }

  reloading(): void {
    this.#tell("RELOADING=1");
  }

  stopping(): void {
    this.#tell("STOPPING=1");
  }

  /** Sets the text of `systemctl status`. Sends it when it has changed. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#tell(`STATUS=${text}`);
  }

  /**
   * Called often while the service is alive. Sends as many reports as the service manager asks for.
   */
  alive(now: number): void {
    if (this.#watchdogMs === undefined || now - this.#watchdogAt < this.#watchdogMs) return;
    this.#watchdogAt = now;
    this.#tell("WATCHDOG=1");
  }

  /** Closes the socket after the last report. */
  async close(): Promise<void> {
    await this.#told;
    this.#socket.close();
    // What cannot be removed is an empty folder among temporary ones.
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {});
  }

  #tell(line: string): void {
    const to = { transport: "unixpacket", path: this.#path } as const;
    this.#told = this.#told
      .then(() => this.#socket.send(encoder.encode(line), to))
      .catch((error) => this.#noteFailure(error));
  }

  /** A service manager that does not listen is no reason not to serve. */
  #noteFailure(error: unknown): void {
    if (!(error instanceof Deno.errors.NotCapable) || this.#hasLoggedRefusal) return;
    this.#hasLoggedRefusal = true;
    this.#log(`cannot report to the service manager: ${messageOf(error)}${adviceAbout(error)}`);
  }
}

/** Whether a variable may not be read, so that it looks as if it were not set. */
function isHidden(variable: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable }).state !== "granted";
}

/** Logs what systemd would wait for in vain, if it has started the process. */
async function reportHidden(log: (line: string) => void): Promise<void> {
  const invocationId = environmentVariable("INVOCATION_ID");
  const parent = Deno.ppid;
  // The module with this function takes as long to load as the rest of the server.
  const logsToSocket = parent === FIRST_PROCESS && await isSocket(STANDARD_ERROR);
  if (!runsUnderSystemd({ invocationId, parent, logsToSocket })) return;
  log(
    "cannot report to systemd: Deno may not read NOTIFY_SOCKET; " +
      `a unit with Type=notify needs ${FLAGS}`,
  );
}

/** Deno itself has no function for this that needs no permission. */
async function isSocket(descriptor: number): Promise<boolean> {
  const { fstatSync } = await import("node:fs");
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    // It is closed.
    return false;
  }
}

/** What shows, without any permission, what has started the process. */
export interface ProcessFacts {
  /** Systemd sets it for each start of a unit. Undefined where it may not be read. */
  readonly invocationId: string | undefined;
  readonly parent: number;
  /** Whether standard error is a socket, as that of the journal is. */
  readonly logsToSocket: boolean;
}

/**
 * Whether systemd has started the process. In a container the first process is another program,
 * which passes on a pipe or a terminal.
 */
export function runsUnderSystemd({ invocationId, parent, logsToSocket }: ProcessFacts): boolean {
  return invocationId !== undefined || (parent === FIRST_PROCESS && logsToSocket);
}

function adviceAbout(error: unknown): string {
  return error instanceof Deno.errors.NotCapable ? `; the reports need ${FLAGS}` : "";
}

/**
 * Returns how often the service manager asks for a report; undefined if it asks for none of this
 * process.
 */
function watchdogInterval(): number | undefined {
  const pid = environmentVariable("WATCHDOG_PID");
  if (pid !== undefined && pid !== "" && Number(pid) !== Deno.pid) return undefined;
  const microseconds = Number(environmentVariable("WATCHDOG_USEC"));
  return microseconds > 0
    ? microseconds / MICROSECONDS_PER_MILLISECOND * WATCHDOG_SHARE
    : undefined;
}
