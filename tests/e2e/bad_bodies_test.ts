// A client's bad body costs no worker, whatever a fetch-style application does with the error; what the application gets wrong does.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { RawClient } from "../support/clients/raw_client.ts";
import { CAN_WATCH_PROCESSES, ServerProcess } from "../support/servers/server_process.ts";
import {
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

/** Posts a body on a connection of its own. */
async function post(
  { port }: { readonly port: number },
  target: string,
  body: string,
  contentType = "application/json",
): Promise<{ readonly status: number; readonly text: string }> {
  using client = await RawClient.connect(port);
  return await client.ask(
    `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${contentType}\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** How many panics the workers have counted, and how many workers there have been. */
function harm(app: StartedApp): { readonly panics: number; readonly replaced: number } {
  const replaced = app.events.all.filter(({ kind }) => kind === "replacing").length;
  return { panics: app.running.stats().total.panics, replaced };
}

const NO_HARM = { panics: 0, replaced: 0 };

describeEachWay((way) => {
  const start = () => startApp("reads_bodies.ts", { run: { ...way, workers: 1 } });

  const cases: { target: string; what: string; contentType?: string; status: number }[] = [
    { target: "/json", what: "json()", status: 400 },
    { target: "/form", what: "formData() of another type", status: 415 },
    {
      target: "/form",
      what: "formData() of a malformed form",
      contentType: "multipart/form-data; boundary=b",
      status: 400,
    },
    { target: "/clone", what: "json() of a clone", status: 400 },
    { target: "/streamed", what: "json() in a body that is made while it is sent", status: 400 },
    { target: "/floating", what: "json() that is not awaited", status: 200 },
    { target: "/floating/own", what: "formData() that is not awaited", status: 200 },
    { target: "/timer", what: "an error of json() that a timer throws", status: 200 },
    { target: "/hono/json", what: "Hono's own error handler", status: 500 },
    { target: "/strict-hono/json", what: "an onError of Hono", status: 422 },
    { target: "/open-hono/json", what: "json() in Hono, whose onError throws", status: 400 },
    {
      target: "/open-hono/form-data",
      what: "formData() in Hono, whose onError throws",
      status: 415,
    },
    { target: "/h3/json", what: "h3's own error handler", status: 500 },
    { target: "/srvx/json", what: "json() in srvx", status: 400 },
  ];

  it("a worker survives each bad body that a client can send", async () => {
    await using app = await start();
    const worker = (await app.get("/worker")).text;
    for (const { target, contentType, status, what } of cases) {
      assertEquals((await post(app, target, '{"a":', contentType)).status, status, what);
    }
    assertEquals((await app.get("/worker")).text, worker);
    assertEquals(harm(app), NO_HARM);
  });

  it("a worker decodes bodies for its own handlers, and passes them on to applications as they are", async () => {
    await using app = await start();
    const send = async (target: string, coding: string, body: Uint8Array<ArrayBuffer>) => {
      const headers = { "content-encoding": coding };
      const url = `http://127.0.0.1:${app.port}${target}`;
      const response = await fetch(url, { method: "POST", headers, body, client });
      return [response.status, await response.text(), response.headers.get("accept-encoding")];
    };
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    const json = new TextEncoder().encode('{"a":1}');
    const gzip = new Uint8Array(gzipSync(json));
    // The first one has to wait for the decoder to be loaded.
    for (let i = 0; i < 3; i++) {
      assertEquals(await send("/own/json", "gzip", gzip), [200, '{"a":1}', null]);
    }
    const deflate = new Uint8Array(deflateSync(json));
    assertEquals(await send("/own/json", "deflate", deflate), [200, '{"a":1}', null]);
    const brotli = new Uint8Array(brotliCompressSync(json));
    assertEquals(await send("/own/json", "br", brotli), [200, '{"a":1}', null]);
    assertEquals((await send("/own/json", "br", brotli.subarray(0, -1)))[0], 400);
    assertEquals(await send("/raw", "gzip", gzip), [200, `["gzip",${gzip.length}]`, null]);
    const [status, , accepted] = await send("/own/json", "zstd", gzip);
    assertEquals([status, accepted], [415, "gzip, deflate, br"]);
    assertEquals((await send("/own/json", "gzip", gzip.subarray(0, -1)))[0], 400);
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    assertEquals((await send("/own/json", "gzip", bomb))[0], 413);
    assertEquals(harm(app), NO_HARM);
  });

  it("a worker panics when the application itself parses the text of a bad body", async () => {
    await using app = await start();
    assertEquals((await post(app, "/parsed", "{")).status, 500);
    await app.events.find("replacing");
    assertEquals(harm(app).replaced, 1);
  });
}, TWO_WAYS);

describe("a bad body", { ignore: !CAN_WATCH_PROCESSES }, () => {
  for (const way of TWO_WAYS) {
    it(`is one line in the log, with no panic (isolation ${way.isolation})`, async () => {
      await using server = await ServerProcess.start("reads_bodies.ts", { way });
      const from = server.stderr.all.length;
      for (const target of ["/json", "/form", "/floating", "/timer"]) {
        await post(server, target, "{");
      }
      // The line of what goes uncaught comes behind the answer.
      await server.stderr.find(/POST \/timer /, from);
      await server.text("/worker");
      const lines = server.stderr.all.slice(from).map((line) => line.replace(/^\S+ mudpie: /, ""));
      assertEquals(lines.length, 4, lines.join("\n"));
      const json = "The body of the request is not JSON \\(SyntaxError: .+\\)";
      assertMatch(lines[0], new RegExp(`^worker 1: POST /json gets 400: ${json}$`));
      assertMatch(lines[1], /^worker 1: POST \/form gets 415: .+ \(TypeError: .+\)$/);
      for (const [index, target] of [[2, "/floating"], [3, "/timer"]] as const) {
        const has = `has a body that cannot be read: ${json}`;
        assertMatch(lines[index], new RegExp(`^worker 1: POST ${target} ${has}$`));
      }
    });
  }
});
