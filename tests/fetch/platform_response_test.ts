import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  fetchHandler,
  type Handler,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../../mod.ts";
import { canUseNetwork } from "../support/permissions.ts";
import { standardErrorOf } from "../support/standard_error.ts";

function serverOf(handler: Handler, options?: WebServerOptions): WebServer {
  const server = new WebServer(options);
  server.addPath("/", handler);
  return server;
}

const request = (path = "/", init?: RequestInit) => new Request(`http://localhost${path}`, init);

describe("A body that cannot be sent", () => {
  const bodies: { what: string; body: () => Uint8Array }[] = [
    { what: "is shared with another thread", body: () => new Uint8Array(new SharedArrayBuffer(4)) },
    { what: "has gone to another thread", body: () => new Uint8Array(4) },
  ];
  for (const { what, body } of bodies) {
    it(`is no cause for fetch() to reject when it ${what}`, async () => {
      const server = serverOf(() => {
        const bytes = body();
        const response = WebResponse.bytes(bytes);
        if (bytes.buffer instanceof ArrayBuffer) {
          structuredClone(bytes, { transfer: [bytes.buffer] });
        }
        return response;
      });
      const lines = await standardErrorOf(async () => {
        const { status } = await server.fetch(request());
        // Whoever makes a copy in time can send it; otherwise it is the handler's fault.
        assert(status === 200 || status === 500, String(status));
        await server.fetch(request("/", { method: "HEAD" }));
      });
      assert(lines.every((line) => line.includes("panic")), lines.join());
    });
  }
});

describe("A streamed body in WebServer.fetch()", () => {
  /** A server that streams those parts, and what becomes of their source. */
  function streaming(parts: readonly (string | Error)[]) {
    const source = { asked: 0, isCancelled: false, isAborted: false };
    const server = new WebServer({ accessLog: "off", handlerTimeout: 0 });
    server.addPath("/", (req) => {
      const { signal } = req;
      const waiting = [...parts];
      const stream = new ReadableStream<string>({
        pull(controller) {
          source.asked++;
          const next = waiting.shift();
          if (next === undefined) return controller.close();
          if (next instanceof Error) throw next;
          controller.enqueue(next);
        },
        cancel() {
          source.isCancelled = true;
          source.isAborted = signal.aborted;
        },
      }, { highWaterMark: 0 });
      return new WebResponse(stream, { headers: { "content-type": "a/b" } });
    });
    return { server, source };
  }

  it("comes part by part, each when it is asked for", async () => {
    const { server, source } = streaming(["one", "two"]);
    const response = await server.fetch(new Request("http://localhost/"));
    assertEquals([response.headers.get("content-type"), source.asked], ["a/b", 0]);
    const reader = response.body!.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "one");
    assertEquals(source.asked, 1);
    assertEquals(new TextDecoder().decode((await reader.read()).value), "two");
    assertEquals((await reader.read()).done, true);
  });

  it("counts as sent when it is made", async () => {
    const server = new WebServer();
    const seen: string[] = [];
    const sent = Promise.withResolvers<void>();
    const handler = fetchHandler((_request, { completed }) => {
      completed.then(() => void seen.push("sent")).then(sent.resolve);
      return new Response(ReadableStream.from([new Uint8Array(1), new Uint8Array(1)]));
    });
    server.addPath("/", handler);
    const response = await server.fetch(new Request("http://localhost/"));
    for await (const _part of response.body!) seen.push("part");
    await sent.promise;
    assertEquals(seen, ["part", "part", "sent"]);
  });

  it("is cancelled when nobody wants it any more", async () => {
    const { server, source } = streaming(["one", "two"]);
    const response = await server.fetch(new Request("http://localhost/"));
    await response.body!.cancel();
    assertEquals([source.isCancelled, source.asked], [true, 0]);
  });

  it("is not asked for by a HEAD, which leaves its length open", async () => {
    const { server, source } = streaming(["one"]);
    const response = await server.fetch(new Request("http://localhost/", { method: "HEAD" }));
    assertEquals([await response.text(), response.headers.get("content-length")], ["", null]);
    assertEquals([source.isCancelled, source.asked], [true, 0]);
  });

  it("is a logged panic when it fails, which whoever reads it sees", async () => {
    const { server } = streaming(["one", new Error("half-way")]);
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(new Request("http://localhost/"));
      await assertRejects(() => response.text(), Error, "half-way");
    });
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0], "half-way");
  });

  it("follows the signal of the request to its end", async () => {
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const server = new WebServer();
    server.addPath("/", (req) => {
      signal = req.signal;
      return new WebResponse(new ReadableStream());
    });
    const request = new Request("http://localhost/", { signal: controller.signal });
    const response = await server.fetch(request);
    controller.abort();
    assertEquals(signal?.aborted, true);
    await response.body!.cancel();
  });

  it("is no panic when nobody wants the part that is awaited", async () => {
    const server = new WebServer();
    const open = Promise.withResolvers<void>();
    server.addPath("/", () =>
      new WebResponse((async function* () {
        yield "one";
        await open.promise;
        yield "two";
      })()));
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(new Request("http://localhost/"));
      const reader = response.body!.getReader();
      await reader.read();
      const second = reader.read();
      await reader.cancel();
      open.resolve();
      await second;
      await new Promise((resolve) => setTimeout(resolve));
    });
    assertEquals(lines, []);
  });

  it("is passed on from elsewhere, without the length that it had before it was decoded", async () => {
    const server = new WebServer({ accessLog: "off" });
    const parts = async function* () {
      yield new Uint8Array(10);
      await new Promise((resolve) => setTimeout(resolve));
      yield new Uint8Array(10);
    };
    const headers = { "content-encoding": "gzip", "content-length": "5" };
    server.addPath("/", () => new Response(ReadableStream.from(parts()), { headers }));
    const response = await server.fetch(new Request("http://localhost/"));
    assertEquals(response.headers.get("content-length"), null);
    assertEquals((await response.bytes()).length, 20);
  });

  it("is passed on as fetch() gives it, without the coding that is undone", {
    ignore: !canUseNetwork,
  }, async () => {
    const text = "the same again and again ".repeat(100);
    const coded = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = await new Response(coded).bytes();
    await using upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        new Response(bytes, {
          headers: { "content-encoding": new URL(request.url).pathname.slice(1), "x-a": "b" },
        }),
    );
    const server = new WebServer();
    server.addPath("/", (req) => fetch(`http://127.0.0.1:${upstream.addr.port}${req.path}`));
    const decoded = await server.fetch(new Request("http://localhost/gzip"));
    assertEquals(decoded.headers.get("content-encoding"), null);
    assertEquals(decoded.headers.get("x-a"), "b");
    assertEquals(await decoded.text(), text);
    // What fetch() does not know goes on as it is.
    const other = await server.fetch(new Request("http://localhost/other"));
    assertEquals(other.headers.get("content-encoding"), "other");
    assertEquals(await other.bytes(), bytes);
  });

  for (const parts of [["abc"], ["abc", "def"]]) {
    for (const isLate of [false, true]) {
      for (const kind of ["WebResponse", "Response"]) {
        const when = isLate ? "late" : "at once";
        it(`fetch() gives a ${kind} of ${parts.length} part(s) ${when} that fails at another length than it declares`, async () => {
          let hasEnded = false;
          async function* source() {
            try {
              for (const part of parts) {
                if (isLate) await new Promise((resolve) => setTimeout(resolve));
                yield new TextEncoder().encode(part);
              }
            } finally {
              hasEnded = true;
            }
          }
          const init = { headers: { "content-length": "5" } };
          const server = new WebServer();
          server.addPath("/", () => {
            const stream = ReadableStream.from(source());
            return kind === "Response" ? new Response(stream, init) : new WebResponse(stream, init);
          });
          const lines = await standardErrorOf(async () => {
            const response = await server.fetch(new Request("http://localhost/"));
            assertEquals(response.headers.get("content-length"), "5");
            await assertRejects(() => response.text(), TypeError, "Content-Length says 5");
          });
          assertEquals(lines.length, 1);
          assertStringIncludes(lines[0], "Content-Length says 5");
          // To its end, or cancelled.
          assert(hasEnded);
        });
      }
    }
  }

  it("fetch() passes Upgrade, and leaves Connection to the server that sends the response", async () => {
    const headers = { upgrade: "example/1", connection: "upgrade" };
    for (const body of ["use it", ReadableStream.from(["use it"])]) {
      const server = serverOf(() => new WebResponse(body, { status: 426, headers }));
      const response = await server.fetch(new Request("http://localhost/"));
      assertEquals(await response.text(), "use it");
      assertEquals(response.headers.get("upgrade"), "example/1");
      assertEquals(response.headers.get("connection"), null);
    }
  });

  it("fetch() passes the Upgrade of another server on with its 426 alone", {
    ignore: !canUseNetwork,
  }, async () => {
    await using upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        new Response("there", {
          status: Number(new URL(request.url).pathname.slice(1)),
          headers: { "upgrade": "h2,h2c", "x-a": "b" },
        }),
    );
    const server = new WebServer();
    server.addPath("/", (req) => fetch(`http://127.0.0.1:${upstream.addr.port}${req.path}`));
    for (const [status, upgrade] of [[200, null], [426, "h2,h2c"]] as const) {
      const response = await server.fetch(new Request(`http://localhost/${status}`));
      assertEquals([response.status, await response.text()], [status, "there"]);
      assertEquals(response.headers.get("x-a"), "b");
      assertEquals(response.headers.get("upgrade"), upgrade);
    }
  });

  it("is cancelled when it comes too late", async () => {
    const cancelled = Promise.withResolvers<void>();
    const server = new WebServer({ handlerTimeout: 1 });
    const open = Promise.withResolvers<void>();
    server.addPath("/", async () => {
      await open.promise;
      return new WebResponse(new ReadableStream({ cancel: () => cancelled.resolve() }));
    });
    const response = await server.fetch(new Request("http://localhost/"));
    assertEquals(response.status, 503);
    open.resolve();
    await cancelled.promise;
    await response.body?.cancel();
  });
});
