// Compression of responses, beside what the runtime's own `automaticCompression` makes of the same.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { FetchContext, FetchInfo } from "../../src/handler/handler.ts";
import { preferredCoding, withCompression } from "../../src/takeover/compression.ts";
import { textOfCoded } from "../support/clients/coded_text.ts";
import { within } from "../support/deadline.ts";
import { canUseNetwork } from "../support/permissions.ts";

const LONG = "a long text, ".repeat(50);

const responses: Readonly<Record<string, () => Response>> = {
  text: () => new Response(LONG),
  short: () => new Response("short"),
  json: () => Response.json({ LONG }),
  problem: () => new Response(LONG, { headers: { "content-type": "application/problem+json" } }),
  image: () => new Response(LONG, { headers: { "content-type": "image/png" } }),
  typeless: () => new Response(new TextEncoder().encode(LONG)),
  "not-to-transform": () => new Response(LONG, { headers: { "cache-control": "no-transform" } }),
  tagged: () => new Response(LONG, { status: 201, headers: { etag: '"a"', vary: "Origin" } }),
  "weakly-tagged": () => new Response(LONG, { headers: { etag: 'W/"a"' } }),
  encoded: () => new Response(LONG, { headers: { "content-encoding": "identity" } }),
  ranged: () => new Response(LONG, { headers: { "content-range": "bytes 1-2/3" } }),
  stream: () =>
    new Response(ReadableStream.from(["a", "b"]).pipeThrough(new TextEncoderStream()), {
      headers: { "content-type": "text/plain" },
    }),
  empty: () => new Response(null, { status: 204 }),
};

const codings = [
  "gzip",
  "br",
  "gzip, deflate, br",
  "gzip;q=0.5, br;q=0.1",
  "identity",
  "gzip;q=0",
  "",
];

const CONTEXT = {} as FetchInfo & FetchContext;

/** What compression decides of a response. */
function decisions(status: number, headers: Headers): unknown {
  const vary = (headers.get("vary") ?? "").split(", ").toSorted();
  return [status, headers.get("content-encoding"), headers.get("etag"), vary];
}

/** Asks the runtime's own server without a client that decodes by itself. */
async function askRuntime(port: number, name: string, acceptEncoding: string) {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const field = acceptEncoding === "" ? "" : `Accept-Encoding: ${acceptEncoding}\r\n`;
  const request = `GET /${name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${field}\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const bytes = await within(new Response(connection.readable).bytes(), "an answer");
  const [head] = new TextDecoder("latin1").decode(bytes).split("\r\n\r\n");
  const [statusLine, ...lines] = head.split("\r\n");
  const fields = lines.map((line) => line.split(": ") as [string, string]);
  return decisions(Number(statusLine.split(" ")[1]), new Headers(fields));
}

describe("withCompression()", { ignore: !canUseNetwork }, () => {
  for (const name of Object.keys(responses)) {
    it(`decides as the runtime does of a response that is ${name}`, async () => {
      await using server = Deno.serve(
        // The types do not have the option yet.
        { port: 0, hostname: "127.0.0.1", automaticCompression: true, onListen() {} } as
          & Deno.ServeTcpOptions
          & { automaticCompression: boolean },
        () => responses[name](),
      );
      for (const acceptEncoding of codings) {
        const expected = await askRuntime(server.addr.port, name, acceptEncoding);
        const request = new Request("http://localhost/", {
          headers: acceptEncoding === "" ? {} : { "accept-encoding": acceptEncoding },
        });
        const handler = withCompression(() => responses[name]());
        const response = await handler(request, CONTEXT, CONTEXT);
        const { status, headers } = response;
        assertEquals(decisions(status, headers), expected, acceptEncoding);
        const text = textOfCoded(await response.bytes(), headers.get("content-encoding"));
        assertEquals(text, await responses[name]().text(), acceptEncoding);
      }
    });
  }
});

describe("withCompression()", () => {
  for (const coding of ["gzip", "br"] as const) {
    it(`sends each part of a stream at once, and cancels the stream with its reader (${coding})`, async () => {
      const cancelled = Promise.withResolvers<unknown>();
      const part = new TextEncoder().encode("a part ");
      let source!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          source = controller;
        },
        cancel: cancelled.resolve,
      });
      const handler = withCompression(() =>
        new Response(body, { headers: { "content-type": "text/plain" } })
      );
      const request = new Request("http://localhost/", { headers: { "accept-encoding": coding } });
      const response = await handler(request, CONTEXT, CONTEXT);
      assertEquals(response.headers.get("content-encoding"), coding);
      const reader = response.body!.getReader();
      for (let parts = 0; parts < 3; parts++) {
        source.enqueue(part);
        const { done } = await within(reader.read(), "the part");
        assertEquals(done, false);
      }
      await reader.cancel("no more");
      await within(cancelled.promise, "the cancelling");
    });
  }
});

describe("preferredCoding()", () => {
  const cases: readonly [string | null, string | undefined][] = [
    [null, undefined],
    ["GZIP", "gzip"],
    ["gzip;q=1, identity;q=0.5, br; q=0", "gzip"],
    ["identity, gzip;q=0.1", undefined],
  ];
  for (const [field, coding] of cases) {
    it(`returns ${coding} for ${field}`, () => assertEquals(preferredCoding(field), coding));
  }
});
