// Clients with WebSockets that hang up without a word, at any point. tests/slow/ has the same by the thousand.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { LANES, resetMany } from "../support/clients/abrupt_clients.ts";
import { POINTS } from "../support/clients/abrupt_websockets.ts";
import { AbruptClient } from "../support/clients/attackers.ts";
import { eventually } from "../support/deadline.ts";
import { needsDescriptors, ServerProcess } from "../support/servers/server_process.ts";
import { TWO_WAYS } from "../support/servers/started_app.ts";

const RESETS = 1_200;

const suite = needsDescriptors("a server and its abrupt WebSockets", LANES + 500);
describe(suite.name, { ignore: suite.ignore }, () => {
  let server: ServerProcess;
  let descriptors: number;
  beforeAll(async () => {
    server = await ServerProcess.start("besieged.ts", { way: TWO_WAYS[0] });
    descriptors = await server.settledDescriptors();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const assertForgotten = async () => {
    await eventually(
      async () => await server.text("/websockets") === "0",
      "WebSockets that have closed",
    );
    await server.descriptorsDownTo(descriptors);
    assertEquals(server.stderr.all.filter((line) => !line.includes("listening")), []);
  };

  for (const { what, reach } of POINTS) {
    it(`forgets one that resets its connection ${what}`, async () => {
      const client = await AbruptClient.connect(server.port);
      await reach(client);
      await client.reset();
      assertEquals(await server.text("/hello"), "Hello World!");
      await assertForgotten();
    });
  }

  it(`forgets ${RESETS} that reset their connections`, async () => {
    await resetMany(server.port, RESETS, POINTS);
    await assertForgotten();
  });
});
