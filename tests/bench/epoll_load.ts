// Load from thousands of connections at full speed, with a count for each: the one thing that wrk does not tell. It asks the
// kernel itself which connections are ready, because Deno's sockets have the very unfairness that is looked for (some 128 of
// them get their turn before the others), and because a client has to be cheaper than the server that it is to keep busy:
// Node's sockets are not. Linux and glibc alone.
//
//   deno run -A tests/bench/epoll_load.ts '{"port":8000,"connections":256,"seconds":3,"request":"GET ..."}'
//
// It prints an EpollResult as JSON.

import { quantile } from "./statistics.ts";

/** What is to be done. */
export interface EpollLoad {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** What is asked on each connection, again when it was answered; all answers must have the same length. */
  readonly request: string;
}

/** What came of it. */
export interface EpollResult {
  readonly answers: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly longestUs: number;
  /** How many answers the connections have got: the one with the fewest, the middle one, the one with the most. */
  readonly least: number;
  readonly middle: number;
  readonly most: number;
}

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
/** How long to wait when nobody answers, before looking at the clock. */
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

/** The first bytes of every answer that is a right one. */
const GOOD_START = new TextEncoder().encode("HTTP/1.1 200 ");

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Connects; the sockets live as long as the process. */
function connectSocket(libc: Library, port: number): number {
  const socket = libc.socket(AF_INET, SOCK_STREAM, 0);
  if (socket < 0) throw new Error("Cannot make a socket: out of descriptors?");
  libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, new Uint8Array(new Int32Array([1]).buffer), 4);
  const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  address.setUint16(0, AF_INET, true);
  address.setUint16(2, port);
  address.setUint32(4, LOOPBACK);
  if (libc.connect(socket, address.buffer, ADDRESS_BYTES) !== 0) {
    throw new Error(`Cannot connect to port ${port}`);
  }
  return socket;
}

/** Asks on all connections, for as long as it is told, and counts. */
export function runEpollLoad(load: EpollLoad): EpollResult {
  const libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const request = new TextEncoder().encode(load.request);
  const requestBytes = BigInt(request.length);
  const answer = new Uint8Array(65_536);
  const answerBytes = BigInt(answer.length);
  const sockets = Array.from({ length: load.connections }, () => connectSocket(libc, load.port));
  const ask = (index: number) => {
    const sent = libc.send(sockets[index], request, requestBytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent !== request.length) throw new Error(`The server takes no request (${sent})`);
  };
  const take = (index: number) => {
    const count = libc.recv(sockets[index], answer, answerBytes, MSG_DONTWAIT);
    if (count <= 0) throw new Error("The server has ended a connection");
    if (GOOD_START.some((byte, at) => answer[at] !== byte)) {
      throw new Error(`Not a good answer: ${new TextDecoder().decode(answer.subarray(0, count))}`);
    }
    return count;
  };

  const epoll = libc.epoll_create1(0);
  const event = new DataView(new ArrayBuffer(EVENT_BYTES));
  event.setUint32(0, EPOLLIN, true);
  sockets.forEach((socket, index) => {
    event.setUint32(EVENT_DATA_AT, index, true);
    libc.epoll_ctl(epoll, EPOLL_CTL_ADD, socket, event.buffer);
  });

  const askedAt = new Float64Array(load.connections);
  const answers = new Uint32Array(load.connections);
  const latencies: number[] = [];
  const events = new DataView(new ArrayBuffer(EVENT_BYTES * EVENTS_AT_ONCE));
  const begun = performance.now();
  for (let index = 0; index < load.connections; index++) {
    askedAt[index] = performance.now();
    ask(index);
  }
  /** Of the first answer; small answers come whole, and one that did not would be found out here. */
  let length = 0;
  let now = begun;
  for (const end = begun + load.seconds * 1e3; now < end;) {
    const ready = libc.epoll_wait(epoll, events.buffer, EVENTS_AT_ONCE, WAIT_MS);
    now = performance.now();
    for (let i = 0; i < ready; i++) {
      const index = events.getUint32(i * EVENT_BYTES + EVENT_DATA_AT, true);
      const count = take(index);
      length ||= count;
      if (count !== length) throw new Error(`An answer of ${count} bytes among those of ${length}`);
      now = performance.now();
      latencies.push(now - askedAt[index]);
      answers[index]++;
      askedAt[index] = now;
      ask(index);
    }
  }
  // Who has been waiting since then has waited for so long at least.
  for (const asked of askedAt) latencies.push(now - asked);
  const counts = [...answers];
  const inMicroseconds = (share: number) => Math.round(quantile(latencies, share) * 1e3);
  return {
    answers: latencies.length - load.connections,
    seconds: (now - begun) / 1e3,
    p50Us: inMicroseconds(0.5),
    p99Us: inMicroseconds(0.99),
    longestUs: inMicroseconds(1),
    least: quantile(counts, 0),
    middle: quantile(counts, 0.5),
    most: quantile(counts, 1),
  };
}

/** Runs it as a process of its own on those processors, as `taskset` takes them. */
export async function startEpollLoad(
  load: EpollLoad,
  processors: string,
): Promise<EpollResult> {
  const file = new URL(import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command("taskset", {
    args: [
      "-c",
      processors,
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      file,
      JSON.stringify(load),
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`The load has failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) console.log(JSON.stringify(runEpollLoad(JSON.parse(Deno.args[0]))));
