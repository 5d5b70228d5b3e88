// Load on WebSockets, with the sockets of epoll_sockets.ts: a client that costs less than the servers.
//
//   deno run -A tests/bench/websocket_load.ts '{"port":8000,"path":"/echo","sockets":64,"seconds":3,"bytes":16}'
//
// Each socket sends a message, and sends it again when all sockets that must receive it have it: in
// an echo the socket itself, in a broadcast all of them. It prints a WebSocketResult as JSON. With
// `"seconds": 0` each socket has one echo; then it prints a line, and stays until its input ends.

import { EpollSockets, pinnedLoad, pinnedResult } from "./epoll_sockets.ts";
import { ProcessorClock } from "./processes.ts";
import { quantile } from "./statistics.ts";

/** What is to be done. */
export interface WebSocketLoad {
  readonly port: number;
  readonly path: string;
  readonly sockets: number;
  /** How long; 0 for sockets that stay idle after one message each. */
  readonly seconds: number;
  /** How many bytes a message has. */
  readonly bytes: number;
  /** Whether messages are binary; text where nothing is said. */
  readonly isBinary?: boolean;
  /** Whether one socket sends and all receive; otherwise each receives its own messages. */
  readonly isBroadcast?: boolean;
  /** How many messages a socket sends at a time; 1 where nothing is said. */
  readonly inFlight?: number;
  /** The process of the server, whose processor time is counted while messages go. */
  readonly serverPid?: number;
}

/** What came of it. */
export interface WebSocketResult {
  /** How many messages were received, by all sockets together. */
  readonly messages: number;
  readonly seconds: number;
  /** How many nanoseconds the server has used. */
  readonly serverNs: number;
  /** From sending to receiving; of a batch where several are in flight, of the last one in a broadcast. */
  readonly p50Us: number;
  readonly p99Us: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const RECEIVE_BYTES = 262_144;

/** Any key will do (RFC 6455, section 4.1). */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

function lengthBytes(length: number): number[] {
  if (length < 126) return [length];
  if (length < 65_536) return [126, length >> 8, length & 255];
  return [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
}

/** The payload of a message: letters, so that it may be text. */
function payloadOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => 0x61 + i % 26);
}

/** A message as a client sends it, and as a server does. */
function framesOf(bytes: number, isBinary: boolean): { sent: Uint8Array; received: Uint8Array } {
  const first = isBinary ? 0x82 : 0x81;
  const payload = payloadOf(bytes);
  const [short, ...long] = lengthBytes(bytes);
  const mask = [0x37, 0xfa, 0x21, 0x3d];
  const masked = payload.map((byte, i) => byte ^ mask[i & 3]);
  return {
    sent: Uint8Array.from([first, 0x80 | short, ...long, ...mask, ...masked]),
    received: Uint8Array.from([first, short, ...long, ...payload]),
  };
}

/** The sockets of one load. */
class WebSockets {
  readonly #load: WebSocketLoad;
  readonly #sockets: EpollSockets;
  readonly #sent: Uint8Array<ArrayBuffer>;
  readonly #received: Uint8Array;
  readonly #into = new Uint8Array(RECEIVE_BYTES);
  /** How many bytes each socket has received of the messages that were sent. */
  readonly #counts: Float64Array;
  readonly #checked: Uint8Array;

  constructor(load: WebSocketLoad) {
    const { sent, received } = framesOf(load.bytes, load.isBinary ?? false);
    const inFlight = load.inFlight ?? 1;
    this.#load = load;
    this.#sockets = new EpollSockets(load.port);
    this.#sent = new Uint8Array(sent.length * inFlight);
    for (let i = 0; i < inFlight; i++) this.#sent.set(sent, i * sent.length);
    this.#received = received;
    this.#counts = new Float64Array(load.sockets);
    this.#checked = new Uint8Array(load.sockets);
  }

  /** Opens all sockets, one after the other. */
  open(): void {
    const { path, sockets } = this.#load;
    const request = encoder.encode(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    for (let i = 0; i < sockets; i++) {
      const index = this.#sockets.connect();
      this.#sockets.sendAll(index, request);
      while (this.#sockets.wait() === 0);
      const count = this.#sockets.receive(index, this.#into);
      const answer = decoder.decode(this.#into.subarray(0, count));
      if (!answer.startsWith("HTTP/1.1 101 ") || !answer.endsWith("\r\n\r\n")) {
        throw new Error(`No WebSocket: ${answer}`);
      }
    }
  }

  send(index: number): void {
    this.#sockets.sendAll(index, this.#sent);
  }

  /** How many bytes a socket receives for each sending. */
  get #expected(): number {
    return this.#received.length * (this.#load.inFlight ?? 1);
  }

  /** Waits for bytes, and calls `whole` for each socket that has received all that was sent. */
  receive(whole: (index: number) => void): void {
    const ready = this.#sockets.wait();
    for (let i = 0; i < ready; i++) {
      const index = this.#sockets.ready(i);
      const count = this.#sockets.receive(index, this.#into);
      this.#check(index, count);
      this.#counts[index] += count;
      if (this.#counts[index] > this.#expected) throw new Error("More was received than was sent");
      if (this.#counts[index] < this.#expected) continue;
      this.#counts[index] = 0;
      this.#checked[index] = 1;
      whole(index);
    }
  }

  /** Compares the first message of each socket with what was sent, byte by byte, and all others by their length. */
  #check(index: number, count: number): void {
    if (this.#checked[index] === 1) return;
    const at = this.#counts[index];
    for (let i = 0; i < count; i++) {
      if (this.#into[i] === this.#received[(at + i) % this.#received.length]) continue;
      throw new Error(`Not the message that was sent, at byte ${at + i} of socket ${index}`);
    }
  }
}

/** Each socket sends, and sends again when it has its message back. */
function runEcho(sockets: WebSockets, load: WebSocketLoad): WebSocketResult {
  const sentAt = new Float64Array(load.sockets);
  const latencies: number[] = [];
  const clock = new ProcessorClock(load.serverPid ?? Deno.pid);
  const begun = performance.now();
  let now = begun;
  const send = (index: number) => {
    sentAt[index] = now;
    sockets.send(index);
  };
  for (let index = 0; index < load.sockets; index++) send(index);
  const end = begun + load.seconds * 1e3;
  while (now < end) {
    sockets.receive((index) => {
      now = performance.now();
      latencies.push(now - sentAt[index]);
      send(index);
    });
    now = performance.now();
  }
  const messages = latencies.length * (load.inFlight ?? 1);
  return resultOf(latencies, messages, now - begun, clock.elapsed());
}

/** The first socket sends, and sends again when all have received its message. */
function runBroadcast(sockets: WebSockets, load: WebSocketLoad): WebSocketResult {
  const latencies: number[] = [];
  const clock = new ProcessorClock(load.serverPid ?? Deno.pid);
  const begun = performance.now();
  let now = begun;
  const end = begun + load.seconds * 1e3;
  while (now < end) {
    const sentAt = now;
    let missing = load.sockets;
    sockets.send(0);
    while (missing > 0) sockets.receive(() => missing--);
    now = performance.now();
    latencies.push(now - sentAt);
  }
  return resultOf(latencies, latencies.length * load.sockets, now - begun, clock.elapsed());
}

function resultOf(
  latencies: number[],
  messages: number,
  elapsedMs: number,
  serverNs: number,
): WebSocketResult {
  const inMicroseconds = (share: number) => Math.round(quantile(latencies, share) * 1e3);
  return {
    messages,
    seconds: elapsedMs / 1e3,
    serverNs,
    p50Us: inMicroseconds(0.5),
    p99Us: inMicroseconds(0.99),
  };
}

/** Has one message echoed by each socket, and stays. */
async function stayIdle(sockets: WebSockets, load: WebSocketLoad): Promise<void> {
  for (let index = 0; index < load.sockets; index++) {
    let isMissing = true;
    sockets.send(index);
    while (isMissing) sockets.receive(() => isMissing = false);
  }
  console.log("idle");
  for await (const _ of Deno.stdin.readable);
}

/** Runs a load as a process of its own on those processors. */
export function startWebSocketLoad(
  load: WebSocketLoad,
  processors: string,
): Promise<WebSocketResult> {
  return pinnedResult(import.meta.url, load, processors);
}

/** Idle sockets in a process of their own. */
export class IdleWebSockets implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Opens them, and waits until each has had a message echoed. */
  static async open(load: WebSocketLoad, processors: string): Promise<IdleWebSockets> {
    const child = pinnedLoad(import.meta.url, { ...load, seconds: 0 }, processors).spawn();
    const idle = new IdleWebSockets(child);
    const { value } = await child.stdout.getReader().read();
    if (value !== undefined) return idle;
    const stderr = await new Response(child.stderr).text();
    throw new Error(`The load has failed: ${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.stderr.cancel();
    await this.#child.status;
  }
}

if (import.meta.main) {
  const load: WebSocketLoad = JSON.parse(Deno.args[0]);
  const sockets = new WebSockets(load);
  sockets.open();
  if (load.seconds === 0) await stayIdle(sockets, load);
  else console.log(JSON.stringify((load.isBroadcast ? runBroadcast : runEcho)(sockets, load)));
}
