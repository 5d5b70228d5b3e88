// Slow clients by the thousand: heads that dribble, bodies that dribble, answers that nobody takes. Each is cut off by its own
// time limit, nobody else waits for them, and nothing of them stays.

import { assert, assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { WebServerOptions } from "../../mod.ts";
import {
  askAndStay,
  assertRefusedOnce,
  Bystander,
  connectMany,
  connectManySmallWindows,
  dribbleMany,
  readToEnding,
  SIEGE_DEADLINE_MS,
  sip,
} from "../support/clients/attackers.ts";
import { within } from "../support/deadline.ts";
import { get, request } from "../support/clients/raw_client.ts";
import {
  needsDescriptors,
  ServerProcess,
  type WorkerMemory,
} from "../support/servers/server_process.ts";
import { canShrinkWindows } from "../support/clients/small_window_client.ts";
import { TWO_WAYS, type Way } from "../support/servers/started_app.ts";
import { hindranceTo } from "../support/tools/installed.ts";

/** Long enough that all attackers are there before the first of them is cut off, unless the machine is very busy. */
const LIMIT_MS = 2_000;

const SLOW_HEADS = 1_500;
/** These send nothing at all. */
const SILENT_CLIENTS = 500;
const SLOW_BODIES = 500;
const SLOW_READERS = 500;
const ATTACKERS = SLOW_HEADS + SILENT_CLIENTS + SLOW_BODIES + SLOW_READERS;

/** What a slow reader takes, and how often: far less than 64 KiB in the time of the limit. */
const SIP_BYTES = 500;
const SIP_EVERY_MS = 200;

/** What `/large` answers with. */
const LARGE_BYTES = 16_000_000;

const IDLE_CLIENTS = 5_000;

/**
 * How much more the worker may hold after a third siege that is like the two before it, garbage collected: 330 bytes for
 * each attacker, so that one forgotten connection each would be seen. What V8 compiles and caches meanwhile is less: some
 * tens of kilobytes.
 */
const MAX_WORKER_GROWTH_BYTES = 1_000_000;

/**
 * The same for all memory of the process. Allocators keep what was freed, in pieces that the next siege does not fill in
 * the same order, so this is coarse: 11 KiB for each attacker, less than a read buffer of medium size.
 */
const MAX_RESIDENT_GROWTH_BYTES = 32 * 1024 * 1024;

const HEAD_OPENINGS = [
  "G",
  "GET /hello HTTP/1.1\r\n",
  "GET /hello HTTP/1.1\r\nHost: test\r\nA: ",
];

const BODY_OPENINGS = [
  request("POST", "/length", "Content-Length: 100000"),
  request("POST", "/length", "Transfer-Encoding: chunked") + "186a0\r\n",
];

/** One siege, from the first attacker's coming to the last one's end. Returns the most descriptors that were seen. */
async function besiege(server: ServerProcess, descriptorsBefore: number): Promise<number> {
  const readers = await connectManySmallWindows(server.port, SLOW_READERS);
  let isOver = false;
  const sipping = readers.map((reader, i) => {
    reader.send(get("/large"));
    // Half of them read nothing at all.
    return i % 2 === 0 ? undefined : sip(reader, SIP_BYTES, SIP_EVERY_MS, () => isOver);
  });
  const bodies = await dribbleMany(server.port, SLOW_BODIES, BODY_OPENINGS);
  const heads = await dribbleMany(server.port, SLOW_HEADS, HEAD_OPENINGS);
  const silent = (await connectMany(server.port, SILENT_CLIENTS)).map((conn) => readToEnding(conn));
  const most = server.descriptors() ?? 0;
  const bystander = new Bystander(server.port);

  for (const [what, attacks] of [["heads", heads], ["bodies", bodies]] as const) {
    const endings = await within(Promise.all(attacks), `slow ${what} cut off`, SIEGE_DEADLINE_MS);
    for (const ending of endings) assertRefusedOnce(ending, 408);
  }
  const silentEndings = await within(Promise.all(silent), "silent clients", SIEGE_DEADLINE_MS);
  for (const ending of silentEndings) assertEquals(ending, { text: "", end: "closed" });
  await bystander.finish();
  // None of the readers has gone by itself: it is the server that has closed their connections.
  await server.descriptorsDownTo(descriptorsBefore);
  isOver = true;
  await within(Promise.all(sipping), "slow readers", SIEGE_DEADLINE_MS);
  for (const reader of readers) {
    assert(reader.taken < LARGE_BYTES, "a slow reader got the whole of its answer");
    reader[Symbol.dispose]();
  }
  return most;
}

function start(way: Way, server: WebServerOptions): Promise<ServerProcess> {
  return ServerProcess.start("besieged.ts", { way, server });
}

const suite = needsDescriptors("a server and its slow clients", IDLE_CLIENTS + 500);
const hasLibrary = suite.ignore || canShrinkWindows();
const suiteName = hasLibrary ? suite.name : `${suite.name} (ignored: needs libc.so.6)`;
describe(suiteName, { ignore: suite.ignore || !hasLibrary }, () => {
  for (const way of TWO_WAYS) {
    const name = `(listen ${way.listen}, isolation ${way.isolation})`;

    it(`cuts each of ${ATTACKERS} slow clients off by its own limit, answers others meanwhile, and keeps nothing of them ${name}`, async () => {
      await using server = await start(way, {
        headTimeout: LIMIT_MS,
        bodyTimeout: LIMIT_MS,
        writeTimeout: LIMIT_MS,
      });
      await server.text("/memory");
      const descriptors = await server.settledDescriptors();
      // Two sieges to warm up: code is compiled, pools fill, allocators get their memory from the system.
      for (let siege = 0; siege < 2; siege++) {
        const most = await besiege(server, descriptors);
        assert(
          most > descriptors + ATTACKERS / 2,
          `the attackers were not there at the same time: ${most} descriptors`,
        );
      }
      const worker = await server.workerMemory();
      const residentBytes = server.residentBytes();

      await besiege(server, descriptors);
      await assertSmall(server, worker, residentBytes);
      await server.descriptorsDownTo(descriptors);
      assertEquals(server.surprises("head_timeout", "body_timeout", "write_timeout"), []);
      assertEquals(await server.stop(), 0);
    });

    it(`closes ${IDLE_CLIENTS} idle connections by its keepAliveTimeout, and loses none that is busy ${name}`, async () => {
      // Half of it is how long the bystander's own question may take to be read.
      const keepAliveTimeout = 2 * LIMIT_MS;
      await using server = await start(way, { keepAliveTimeout });
      const descriptors = await server.settledDescriptors();
      const bystander = new Bystander(server.port, keepAliveTimeout);
      const conns = await connectMany(server.port, IDLE_CLIENTS);
      const endings = await within(
        Promise.all(conns.map((conn) => askAndStay(conn, get("/hello")))),
        "idle connections that are closed",
        SIEGE_DEADLINE_MS,
      );
      for (const { text, end } of endings) {
        assertEquals([text.split("HTTP/1.1 200 OK").length - 1, end], [1, "closed"], text);
      }
      await bystander.finish();
      await server.descriptorsDownTo(descriptors);
      assertEquals(await server.stop(), 0);
    });
  }

  it("its writeTimeout closes the connection of a reader that sips less than 64 KiB in that time, though it always gets on", async () => {
    await using server = await start(TWO_WAYS[0], { writeTimeout: LIMIT_MS });
    const descriptors = await server.settledDescriptors();
    const clients = await connectManySmallWindows(server.port, 8);
    let isOver = false;
    const sipping = clients.map((client) => {
      client.send(get("/large"));
      // The server's kernel takes some 20 KB each time that this reader has made room for them, about once a second.
      return sip(client, 400, 20, () => isOver);
    });
    await server.descriptorsUpTo(descriptors + clients.length);
    await server.descriptorsDownTo(descriptors);
    isOver = true;
    await Promise.all(sipping);
    for (const client of clients) {
      assert(client.taken > 0 && client.taken < LARGE_BYTES);
      client[Symbol.dispose]();
    }
    assertEquals(await server.text("/hello"), "Hello World!");
  });

  it("its writeTimeout leaves a reader alone that takes longer than that over an answer, and gets on", async () => {
    await using server = await start(TWO_WAYS[0], { writeTimeout: LIMIT_MS });
    using client = await server.connect();
    const began = performance.now();
    await client.send(get("/large", "Connection: close"));
    let taken = 0;
    for (;;) {
      const text = await client.readOnce();
      if (text === null) break;
      taken += text.length;
      // As much as is due by now, on an even pace: after a pause that the machine made, it catches up.
      const due = began + taken / LARGE_BYTES * LIMIT_MS * 2;
      const ahead = due - performance.now();
      if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
    }
    assert(taken > LARGE_BYTES, `the answer was cut off after ${taken} bytes`);
    assert(performance.now() - began > LIMIT_MS);
  });
});

async function assertSmall(
  server: ServerProcess,
  worker: WorkerMemory,
  residentBytes: number,
): Promise<void> {
  const after = await server.workerMemory();
  const grown = after.heapUsed + after.external - worker.heapUsed - worker.external;
  assert(grown < MAX_WORKER_GROWTH_BYTES, `the worker holds ${grown} bytes more`);
  const residentGrown = server.residentBytes() - residentBytes;
  assert(
    residentGrown < MAX_RESIDENT_GROWTH_BYTES,
    `the process holds ${residentGrown} bytes more`,
  );
}

/** How long slowhttptest attacks, in seconds, and with how many connections. */
const TOOL_SECONDS = 8;
const TOOL_CONNECTIONS = 1_000;

/**
 * With how many it reads slowly: for each of these the kernel copies and holds megabytes, since on the loopback interface
 * buffers are large, and it is not the kernel that is tried here.
 */
const TOOL_READERS = 200;

const MODES: readonly {
  readonly what: string;
  readonly target: string;
  readonly connections: number;
  readonly args: readonly string[];
}[] = [
  {
    what: "slow headers (-H)",
    target: "/hello",
    connections: TOOL_CONNECTIONS,
    args: ["-H", "-i", "1"],
  },
  {
    what: "slow bodies (-B)",
    target: "/length",
    connections: TOOL_CONNECTIONS,
    args: ["-B", "-i", "1", "-s", "8192", "-x", "10", "-t", "POST"],
  },
  {
    what: "overlapping ranges (-R)",
    target: "/hello",
    connections: TOOL_CONNECTIONS,
    args: ["-R", "-a", "10", "-b", "3000", "-t", "GET"],
  },
  {
    what: "slow reading (-X)",
    target: "/large",
    connections: TOOL_READERS,
    args: ["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32", "-k", "3"],
  },
];

const tool = needsDescriptors("a server under slowhttptest", TOOL_CONNECTIONS + 500);
const hindrance = tool.ignore ? "" : hindranceTo("slowhttptest");
describe(
  `${tool.name}${hindrance}`,
  { ignore: tool.ignore || hindrance !== "" },
  () => {
    // All modes at a time, at one server: it is the harder way, and the shorter one.
    let server: ServerProcess;
    let folder: string;
    let reports: Promise<ToolReport>[];
    beforeAll(async () => {
      folder = await Deno.makeTempDir();
      server = await start(TWO_WAYS[0], {
        headTimeout: 1_000,
        bodyTimeout: 1_000,
        writeTimeout: 1_000,
      });
      reports = MODES.map(({ target, connections, args }, i) =>
        attackWithTool(
          [...args, "-c", String(connections), "-u", `http://127.0.0.1:${server.port}${target}`],
          `${folder}/${i}`,
        )
      );
      for (const report of reports) report.catch(() => {});
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    });

    MODES.forEach(({ what }, i) => {
      it(`is found available at every look under ${what}`, async () => {
        const { verdict, looks } = await within(reports[i], "a report", SIEGE_DEADLINE_MS);
        assertEquals(verdict, "YES");
        // It ends early where all of its requests have been answered.
        assert(looks.length > 1, `${looks.length} looks`);
        assert(looks.every((isAvailable) => isAvailable), looks.join());
      });
    });

    it("logs nothing but the reasons, and serves on", async () => {
      await Promise.all(reports);
      assertEquals(await server.text("/hello"), "Hello World!");
      assertEquals(
        server.surprises(
          "head_timeout",
          "body_timeout",
          "write_timeout",
          "head_too_large",
        ),
        [],
      );
    });
  },
);

/** What slowhttptest says: on its screen at the end, and at each second in its table. */
interface ToolReport {
  readonly verdict: string;
  readonly looks: readonly boolean[];
}

async function attackWithTool(args: readonly string[], file: string): Promise<ToolReport> {
  const numbers = ["-r", TOOL_CONNECTIONS / 2, "-l", TOOL_SECONDS, "-p", 5];
  const { stdout } = await new Deno.Command("slowhttptest", {
    args: [...args, ...numbers.map(String), "-g", "-o", file],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  // deno-lint-ignore no-control-regex -- it colours what it writes
  const text = new TextDecoder().decode(stdout).replace(/\x1b\[[\d;]*m/g, "");
  const verdict = [...text.matchAll(/service available:\s+(\w+)/g)].at(-1)?.[1] ?? text;
  // The last column is 0 at the seconds in which its probe was not answered.
  const rows = (await Deno.readTextFile(`${file}.csv`)).trim().split("\n").slice(1);
  return { verdict, looks: rows.map((row) => Number(row.split(",").at(-1)) > 0) };
}
