// Uploads, beside Deno.serve: how much of a processor a byte costs, how much memory many slow readers take, and what other
// requests see of them.
//
//   deno run -A tests/bench/uploads.ts [--cost] [--crowd=200] [--bytes=100000000] [--pause=5]
//
// `--cost` sends 10 MB again and again to each server in turn, in streams that are read and in bodies that are collected.
// `--crowd` has so many clients upload at once to readers that wait `--pause` ms after each part, with small requests beside
// them. The server has the first processor, and the clients the second one.

import { ProcessorClock } from "./processes.ts";

const APP = new URL("./uploads_app.js", import.meta.url).pathname;
const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const ROUNDS = 9;
const UPLOADS_PER_ROUND = 20;
const COST_BYTES = 10_000_000;
/** Requests beside the crowd. */
const BYSTANDER_EVERY_MS = 10;

const ARGUMENTS = new Map(
  Deno.args.map((argument) => /^--(\w+)(?:=(.*))?$/.exec(argument)).filter((match) =>
    match !== null
  ).map((match): [string, string] => [match[1], match[2] ?? ""]),
);

interface Server {
  readonly name: string;
  readonly port: number;
  readonly process: Deno.ChildProcess;
  readonly clock: ProcessorClock;
}

const COMMANDS: Record<string, (port: number) => string[]> = {
  "mudpie": (port) => [
    "run",
    "-A",
    "--no-check",
    CLI,
    APP,
    `--port=${port}`,
    "--workers=1",
    "--access-log=off",
    "--max-body-bytes=20000000",
    "--max-streamed-body-bytes=1000000000",
  ],
  "deno serve": (port) => ["serve", "-A", `--port=${port}`, APP],
};

async function startServer(name: string, port: number): Promise<Server> {
  const args = ["-c", "0", Deno.execPath(), ...COMMANDS[name](port)];
  const process = new Deno.Command("taskset", { args, stdout: "null", stderr: "null" }).spawn();
  for (;;) {
    try {
      (await Deno.connect({ port })).close();
      return { name, port, process, clock: new ProcessorClock(process.pid) };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const PART = new Uint8Array(1_000_000).fill(97);

async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** Uploads so many bytes on a connection, and reads the answer. */
async function upload(conn: Deno.Conn, path: string, bytes: number): Promise<void> {
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`;
  await send(conn, new TextEncoder().encode(head));
  for (let left = bytes; left > 0; left -= PART.length) await send(conn, PART.subarray(0, left));
  const answer = await read(conn);
  if (!answer.includes(`\r\n\r\n${bytes}`)) throw new Error(`A wrong answer: ${answer}`);
}

async function read(conn: Deno.Conn): Promise<string> {
  const memory = new Uint8Array(10_000);
  const count = await conn.read(memory);
  return new TextDecoder().decode(memory.subarray(0, count ?? 0));
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

async function measureCost(): Promise<void> {
  const servers = [await startServer("mudpie", 8_101), await startServer("deno serve", 8_102)];
  for (const path of ["/stream", "/collect"]) {
    const costs = new Map<Server, number[]>(servers.map((server) => [server, []]));
    for (let round = -1; round < ROUNDS; round++) {
      for (const server of servers) {
        using conn = await Deno.connect({ port: server.port });
        server.clock.start();
        for (let i = 0; i < UPLOADS_PER_ROUND; i++) await upload(conn, path, COST_BYTES);
        const cost = server.clock.elapsed() / (UPLOADS_PER_ROUND * COST_BYTES);
        if (round >= 0) costs.get(server)?.push(cost);
      }
    }
    const [ours, theirs] = servers.map((server) => costs.get(server) ?? []);
    const ratio = median(ours.map((cost, round) => cost / theirs[round]));
    const line = servers.map((server) =>
      `${server.name} ${median(costs.get(server) ?? []).toFixed(3)} ns`
    );
    console.log(`${path}: ${line.join(", ")} a byte; ratio ${ratio.toFixed(2)}`);
  }
  for (const { process } of servers) process.kill("SIGTERM");
}

/** The memory that a process has now, and its descriptors. */
function resources(pid: number): { readonly megabytes: number; readonly descriptors: number } {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  return {
    megabytes: Math.round(kilobytes / 1_024),
    descriptors: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
  };
}

function show({ megabytes, descriptors }: ReturnType<typeof resources>): string {
  return `${megabytes} MB, ${descriptors} descriptors`;
}

async function measureCrowd(clients: number, bytes: number, pause: number): Promise<void> {
  for (const name of Object.keys(COMMANDS)) {
    const server = await startServer(name, name === "mudpie" ? 8_103 : 8_104);
    using bystander = await Deno.connect({ port: server.port });
    const latencies = async (isOver: () => boolean) => {
      const times: number[] = [];
      while (!isOver()) {
        const begun = performance.now();
        await send(bystander, new TextEncoder().encode("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
        await read(bystander);
        times.push(performance.now() - begun);
        await new Promise((resolve) => setTimeout(resolve, BYSTANDER_EVERY_MS));
      }
      return times.toSorted((a, b) => a - b);
    };
    const end = performance.now() + 1_000;
    const alone = await latencies(() => performance.now() > end);
    const { pid } = server.process;
    const before = resources(pid);
    server.clock.start();
    const begun = performance.now();
    let most = before.megabytes;
    let isOver = false;
    const watch = setInterval(() => most = Math.max(most, resources(pid).megabytes), 100);
    const uploads = Array.from({ length: clients }, async () => {
      using conn = await Deno.connect({ port: server.port });
      await upload(conn, `/stream?pause=${pause}`, bytes);
    });
    const beside = latencies(() => isOver);
    await Promise.all(uploads);
    isOver = true;
    clearInterval(watch);
    const times = await beside;
    const seconds = (performance.now() - begun) / 1_000;
    const processor = server.clock.elapsed() / 1e9;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const after = resources(pid);
    const late = (sorted: number[], share: number) =>
      sorted[Math.floor(sorted.length * share)].toFixed(1);
    console.log(
      `${name}: ${clients} uploads of ${bytes / 1e6} MB in ${seconds.toFixed(0)} s, ` +
        `${processor.toFixed(1)} s of a processor\n` +
        `  before ${show(before)}; at most ${most} MB; after ${show(after)}\n` +
        `  a small request: alone ${late(alone, 0.5)} ms (p99 ${late(alone, 0.99)}), ` +
        `beside them ${late(times, 0.5)} ms (p99 ${late(times, 0.99)})`,
    );
    server.process.kill("SIGTERM");
  }
}

if (ARGUMENTS.has("cost")) await measureCost();
const crowd = Number(ARGUMENTS.get("crowd") ?? 0);
if (crowd > 0) {
  const bytes = Number(ARGUMENTS.get("bytes") ?? 100_000_000);
  await measureCrowd(crowd, bytes, Number(ARGUMENTS.get("pause") ?? 5));
}
