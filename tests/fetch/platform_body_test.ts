// Bodies that a handler reads while they come, through WebServer.fetch().

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

/** A stream of parts, and what has become of it. */
class Source {
  pulls = 0;
  isCancelled = false;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;

  constructor(parts: readonly string[], error?: Error) {
    this.stream = new ReadableStream({
      pull: (controller) => {
        const part = parts[this.pulls++];
        if (part !== undefined) controller.enqueue(new TextEncoder().encode(part));
        else if (error !== undefined) controller.error(error);
        else controller.close();
      },
      cancel: () => {
        this.isCancelled = true;
      },
    }, { highWaterMark: 0 });
  }
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
      assertEquals(source.pulls, 0);
      return await countBytes(request);
    }, source);
    assertEquals(await response.text(), "6");
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
    assertEquals((await ask(countBytes, new Source(["abc"], gone))).status, 400);
    const response = await ask((request) => {
      // What fetch() rejects with when the body of its request fails.
      return request.text().catch((error) => {
        throw new TypeError("fetch failed", { cause: new Error(error.message) });
      }) as Promise<never>;
    }, new Source(["abc"], gone));
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
