// The log of requests of a whole server, as whoever reads its standard output sees it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { within } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import type { AppOptions } from "../support/servers/app.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

/** Starts an app that logs its requests. */
function startLogged(options: AppOptions, readFrom?: Promise<void>): Program {
  const { pathname } = new URL("../support/apps/well_behaved.ts", import.meta.url);
  const app = { ...options, run: { port: 0, workers: 1, ...options.run } };
  const env = { MUDPIE_LOGGING: "1" };
  return Program.deno(["run", "-A", pathname, JSON.stringify(app)], { env, readFrom });
}

/** Long enough that a few of them are more than a pipe takes at once (4,096 bytes). */
const LONG = "a".repeat(3_000);

/** Connections enough that both of two workers have some: one of them has none in one of 2^31 runs. */
const CONNECTIONS = 32;

/** Whether this machine has sockets for both families. */
function hasIpv6(): boolean {
  if (!CAN_START_PROGRAMS) return false;
  try {
    Deno.listen({ hostname: "::", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

describe("The log of requests", { ignore: !CAN_START_PROGRAMS }, () => {
  it("has one whole line for each request, however slowly it is read and whoever writes it", async () => {
    const reader = Promise.withResolvers<void>();
    await using program = startLogged(
      { server: { accessLog: "json" }, run: { workers: 2 } },
      reader.promise,
    );
    const { port } = await program.listening();
    const perConnection = 20;
    await Promise.all(Array.from({ length: CONNECTIONS }, async (_, connection) => {
      using client = await RawClient.connect(port);
      for (let i = 0; i < perConnection; i++) {
        await client.send(get(`/nowhere/${connection}/${i}/${LONG}`));
        assertEquals((await client.readResponse()).status, 404);
      }
    }));
    // Nobody has read a byte so far; the pipe is full, and both workers have more.
    reader.resolve();
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    const records = program.stdout.all.map((line) => JSON.parse(line));
    const targets = new Set(records.map(({ target }) => target));
    assertEquals([records.length, targets.size], [
      CONNECTIONS * perConnection,
      CONNECTIONS * perConnection,
    ]);
    assertEquals(new Set(records.map(({ worker }) => worker)), new Set([1, 2]));
    assertEquals(new Set(records.map(({ id }) => id)).size, records.length);
  });

  it("a server at :: logs an IPv4 client by its plain address, as remoteAddr has it", {
    ignore: !hasIpv6(),
  }, async () => {
    await using program = startLogged({ server: { accessLog: "text" }, run: { hostname: "::" } });
    const { port } = await program.listening();
    using client = await RawClient.connect(port);
    await client.send(get("/peer"));
    assertMatch((await client.readResponse()).text, /^127\.0\.0\.1 \d+$/);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assertEquals(program.stdout.all.map((line) => line.split(" ")[0]), ["127.0.0.1"]);
  });

  it("leaves out the paths that it is told to", async () => {
    await using program = startLogged({
      server: { accessLog: "text", accessLogExclude: ["/async"] },
    });
    const { port } = await program.listening();
    using client = await RawClient.connect(port);
    for (const path of ["/async", "/nowhere", "/async?again"]) {
      await client.send(get(path));
      await client.readResponse();
    }
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assertEquals(program.stdout.all.length, 1);
    assert(program.stdout.all[0].includes('"GET /nowhere HTTP/1.1" 404'));
  });

  it("tells of a request whose handler is still busy when the time of the drain is over", async () => {
    await using program = startLogged({
      server: { accessLog: "text" },
      // A tenth of it is for the farewell, also on a busy machine.
      run: { drainTimeout: 5_000 },
    });
    const { port } = await program.listening();
    using gate = new Gate();
    using client = await RawClient.connect(port);
    await client.send(get(`/gate/${gate.port}`));
    await gate.reached();
    program.signal("SIGTERM");
    assertEquals((await within(client.readResponse(), "the answer")).status, 503);
    assertEquals((await program.ended()).code, 0);
    assertEquals(program.stdout.all.length, 1);
    assert(program.stdout.all[0].includes(`"GET /gate/${gate.port} HTTP/1.1" 503`));
  });

  it("takes no line from a client", async () => {
    await using program = startLogged({ server: { accessLog: "text" } });
    const { port } = await program.listening();
    using client = await RawClient.connect(port);
    const forged = '" 200 5 "-" "-" 0.1 x 1';
    await client.send(
      `GET /nowhere?${encodeURI(forged)} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${forged}\x85\r\n` +
        `Referer: ${forged}\r\nX-Request-Id: ${forged}\r\n\r\n`,
    );
    assertEquals((await within(client.readResponse(), "the answer")).status, 404);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assertEquals(program.stdout.all.length, 1);
    assertEquals(program.stdout.all[0].match(/"/g)?.length, 6);
  });
});
