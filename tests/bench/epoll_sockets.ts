// Sockets of the kernel itself, for load generators: Deno's own cost more than the servers that they
// are to keep busy, and some of them get their turn before the others. Linux and glibc alone.

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const ADDRESS_BYTES = 16;
const LOOPBACK = 0x7f000001;

/** The kernel's `struct epoll_event` is packed on this architecture alone. */
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_DATA_AT = EVENT_BYTES - 8;
const EVENTS_AT_ONCE = 512;
/** How long to wait when nothing comes, before the caller looks at the clock. */
const WAIT_MS = 100;

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // What they return fits 32 bits here, and a number of 64 would be a bigint.
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Connections to one port of this machine, by their numbers from 0 on. They live as long as the process. */
export class EpollSockets {
  readonly #libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  readonly #port: number;
  readonly #sockets: number[] = [];
  readonly #epoll = this.#libc.epoll_create1(0);
  readonly #events = new DataView(new ArrayBuffer(EVENT_BYTES * EVENTS_AT_ONCE));

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens a connection, and returns its number. */
  connect(): number {
    const libc = this.#libc;
    const socket = libc.socket(AF_INET, SOCK_STREAM, 0);
    if (socket < 0) throw new Error("Cannot make a socket: out of descriptors?");
    const on = new Uint8Array(new Int32Array([1]).buffer);
    libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, on, on.length);
    const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
    address.setUint16(0, AF_INET, true);
    address.setUint16(2, this.#port);
    address.setUint32(4, LOOPBACK);
    if (libc.connect(socket, address.buffer, ADDRESS_BYTES) !== 0) {
      throw new Error(`Cannot connect to port ${this.#port}`);
    }
    const index = this.#sockets.push(socket) - 1;
    const event = new DataView(new ArrayBuffer(EVENT_BYTES));
    event.setUint32(0, EPOLLIN, true);
    event.setUint32(EVENT_DATA_AT, index, true);
    libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, socket, event.buffer);
    return index;
  }

  /** Waits until some connections have something to read, for 100 ms at most. Returns how many. */
  wait(ms = WAIT_MS): number {
    return this.#libc.epoll_wait(this.#epoll, this.#events.buffer, EVENTS_AT_ONCE, ms);
  }

  /** The number of the connection that was the n-th of those that the last `wait` has found. */
  ready(n: number): number {
    return this.#events.getUint32(n * EVENT_BYTES + EVENT_DATA_AT, true);
  }

  /** Sends bytes. Throws if the kernel does not accept all of them at once. */
  send(index: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#send(index, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  /** Sends bytes, and waits until the kernel has accepted all of them. */
  sendAll(index: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#send(index, bytes, MSG_NOSIGNAL);
  }

  #send(index: number, bytes: Uint8Array<ArrayBuffer>, flags: number): void {
    const sent = this.#libc.send(this.#sockets[index], bytes, BigInt(bytes.length), flags);
    if (sent !== bytes.length) throw new Error(`The server takes no request (${sent})`);
  }

  /** Reads what is there into `into`, and returns how many bytes that is. */
  receive(index: number, into: Uint8Array<ArrayBuffer>): number {
    const socket = this.#sockets[index];
    const count = this.#libc.recv(socket, into, BigInt(into.length), MSG_DONTWAIT);
    if (count <= 0) throw new Error("The server has ended a connection");
    return count;
  }
}

/** Runs a load generator as a process of its own on those processors, as `taskset` takes them. */
export function pinnedLoad(file: string, load: unknown, processors: string): Deno.Command {
  const program = [Deno.execPath(), "run", "-A", "--no-check", new URL(file).pathname];
  return new Deno.Command("taskset", {
    args: ["-c", processors, ...program, JSON.stringify(load)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs it to its end, and returns what it has printed. */
export async function pinnedResult<T>(file: string, load: unknown, processors: string): Promise<T> {
  const child = pinnedLoad(file, load, processors).spawn();
  await child.stdin.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`The load has failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
