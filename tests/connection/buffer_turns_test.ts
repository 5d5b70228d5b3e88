// Connections of one worker whose responses are large: they use one buffer, one after another, and
// none waits for a handler or a client of another one.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Handler } from "../../src/handler/handler.ts";
import { HttpError } from "../../src/handler/errors.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { percentDecode } from "../../src/http1/target.ts";
import { Router } from "../../src/routing/router.ts";
import { settle } from "../support/connections/fake_conn.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";
import { SpoilingPool } from "../http1/reading.ts";

const PAGE = "0123456789".repeat(5_000);
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Serves connections with one handler and one pool. Each of them has sent a large response. */
async function serveLarge(count: number, handler: Handler) {
  const router = new Router<Handler>(percentDecode);
  const pool = new SpoilingPool();
  const memories: ArrayBufferLike[] = [];
  let isFirst = true;
  router.add("/", true, (req) => isFirst ? WebResponse.text(PAGE) : handler(req), () => "a test");
  const all: ServedConnection[] = [];
  for (let index = 0; index < count; index++) {
    const served = await serveConnection({ router, limits: {}, tickMs: 1_000, pool });
    const write = served.fake.write.bind(served.fake);
    served.fake.write = (bytes) => {
      memories.push(bytes.buffer);
      return write(bytes);
    };
    all.push(served);
  }
  for (const { fake } of all) fake.send(GET);
  await settle();
  assertEquals(new Set(memories).size, count);
  memories.length = 0;
  for (const { fake } of all) fake.writes.length = 0;
  isFirst = false;
  return { all, fakes: all.map(({ fake }) => fake), memories };
}

/** Whether a connection has sent one response with the page. */
function hasPage(fake: ServedConnection["fake"]): boolean {
  return fake.output.startsWith("HTTP/1.1 200 OK\r\n") && fake.output.endsWith(`\r\n\r\n${PAGE}`);
}

describe("Connections with large responses", () => {
  it("encode them into one buffer when their requests come together", async () => {
    for (
      const handler of [
        () => WebResponse.text(PAGE),
        async () => WebResponse.text(await PAGE),
        () => WebResponse.bytes(new TextEncoder().encode(PAGE)),
      ] as Handler[]
    ) {
      const { fakes, memories } = await serveLarge(4, handler);
      for (let round = 1; round <= 2; round++) {
        for (const fake of fakes) {
          fake.writes.length = 0;
          fake.send(GET);
        }
        await settle();
        assert(fakes.every(hasPage));
        assertEquals([memories.length, new Set(memories).size], [4 * round, 1]);
      }
    }
  });

  it("do not wait for a handler that waits", async () => {
    const mayAnswer = Promise.withResolvers<void>();
    let calls = 0;
    const { fakes } = await serveLarge(3, async () => {
      if (++calls === 1) await mayAnswer.promise;
      return WebResponse.text(PAGE);
    });
    for (const fake of fakes) fake.send(GET);
    await settle();
    assertEquals(fakes.map(hasPage), [false, true, true]);
    mayAnswer.resolve();
    await settle();
    assertEquals(fakes.map(hasPage), [true, true, true]);
  });

  it("do not wait for a client that takes nothing, or only a part", async () => {
    const { fakes } = await serveLarge(4, () => WebResponse.text(PAGE));
    fakes[0].isBlocked = true;
    fakes[1].writeLimit = 20_000;
    for (const fake of fakes) fake.send(GET);
    await settle();
    assertEquals(fakes.map(hasPage), [false, true, true, true]);
    fakes[0].unblock();
    await settle();
    assertEquals(fakes.map(hasPage), [true, true, true, true]);
  });

  it("do not wait for a client that is gone, for a stream, or for a response that fails", async () => {
    const never = new Promise<Uint8Array>(() => {});
    let calls = 0;
    const { fakes, all } = await serveLarge(5, () => {
      switch (++calls) {
        case 2:
          return new WebResponse((async function* () {
            yield await never;
          })());
        case 3:
          throw new HttpError(400, "bad");
        case 4:
          throw new Error("a panic");
        default:
          return WebResponse.text(PAGE);
      }
    });
    const { write } = fakes[0];
    fakes[0].write = (bytes) =>
      fakes[0].isClosed ? write(bytes) : Promise.reject(new Deno.errors.BrokenPipe("gone"));
    for (const fake of fakes) fake.send(GET);
    await settle();
    assert(fakes[0].isClosed);
    assertEquals(fakes.slice(1).map(hasPage), [false, false, false, true]);
    assert(fakes[2].output.startsWith("HTTP/1.1 400 "));
    assert(fakes[3].output.startsWith("HTTP/1.1 500 "));
    assertEquals(all.map(({ faults }) => faults.length), [0, 0, 0, 0, 0]);
  });

  it("answer pipelined requests in one turn", async () => {
    const { fakes } = await serveLarge(2, () => WebResponse.text(PAGE));
    for (const fake of fakes) fake.send(GET + GET);
    await settle();
    for (const fake of fakes) assertEquals(fake.output.split(PAGE).length, 3);
  });

  it("are not idle while they wait for their turn", async () => {
    const idle: boolean[] = [];
    const { fakes, all }: Awaited<ReturnType<typeof serveLarge>> = await serveLarge(2, () => {
      if (idle.length === 0) idle.push(all[1].connection.closeIfIdle({ evenIfNew: true }));
      return WebResponse.text(PAGE);
    });
    for (const fake of fakes) fake.send(GET);
    await settle();
    assertEquals(idle, [false]);
    assert(fakes.every(hasPage));
  });
});
