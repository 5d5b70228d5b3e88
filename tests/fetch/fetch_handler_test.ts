import {
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Worker } from "node:worker_threads";
import { fetchHandler, HttpError } from "../../mod.ts";
import type { Peer } from "../../src/handler/client_origin.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import { within } from "../support/deadline.ts";
import { canReadTests } from "../support/permissions.ts";
import { assertPanic } from "../support/requests/assert_panic.ts";
import { PEER, TestDispatcher } from "../support/requests/socketless_exchange.ts";

describe("fetchHandler()", () => {
  it("gives the application the whole path, its mount point included", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /app/:name": fetchHandler(({ url }) => new Response(url)),
    });
    const { text } = await dispatcher.answer({ target: "/app/a%2Fb/c?d=e" });
    assertEquals(text, "http://localhost/app/a%2Fb/c?d=e");
  });

  it("gives the application method, headers, body, and the request's signal", async () => {
    const seen: Request[] = [];
    const dispatcher = new TestDispatcher({
      "prefix /": fetchHandler(async (request) => {
        seen.push(request);
        return new Response(await request.text());
      }),
    });
    const fields: [string, string][] = [["Host", "a"], ["X-A", "1"]];
    const { text } = await dispatcher.answer({ method: "PUT", fields, body: "abc" });
    assertEquals(text, "abc");
    assertEquals([seen[0].method, seen[0].headers.get("x-a")], ["PUT", "1"]);
    assertInstanceOf(seen[0].signal, AbortSignal);
  });

  it("tells the application who asks, as Deno.serve does", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /": fetchHandler((_request, { remoteAddr }) => Response.json(remoteAddr)),
    });
    const { text } = await dispatcher.answer({});
    assertEquals(Object.keys(JSON.parse(text)), ["transport", "hostname", "port"]);
  });

  it("tells the application behind a trusted front end the client and the public URL", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /": fetchHandler(({ url }, { remoteAddr }) => Response.json([url, remoteAddr])),
    });
    const peer: Peer = {
      addr: { transport: "tcp", hostname: "127.0.0.1", port: 40_000 },
      scheme: "http",
      trust: resolveServerOptions({ trustProxy: "loopback" }).trustProxy,
    };
    const fields: [string, string][] = [
      ["Host", "inner:8000"],
      ["X-Forwarded-For", "198.51.100.66, 192.0.2.9"],
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "public.example"],
    ];
    const client = { transport: "tcp", hostname: "192.0.2.9", port: 0 };
    const believed = await dispatcher.answer({ fields, peer });
    assertEquals(JSON.parse(believed.text), ["https://public.example/", client]);
    const { text } = await dispatcher.answer({ fields });
    assertEquals(JSON.parse(text), ["http://inner:8000/", { ...PEER.addr }]);
  });

  it("takes an application that answers at once, and a function that has lost its object", async () => {
    const app = { fetch: () => new Response("a", { status: 202 }) };
    const { fetch } = app;
    const dispatcher = new TestDispatcher({ "prefix /": fetchHandler(fetch) });
    assertEquals((await dispatcher.answer({})).status, 202);
  });

  it("makes a panic of what the application throws, and of what it wrongly returns", async () => {
    const error = new Error("a");
    await assertPanic(fetchHandler(() => Promise.reject(error)), error);
    await assertPanic(fetchHandler(() => "text" as unknown as Response));
  });

  it("lets the application throw an HttpError", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /": fetchHandler(() => Promise.reject(new HttpError(403))),
    });
    assertEquals((await dispatcher.answer({})).status, 403);
  });

  it("answers what the platform's Request has no form for, without calling the application", async () => {
    let calls = 0;
    const dispatcher = new TestDispatcher({
      "prefix /": fetchHandler(() => {
        calls++;
        return new Response();
      }),
    });
    assertEquals((await dispatcher.answer({ method: "TRACE" })).status, 501);
    assertEquals((await dispatcher.answer({ fields: [["Host", "300.1.1.1"]] })).status, 400);
    assertEquals([calls, dispatcher.panics], [0, []]);
  });

  it("answers a WebSocket's upgrade with 501, which is no panic", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /": fetchHandler((request) => Deno.upgradeWebSocket(request).response),
    });
    const fields: [string, string][] = [
      ["Host", "a"],
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Version", "13"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
    ];
    assertEquals((await dispatcher.answer({ fields })).status, 501);
    assertEquals(dispatcher.panics, []);
  });

  for (const value of [undefined, null, { fetch: () => new Response() }, "app"]) {
    it(`refuses ${JSON.stringify(value)} for an application`, () => {
      const { message } = assertThrows(
        () => fetchHandler(value as unknown as () => Response),
        TypeError,
      );
      assertStringIncludes(message, "app.fetch");
    });
  }
});

const MODULE = new URL("../../src/fetch/fetch_handler.ts", import.meta.url).href;

describe("prepareFetchHandlers()", { ignore: !canReadTests }, () => {
  it("tests the maker of requests once, if there is a handler that needs them", async () => {
    // A thread of its own: there is one maker for each.
    const script = `
      const PlatformRequest = Request;
      let made = 0;
      globalThis.Request = class extends PlatformRequest {
        constructor(...args) {
          super(...args);
          made++;
        }
      };
      const { fetchHandler, prepareFetchHandlers } = await import(${JSON.stringify(MODULE)});
      const counts = [];
      const prepare = () => {
        prepareFetchHandlers();
        counts.push(made);
      };
      prepare();
      fetchHandler(() => new Response());
      prepare();
      prepare();
      globalThis.postMessage(counts);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
    const posted = Promise.withResolvers<number[]>();
    worker.on("message", posted.resolve);
    worker.on("error", posted.reject);
    const [without, first, second] = await within(posted.promise, "what was made");
    await worker.terminate();
    assertEquals(without, 0);
    assertGreater(first, 0);
    assertEquals(second, first);
  });
});
