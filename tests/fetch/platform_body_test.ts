// Bodies that a handler reads while they come, through WebServer.fetch().

import { setImmediate } from "node:timers";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  fetchHandler,
  HttpError,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../../mod.ts";
import { PlatformBody } from "../../src/fetch/platform_body.ts";

/** A stream of parts, and what has become of it. Each part comes in a turn of its own, unless `isReady`. */
class Source {
  /** How many parts have come. */
  sent = 0;
  isCancelled = false;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;

  constructor(parts: readonly string[], { error, isReady = false }: SourceOptions = {}) {
    this.stream = new ReadableStream({
      pull: async (controller) => {
        if (!isReady) await new Promise((resolve) => setImmediate(resolve));
        if (this.isCancelled) return;
        const part = parts[this.sent];
        if (part !== undefined) {
          this.sent++;
          controller.enqueue(new TextEncoder().encode(part));
        } else if (error !== undefined) controller.error(error);
        else controller.close();
      },
      cancel: () => {
        this.isCancelled = true;
      },
    }, { highWaterMark: 0 });
  }
}

interface SourceOptions {
  /** What the stream fails with after its parts. */
  readonly error?: Error;
  /** Whether all parts are there from the beginning. */
  readonly isReady?: boolean;
}

function ask(
  handler: (request: Request) => Response | Promise<Response>,
  { stream }: Source,
  options: WebServerOptions = {},
  headers: HeadersInit = {},
): Promise<Response> {
  const server = new WebServer(options);
  server.addPath("/", fetchHandler(handler));
  const init = { method: "POST", body: stream, headers, duplex: "half" };
  return server.fetch(new Request("http://localhost/", init));
}

const countBytes = async (request: Request) => {
  let length = 0;
  for await (const part of request.body!) length += part.length;
  return new Response(String(length));
};

describe("WebServer.fetch() and a body", () => {
  it("calls a fetch-style handler before the body has come", async () => {
    const source = new Source(["abc", "def"]);
    const response = await ask(async (request) => {
      assertEquals(source.sent, 0);
      return await countBytes(request);
    }, source);
    assertEquals(await response.text(), "6");
  });

  for (const isReady of [true, false]) {
    const when = isReady ? "is there before its handler is called" : "comes later";
    it(`gives a fetch-style handler a body that ${when}`, async () => {
      const parts = ["abc", "", "def"];
      for (
        const read of [countBytes, async (request: Request) => {
          return new Response(String((await request.text()).length));
        }]
      ) {
        const response = await ask(read, new Source(parts, { isReady }));
        assertEquals(await response.text(), "6");
      }
    });
  }

  it("reads no more than 64 KiB before it calls a handler, whatever is there", async () => {
    const source = new Source(Array(10).fill("x".repeat(30_000)), { isReady: true });
    const response = await ask(async (request) => {
      assertEquals(source.sent, 3);
      return await countBytes(request);
    }, source);
    assertEquals(await response.text(), "300000");
  });

  it("lets a reader that is at work read on after the response", async () => {
    const source = new Source(["abc", "def"]);
    let text: Promise<string> | undefined;
    const response = await ask((request) => {
      text = request.text();
      return new Response("done");
    }, source);
    assertEquals(await response.text(), "done");
    assertEquals(await text, "abcdef");
  });

  it("answers with 400 where the body was read before", async () => {
    const server = new WebServer();
    server.addPath("/", fetchHandler(countBytes));
    const request = new Request("http://localhost/", { method: "POST", body: "abc" });
    await request.text();
    assertEquals((await server.fetch(request)).status, 400);
  });

  it("has the body collected by the readers of a request, up to maxBodyBytes", async () => {
    const read = async (request: Request) => new Response(await request.text());
    const options = { maxBodyBytes: 5 };
    assertEquals(await (await ask(read, new Source(["ab", "cde"]), options)).text(), "abcde");
    const source = new Source(["abc", "def", "ghi"]);
    assertEquals((await ask(read, source, options)).status, 413);
    assert(source.isCancelled);
    assertEquals(await (await ask(countBytes, new Source(["abc", "def"]), options)).text(), "6");
  });

  it("has the body fail with 413 at maxStreamedBodyBytes", async () => {
    const options = { maxBodyBytes: 1, maxStreamedBodyBytes: 5 };
    const source = new Source(["abc", "def", "ghi"]);
    assertEquals((await ask(countBytes, source, options)).status, 413);
    assert(source.isCancelled);
  });

  it("answers a declared length above maxStreamedBodyBytes with 413, and calls no handler", async () => {
    let isCalled = false;
    const response = await ask(
      () => {
        isCalled = true;
        return new Response();
      },
      new Source(["abcdef"]),
      { maxBodyBytes: 1, maxStreamedBodyBytes: 5 },
      { "content-length": "6" },
    );
    assertEquals(response.status, 413);
    assertFalse(isCalled);
  });

  it("answers with 400 where the source fails, also for a fetch() that sends the body on", async () => {
    const gone = new Error("gone");
    assertEquals((await ask(countBytes, new Source(["abc"], { error: gone }))).status, 400);
    const response = await ask((request) => {
      // What fetch() rejects with when the body of its request fails.
      return request.text().catch((error) => {
        throw new TypeError("fetch failed", { cause: new Error(error.message) });
      }) as Promise<never>;
    }, new Source(["abc"], { error: gone }));
    assertEquals(response.status, 400);
  });

  it("cancels a body that its handler has not read", async () => {
    const source = new Source(["abc"]);
    const response = await ask(() => new Response("unread"), source);
    assertEquals(await response.text(), "unread");
    assert(source.isCancelled);
  });

  it("has the body fail with 503 when handlerTimeout has passed", async () => {
    const failure = Promise.withResolvers<unknown>();
    const never = { stream: new ReadableStream({ pull: () => new Promise(() => {}) }) };
    const response = await ask(
      async (request) => {
        await request.text().catch(failure.resolve);
        return new Response();
      },
      never as Source,
      { handlerTimeout: 10 },
    );
    assertEquals(response.status, 503);
    const error = await failure.promise;
    assert(error instanceof HttpError && error.status === 503);
  });

  it("gives an own handler req.stream where its path says so", async () => {
    const server = new WebServer();
    server.addExactPath("/", async (req) => {
      return WebResponse.text(await new Response(req.stream).text());
    }, { streamBody: true });
    const { stream } = new Source(["abc", "def"]);
    const init = { method: "POST", body: stream, duplex: "half" };
    const response = await server.fetch(new Request("http://localhost/", init));
    assertEquals(await response.text(), "abcdef");
  });
});

describe("PlatformBody.read()", () => {
  it("fills views that are smaller than the parts, and larger", async () => {
    const limits = { maxStreamedBytes: 100, maxCollectedBytes: 100 };
    const body = new PlatformBody(new Source(["abcde", "", "f"]).stream, undefined, limits);
    const counts: number[] = [];
    for (const size of [2, 2, 2, 2, 2]) counts.push(await body.read(new Uint8Array(size)));
    assertEquals(counts, [2, 2, 1, 1, 0]);
    assert(body.isOver);
  });
});
