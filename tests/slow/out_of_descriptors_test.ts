// More clients than the process has descriptors for. It has to stay, to serve those whom it has let in, to wait without
// burning a core, and still to be able to replace a worker: Deno ends the whole process where a new thread finds no
// descriptors to start with.

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Crowd } from "../support/clients/attackers.ts";
import { get, type RawClient, request } from "../support/clients/raw_client.ts";
import { within } from "../support/deadline.ts";
import { needsDescriptors, ServerProcess } from "../support/servers/server_process.ts";
import { TWO_WAYS, type Way } from "../support/servers/started_app.ts";

const WAYS: readonly Way[] = [
  { listen: "reuseport", isolation: "web" },
  { listen: "shared", isolation: "web" },
  { listen: "reuseport", isolation: "thread" },
  { listen: "shared", isolation: "thread" },
];

/** What `ulimit -n` says to the server. */
const MAX_DESCRIPTORS = 256;

const CROWD = 1_000;

/** How many an application holds that takes so many for itself that the server has it all wrong. */
const HELD = 180;

/**
 * How long the server's processor time is looked at, and the most of it that it may use meanwhile. One that waits uses
 * hardly any; an accept that is tried at once, over and over, uses all that there is, 100 ticks in each second.
 */
const LOOK_MS = 1_000;
const MAX_TICKS = 50;

/** The least that a server which is started without leave to read /proc can do with: its own modules. */
const PROJECT = new URL("../../", import.meta.url).pathname;
const FEW_PERMISSIONS = [
  `--allow-read=${PROJECT},${Deno.execPath()}`,
  "--allow-net",
  "--allow-env",
  "--no-prompt",
];

async function start(way: Way, permissions?: readonly string[]): Promise<ServerProcess> {
  return await ServerProcess.start("besieged.ts", {
    way,
    maxDescriptors: MAX_DESCRIPTORS,
    permissions,
    // Nobody of the crowd is to be sent away for its slowness, nor because a worker that leaves waits for it.
    server: { headTimeout: 120_000 },
  });
}

async function assertServed(client: RawClient): Promise<void> {
  const { status, text } = await client.ask(get("/hello"));
  assertEquals([status, text], [200, "Hello World!"]);
}

/** Asks for a client that was let in, for a while, and sees to it that nobody spins meanwhile. */
async function assertCalm(server: ServerProcess, client?: RawClient): Promise<void> {
  const ticks = server.processorTicks();
  for (const began = performance.now(); performance.now() - began < LOOK_MS;) {
    if (client !== undefined) await assertServed(client);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS / 20));
  }
  assertLess(server.processorTicks() - ticks, MAX_TICKS);
}

/** Lines that say that there is no room: ten times a second would be too many. */
function complaints(server: ServerProcess): string[] {
  return server.stderr.all.filter((line) =>
    /cannot accept|for which the process has file descriptors/.test(line)
  );
}

/** Has the application take its descriptors, as soon as so many are free. */
async function holdDescriptors(client: RawClient): Promise<void> {
  while ((await client.ask(get(`/hold/${HELD}`))).text !== String(HELD)) {
    // What it has got so far, it keeps.
  }
}

/** Ways in which a worker comes to be replaced, and what the log says of it. */
const ENDS: readonly {
  readonly end: (server: ServerProcess, client: RawClient) => Promise<void>;
  readonly words: string;
}[] = [
  {
    end: async (_server, client) => {
      assertEquals((await client.ask(get("/throw"))).status, 500);
    },
    words: "to be replaced \\(panic\\)",
  },
  {
    end: (server) => {
      server.program.signal("SIGHUP");
      return Promise.resolve();
    },
    words: "to be replaced \\(reload\\)",
  },
  {
    end: async (_server, client) => {
      await client.send(get("/leave"));
      await client.discardToEnd();
    },
    words: "ended \\(crash\\)",
  },
];

/**
 * Has one worker after the other be replaced while a crowd presses on the server, and then has the server end. `prepare` is
 * called with a client that was let in before the crowd.
 */
async function assertReplaces(
  server: ServerProcess,
  prepare: (client: RawClient) => Promise<void> = assertServed,
): Promise<void> {
  let worker = 1;
  for (const { end, words } of ENDS) {
    using client = await server.connect();
    await prepare(client);
    const crowd = new Crowd(server.port, CROWD);
    await server.settledDescriptors();
    await assertServed(client);
    await end(server, client);
    // A worker that drains waits for its clients.
    client[Symbol.dispose]();
    await server.stderr.find(new RegExp(`worker ${worker}: ${words}`));
    await server.stderr.find(new RegExp(`worker ${worker + 1}: accepting`));
    // Until then it takes connections beside its replacement.
    await server.stderr.find(new RegExp(`worker ${worker}: (?:draining|ended)`));
    worker++;
    await crowd.leave();
    assertEquals(await server.text("/worker"), `mudpie:${worker}`);
  }
  const crowd = new Crowd(server.port, CROWD);
  await server.settledDescriptors();
  assertEquals(await server.stop(), 0);
  await crowd.leave();
}

const suite = needsDescriptors("a server that has fewer descriptors than clients", CROWD + 500);
describe(suite.name, { ignore: suite.ignore }, () => {
  for (const way of WAYS) {
    const name = `(listen ${way.listen}, isolation ${way.isolation})`;

    it(`serves those whom it has let in, waits calmly, and serves others as soon as there is room ${name}`, async () => {
      await using server = await start(way);
      using client = await server.connect();
      await assertServed(client);
      const crowd = new Crowd(server.port, CROWD);
      const most = await server.settledDescriptors();
      assertLess(most, MAX_DESCRIPTORS, "not one is left for a new worker");
      assertGreater(most, MAX_DESCRIPTORS / 2, "it has let in a few only");
      await assertCalm(server, client);
      assertEquals(complaints(server).length, 1, server.stderr.text);
      await crowd.leave();
      for (let i = 0; i < 20; i++) assertEquals(await server.text("/hello"), "Hello World!");
      assertEquals(await server.stop(), 0);
    });

    it(`replaces workers that panic, reload or end without a word, and ends on SIGTERM ${name}`, async () => {
      await using server = await start(way);
      await assertReplaces(server);
    });
  }

  for (const way of TWO_WAYS) {
    const name = `(listen ${way.listen}, isolation ${way.isolation})`;

    it(`does the same where it may not read what its limit is, and learns it from the first accept that fails ${name}`, async () => {
      await using server = await start(way, FEW_PERMISSIONS);
      await assertReplaces(server);
      assertGreater(complaints(server).filter((line) => line.includes("cannot accept")).length, 0);
    });

    it(`does the same where its application holds most of its descriptors ${name}`, async () => {
      await using server = await start(way);
      // The server may still close connections of the crowd before, so it asks until it has them all.
      await assertReplaces(server, (client) => within(holdDescriptors(client), "descriptors"));
      assertGreater(complaints(server).filter((line) => line.includes("cannot accept")).length, 0);
    });

    it(`lets a worker that has panicked serve on until there are descriptors for another one ${name}`, async () => {
      await using server = await start(way);
      assertEquals(await server.text(`/hold/${HELD}`), String(HELD));
      // Each of these is in the middle of a request, so none of them can be sent away to make room.
      using client = await server.connect();
      await client.send(
        request("POST", "/throw", "Content-Length: 1", "Expect: 100-continue"),
      );
      assertEquals((await client.readResponse()).status, 100);
      await using busy = new AsyncDisposableStack();
      let isFull = false;
      const full = server.stderr.find(/cannot accept, going on trying/).then(() => isFull = true);
      while (!isFull) {
        const uploading = busy.use(await server.connect());
        await uploading.send(
          request("POST", "/length", "Content-Length: 10", "Expect: 100-continue"),
        );
        // The last one waits in the kernel, or is sent away, and is told nothing.
        const told = uploading.readResponse().catch(() => {});
        await Promise.race([told, full]);
      }
      await assertCalm(server);
      assertEquals((await client.ask("a")).status, 500);
      await server.stderr.find(
        /no worker can be started while the process is out of file descriptors/,
      );
      assertEquals(
        server.stderr.all.filter((line) => line.includes("worker 2: accepting")),
        [],
      );
      await busy.disposeAsync();
      await server.stderr.find(/worker 2: accepting/);
      await server.stderr.find(/worker 1: draining/);
      client[Symbol.dispose]();
      assertEquals(await server.text("/worker"), "mudpie:2");
      assertEquals(await server.stop(), 0);
    });
  }
});
