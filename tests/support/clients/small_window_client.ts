// A client with the smallest receive window and the smallest segments that Linux lets it have. To such a one the server's
// kernel gives a small send buffer, some ten kilobytes instead of megabytes, so what the client does not read is soon felt by
// the server; and a thousand of them do not fill the machine's memory. Deno cannot set these options, so this calls libc.

import { DEADLINE_MS } from "../deadline.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_SNDTIMEO = 21;
const IPPROTO_TCP = 6;
const TCP_MAXSEG = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const ADDRESS_BYTES = 16;

/** Small enough for the effect; with still smaller ones the kernel waits for its timers at every step. */
const RECEIVE_BUFFER_BYTES = 1_024;
const SEGMENT_BYTES = 200;

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32", nonblocking: true },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

function openLibrary(): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS);
  } catch {
    // Another system, another C library, or no permission.
    return undefined;
  }
}

/** Stays open for as long as the process runs. */
let library: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

/** Whether there can be such clients here. */
export function canShrinkWindows(): boolean {
  library ??= openLibrary();
  return library !== undefined;
}

/** One connection with a small window. */
export class SmallWindowClient implements Disposable {
  readonly #socket: number;
  #isOpen = true;
  /** How many bytes it has taken. */
  taken = 0;

  private constructor(socket: number) {
    this.#socket = socket;
  }

  static async connect(port: number): Promise<SmallWindowClient> {
    const { setsockopt, socket: open, connect } = libc();
    const socket = open(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) throw new Error("Cannot make a socket: out of descriptors?");
    // Before connecting: afterwards the window has been told to the server already.
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, integer(RECEIVE_BUFFER_BYTES), 4);
    setsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, integer(SEGMENT_BYTES), 4);
    const timeout = new Uint8Array(new BigInt64Array([BigInt(DEADLINE_MS / 1_000), 0n]).buffer);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, timeout, timeout.length);
    const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
    address.setUint16(0, AF_INET, true);
    address.setUint16(2, port);
    address.setUint32(4, 0x7f000001);
    if (await connect(socket, address.buffer, ADDRESS_BYTES) !== 0) {
      throw new Error(`Cannot connect to port ${port}`);
    }
    return new SmallWindowClient(socket);
  }

  /** Sends a text that fits the socket's buffer. */
  send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const sent = libc().send(this.#socket, bytes, BigInt(bytes.length), MSG_NOSIGNAL);
    if (Number(sent) !== bytes.length) throw new Error(`Sent ${sent} of ${bytes.length} bytes`);
  }

  /** Takes at most so many bytes of what is there now; false when the connection has ended. */
  take(maximumBytes: number): boolean {
    const count = Number(
      libc().recv(this.#socket, sink(maximumBytes), BigInt(maximumBytes), MSG_DONTWAIT),
    );
    if (count > 0) this.taken += count;
    // Less than zero is either "nothing there now" or an error; the next look tells, since an error is reported once.
    return count !== 0;
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) libc().close(this.#socket);
    this.#isOpen = false;
  }
}

function libc() {
  if (!canShrinkWindows() || library === undefined) throw new Error("Cannot call libc.so.6");
  return library.symbols;
}

function integer(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([value]).buffer);
}

/** Where taken bytes go; nobody looks at them. */
let sinkBytes = new Uint8Array(0);
function sink(bytes: number): Uint8Array<ArrayBuffer> {
  if (sinkBytes.length < bytes) sinkBytes = new Uint8Array(bytes);
  return sinkBytes;
}
