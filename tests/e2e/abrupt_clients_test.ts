// Clients that hang up without a word, by the thousand and at any point of an exchange; and those that end only their own
// side, which is no reason not to answer them.

import { assert, assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { LANES, type Point, resetMany } from "../support/clients/abrupt_clients.ts";
import { AbruptClient, Bystander } from "../support/clients/attackers.ts";
import { get, post, request } from "../support/clients/raw_client.ts";
import { needsDescriptors, ServerProcess } from "../support/servers/server_process.ts";
import { TWO_WAYS } from "../support/servers/started_app.ts";

const sending = (what: string, data: string): Point => ({
  what,
  reach: (client) => client.send(data),
});

/** Sends, and waits for the beginning of an answer. */
const hearing = (what: string, data: string): Point => ({
  what,
  reach: async (client) => {
    await client.send(data);
    await client.firstBytes();
  },
});

const POINTS: readonly Point[] = [
  { what: "right after it has connected", reach: () => Promise.resolve() },
  sending("in the middle of a head", "GET /hello HTTP/1.1\r\nHost: te"),
  sending(
    "in the middle of a body of declared length",
    request("POST", "/length", "Content-Length: 100000") + "a".repeat(5_000),
  ),
  sending(
    "in the middle of a chunk",
    request("POST", "/length", "Transfer-Encoding: chunked") + "2710\r\n" + "a".repeat(5_000),
  ),
  sending("behind a whole request", get("/hello")),
  sending("while a handler waits", get("/moment")),
  sending("while a handler waits that looks after its client", get("/moment-or-gone")),
  hearing("in the middle of a large answer", get("/large")),
  hearing(
    "in the middle of pipelined requests",
    get("/hello").repeat(50) + get("/moment") + "GET /",
  ),
  hearing("during the lingering close behind a refusal", "no request\r\n\r\n"),
  hearing(
    "during the lingering close, still sending",
    request("POST", "/length", "Content-Length: 2000000") + "a".repeat(50_000),
  ),
];

const RESETS = 20_000;
/** The heap of a worker has reached its working size after so many. */
const WARM_UP_RESETS = 20_000;

/**
 * How much more the worker may hold after 20,000 resets, garbage collected: 50 bytes for each, less than any object that
 * could be kept of one.
 */
const MAX_WORKER_GROWTH_BYTES = 1_000_000;

/**
 * The same for all memory of the process. It is coarse, since allocators keep what was freed: 2,400 bytes for each reset,
 * about what one with the smallest read buffer takes.
 */
const MAX_RESIDENT_GROWTH_BYTES = 48 * 1024 * 1024;

const suite = needsDescriptors("a server and its abrupt clients", LANES + 500);
describe(suite.name, { ignore: suite.ignore }, () => {
  for (const way of TWO_WAYS) {
    const name = `(listen ${way.listen}, isolation ${way.isolation})`;

    it(`keeps nothing of ${RESETS} clients that reset their connections, and answers others meanwhile ${name}`, async () => {
      await using server = await ServerProcess.start("besieged.ts", { way });
      await server.text("/memory");
      const descriptors = await server.settledDescriptors();
      await resetMany(server.port, WARM_UP_RESETS, POINTS);
      const worker = await server.workerMemory();
      const residentBytes = server.residentBytes();

      const bystander = new Bystander(server.port);
      await resetMany(server.port, RESETS, POINTS);
      await bystander.finish();
      const after = await server.workerMemory();
      await server.descriptorsDownTo(descriptors);
      const grown = after.heapUsed + after.external - worker.heapUsed - worker.external;
      assert(grown < MAX_WORKER_GROWTH_BYTES, `the worker holds ${grown} bytes more`);
      const residentGrown = server.residentBytes() - residentBytes;
      assert(
        residentGrown < MAX_RESIDENT_GROWTH_BYTES,
        `the process holds ${residentGrown} bytes more`,
      );
      assertEquals(server.surprises("body_too_large"), []);
      assertEquals(await server.stop(), 0);
    });
  }

  describe("one of them", () => {
    let server: ServerProcess;
    let descriptors: number;
    beforeAll(async () => {
      server = await ServerProcess.start("besieged.ts", { way: TWO_WAYS[0] });
      descriptors = await server.settledDescriptors();
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    for (const { what, reach } of POINTS) {
      it(`may reset its connection ${what}, and is forgotten`, async () => {
        const client = await AbruptClient.connect(server.port);
        await reach(client);
        await client.reset();
        // The connection behind it is accepted only after it.
        assertEquals(await server.text("/hello"), "Hello World!");
        await server.descriptorsDownTo(descriptors);
        assertEquals(server.surprises("body_too_large"), []);
      });
    }
  });

  const halfClosed: { what: string; sent: string; texts: readonly string[] }[] = [
    { what: "one request", sent: get("/hello"), texts: ["Hello World!"] },
    { what: "a body of declared length", sent: post("/length", "abc"), texts: ["3"] },
    {
      what: "a chunked body",
      sent: request("POST", "/length", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n",
      texts: ["3"],
    },
    { what: "a request whose handler waits", sent: get("/moment"), texts: ["a moment later"] },
    {
      what: "a request whose handler waits, and looks after its client",
      sent: get("/moment-or-gone"),
      texts: ["a moment later"],
    },
    {
      what: "pipelined requests",
      sent: get("/hello") + get("/moment") + post("/length", "abcd") + get("/hello"),
      texts: ["Hello World!", "a moment later", "4", "Hello World!"],
    },
    {
      what: "a request for a large answer",
      sent: get("/large"),
      texts: ["a".repeat(16_000_000)],
    },
  ];
  it("answers a client that has ended its own side, and closes", async () => {
    await using server = await ServerProcess.start("besieged.ts", { way: TWO_WAYS[0] });
    const descriptors = await server.settledDescriptors();
    for (const { what, sent, texts } of halfClosed) {
      using client = await server.connect();
      await client.send(sent);
      await client.closeWrite();
      for (const text of texts) {
        const response = await client.readResponse();
        assertEquals([response.status, response.text === text], [200, true], what);
      }
      await client.assertEnded();
    }
    await server.descriptorsDownTo(descriptors);
  });

  it("answers what was whole, and refuses what was not, when a client ends its own side", async () => {
    await using server = await ServerProcess.start("besieged.ts", { way: TWO_WAYS[0] });
    const unfinished = [
      "GET /hel",
      request("POST", "/length", "Content-Length: 10") + "abc",
      request("POST", "/length", "Transfer-Encoding: chunked") + "a\r\nabc",
      request("POST", "/length", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n",
    ];
    for (const rest of unfinished) {
      using client = await server.connect();
      await client.send(get("/hello") + rest);
      await client.closeWrite();
      assertEquals((await client.readResponse()).status, 200, rest);
      assertEquals((await client.readResponse()).status, 400, rest);
      await client.assertEnded();
    }
  });
});
