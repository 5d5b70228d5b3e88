// WebSockets, beside those of Deno: what a message costs that comes back, and one that goes to all;
// what an idle socket holds; and what requests wait for beside sockets that are flooded.

import { type Waits, watchBystanders } from "./bystanders.ts";
import { quietBytes } from "./crowd.ts";
import { LOAD_PROCESSOR, type RoundOptions, SERVER_PROCESSOR, warmUp } from "./rounds.ts";
import { BenchServer, type Peer, WEBSOCKET_PEERS } from "./servers.ts";
import { median, orderOfRound, ratioByRound } from "./statistics.ts";
import { digits, markdownTable, ratioText, type Row } from "./table.ts";
import { IdleWebSockets, startWebSocketLoad, type WebSocketLoad } from "./websocket_load.ts";

const [MUDPIE, BASE] = WEBSOCKET_PEERS;

/** As many sockets as there are connections in the rows of requests. */
const SOCKETS = 64;
const RECEIVERS = 1_000;
const IDLE_SOCKETS = 10_000;

/** Sockets that send without a pause, so many messages at a time. */
const FLOOD = { path: "/echo", sockets: SOCKETS, bytes: 16, inFlight: 32 };

type Load = Omit<WebSocketLoad, "port" | "seconds" | "serverPid">;

interface Comparison {
  readonly what: string;
  readonly target: number;
  readonly load: Load;
}

const ECHOES: readonly Comparison[] = [
  { what: "16 bytes of text", target: 1.05, load: echoOf(16) },
  { what: "1 KiB of text", target: 1.05, load: echoOf(1_024) },
  { what: "64 KiB of text", target: 1.2, load: echoOf(65_536) },
  { what: "64 KiB, binary", target: 1.2, load: { ...echoOf(65_536), isBinary: true } },
];

const BROADCASTS: readonly Comparison[] = [
  {
    what: `64 bytes of text to ${RECEIVERS.toLocaleString("en")} sockets`,
    target: 0.8,
    load: { path: "/broadcast", sockets: RECEIVERS, bytes: 64, isBroadcast: true },
  },
];

function echoOf(bytes: number): Load {
  return { path: "/echo", sockets: SOCKETS, bytes };
}

interface Sample {
  readonly processorUs: number;
  readonly messagesPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

async function measure(peer: Peer, load: Load, options: RoundOptions): Promise<Sample> {
  await using server = await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` });
  const run = (seconds: number) =>
    startWebSocketLoad(
      { ...load, port: server.port, seconds, serverPid: server.pid },
      `${LOAD_PROCESSOR}`,
    );
  await warmUp(
    async (seconds) => ({ requests: (await run(seconds)).messages }),
    options.warmUpSeconds,
  );
  const { messages, seconds, serverNs, p50Us, p99Us } = await run(options.seconds);
  return {
    processorUs: serverNs / messages / 1e3,
    messagesPerSecond: messages / seconds,
    p50Us,
    p99Us,
  };
}

async function compareRows(
  scene: string,
  rows: readonly Comparison[],
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const table: Row[] = [];
  for (const { what, target, load } of rows) {
    const samples = await sampleRounds(options.rounds, async (peer, round) => {
      const sample = await measure(peer, load, options);
      const figures = `${sample.processorUs.toFixed(2)} us, ${
        Math.round(sample.messagesPerSecond)
      } a second`;
      tell(`${scene}, ${what}, round ${round + 1}, ${peer.name}: ${figures}`);
      return sample;
    });
    for (const [peer, own] of samples) table.push(rowOf(what, target, peer, own, samples));
  }
  return markdownTable(table);
}

/** Measures each of the peers in each of the rounds. */
async function sampleRounds<T>(
  rounds: number,
  sample: (peer: Peer, round: number) => Promise<T>,
): Promise<Map<Peer, T[]>> {
  const samples = new Map(WEBSOCKET_PEERS.map((peer) => [peer, [] as T[]]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of orderOfRound(WEBSOCKET_PEERS, round)) {
      samples.get(peer)!.push(await sample(peer, round));
    }
  }
  return samples;
}

function rowOf(
  what: string,
  target: number,
  peer: Peer,
  own: readonly Sample[],
  samples: ReadonlyMap<Peer, readonly Sample[]>,
): Row {
  const middle = (name: keyof Sample) => digits(median(own.map((sample) => sample[name])));
  const costs = (of: readonly Sample[]) => of.map(({ processorUs }) => processorUs);
  return {
    "message": what,
    "server": peer.what,
    "CPU us/message": middle("processorUs"),
    "CPU ratio": ratioText(ratioByRound(costs(own), costs(samples.get(BASE)!))),
    "target": peer === MUDPIE ? target.toFixed(2) : "",
    "messages/s": middle("messagesPerSecond"),
    "p50 us": middle("p50Us"),
    "p99 us": middle("p99Us"),
  };
}

/** What a message costs that its server sends back. */
export async function webSocketEcho(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const table = await compareRows("websocket-echo", ECHOES, options, tell);
  return `### websocket-echo: ${SOCKETS} sockets, each with one message on its way\n\n${table}\n`;
}

/** What a message costs each of those who receive it. */
export async function webSocketBroadcast(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const table = await compareRows("websocket-broadcast", BROADCASTS, options, tell);
  return `### websocket-broadcast: one message to all, for each socket that receives it\n\n${table}\n`;
}

/** How much memory a socket takes that had one message. */
export async function webSocketMemory(
  { rounds }: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples = await sampleRounds(rounds, async (peer, round) => {
    await using server = await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` });
    const load = { ...echoOf(16), port: server.port, seconds: 1 };
    await startWebSocketLoad(load, `${LOAD_PROCESSOR}`);
    const before = await quietBytes(server.pid);
    const idle = { ...load, sockets: IDLE_SOCKETS };
    await using _sockets = await IdleWebSockets.open(idle, `${LOAD_PROCESSOR}`);
    const bytes = (await quietBytes(server.pid) - before) / IDLE_SOCKETS;
    tell(`websocket-memory, round ${round + 1}, ${peer.name}: ${Math.round(bytes)} bytes each`);
    return bytes;
  });
  const rows = [...samples].map(([peer, own]) => ({
    "server": peer.what,
    "kB for each idle socket": digits(median(own) / 1e3),
    "ratio": ratioText(ratioByRound(own, samples.get(BASE)!)),
  }));
  return `### websocket-memory: ${
    IDLE_SOCKETS.toLocaleString("en")
  } idle sockets (target 0.65)\n\n` +
    `${markdownTable(rows)}\n`;
}

/** How long requests wait while sockets are flooded by the same worker. */
export async function webSocketFairness(
  options: RoundOptions,
  tell: (line: string) => void,
): Promise<string> {
  const samples = await sampleRounds(options.rounds, async (peer, round) => {
    await using server = await BenchServer.start(peer, { processors: `${SERVER_PROCESSOR}` });
    const { port } = server;
    const until = () => AbortSignal.timeout(options.seconds * 1e3);
    const alone = await watchBystanders(port, until());
    const [beside, { messages, seconds }] = await Promise.all([
      watchBystanders(port, until()),
      startWebSocketLoad({ ...FLOOD, port, seconds: options.seconds + 1 }, `${LOAD_PROCESSOR}`),
    ]);
    tell(
      `websocket-fairness, round ${round + 1}, ${peer.name}: p99 ${Math.round(beside.p99Us)} us`,
    );
    return { alone, beside, messagesPerSecond: messages / seconds };
  });
  const p99 = (waits: Waits) => waits.p99Us;
  const rows = [...samples].map(([peer, own]) => ({
    "server": peer.what,
    "messages/s": digits(median(own.map(({ messagesPerSecond }) => messagesPerSecond))),
    "p99 us alone": digits(median(own.map(({ alone }) => p99(alone)))),
    "p99 us beside": digits(median(own.map(({ beside }) => p99(beside)))),
    "ratio": ratioText(ratioByRound(
      own.map(({ beside }) => p99(beside)),
      samples.get(BASE)!.map(({ beside }) => p99(beside)),
    )),
  }));
  return `### websocket-fairness: requests beside ${SOCKETS} sockets, each with ${FLOOD.inFlight} ` +
    `messages on their way\n\n${markdownTable(rows)}\n`;
}
