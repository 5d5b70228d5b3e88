// 20,000 clients with WebSockets that hang up without a word: what the server holds of them afterwards.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LANES, resetMany } from "../support/clients/abrupt_clients.ts";
import { POINTS } from "../support/clients/abrupt_websockets.ts";
import { Bystander } from "../support/clients/attackers.ts";
import { eventually } from "../support/deadline.ts";
import { needsDescriptors, ServerProcess } from "../support/servers/server_process.ts";
import { TWO_WAYS } from "../support/servers/started_app.ts";

const RESETS = 20_000;
/** The heap of a worker has reached its working size after so many. */
const WARM_UP_RESETS = 10_000;

/** How much more the worker may hold after 20,000 resets, garbage collected: 50 bytes for each, less than any object. */
const MAX_WORKER_GROWTH_BYTES = 1_000_000;

/** The same for all memory of the process. It is coarse, since allocators keep what was freed. */
const MAX_RESIDENT_GROWTH_BYTES = 48 * 1024 * 1024;

const suite = needsDescriptors("a server and its abrupt WebSockets", LANES + 500);
describe(suite.name, { ignore: suite.ignore }, () => {
  for (const way of TWO_WAYS) {
    const name = `(listen ${way.listen}, isolation ${way.isolation})`;

    it(`keeps nothing of ${RESETS} WebSockets that were reset, and answers others meanwhile ${name}`, async () => {
      await using server = await ServerProcess.start("besieged.ts", { way });
      await server.text("/memory");
      const descriptors = await server.settledDescriptors();
      const end = async () => {
        await eventually(
          async () => await server.text("/websockets") === "0",
          "WebSockets that have closed",
        );
        return await server.workerMemory();
      };
      await resetMany(server.port, WARM_UP_RESETS, POINTS);
      const before = await end();
      const residentBytes = server.residentBytes();

      const bystander = new Bystander(server.port);
      await resetMany(server.port, RESETS, POINTS);
      await bystander.finish();
      const after = await end();
      await server.descriptorsDownTo(descriptors);
      const grown = after.heapUsed + after.external - before.heapUsed - before.external;
      assert(grown < MAX_WORKER_GROWTH_BYTES, `the worker holds ${grown} bytes more`);
      const residentGrown = server.residentBytes() - residentBytes;
      assert(
        residentGrown < MAX_RESIDENT_GROWTH_BYTES,
        `the process holds ${residentGrown} bytes more`,
      );
      assertEquals(server.surprises(), []);
      assertEquals(await server.stop(), 0);
    });
  }
});
