import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { type Handler, WebResponse, WebServer, type WebServerOptions } from "../../mod.ts";
import { runs } from "../support/runs.ts";

function serverOf(handler: Handler, options?: WebServerOptions): WebServer {
  const server = new WebServer(options);
  server.addPath("/", handler);
  return server;
}

const request = (path = "/", init?: RequestInit) => new Request(`http://localhost${path}`, init);

describe("A request through WebServer.fetch()", () => {
  it("takes every target that the URL standard lets out, but for a NUL in the path", () => {
    const server = serverOf((req) => WebResponse.text(req.target));
    const character = fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0xffff }),
      fc.constantFrom(0x2e, 0x2f, 0x25, 0x5c, 0x3f, 0x23, 0x1f967),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(character, { maxLength: 12 }), async (characters) => {
        const text = String.fromCodePoint(...characters);
        const url = new URL("http://localhost/");
        url.pathname = text;
        url.search = text;
        const response = await server.fetch(new Request(url));
        const answer = [response.status, await response.text()];
        if (url.pathname.includes("%00")) assertEquals(answer[0], 400);
        else assertEquals(answer, [200, url.href.slice(url.origin.length)]);
      }),
      { numRuns: runs(200) },
    );
  });

  for (const target of ["/?", "/a?", "/a??", "/?a?"]) {
    it(`has the target ${target} of its URL, which may end with a "?"`, async () => {
      const server = serverOf((req) => WebResponse.text(req.target));
      for (const hash of ["", "#", "#/hash"]) {
        assertEquals(await (await server.fetch(request(target + hash))).text(), target);
      }
    });
  }

  it("answers 400 where the body of the request breaks off", async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error("the client has gone")),
    });
    const server = serverOf(() => WebResponse.empty());
    assertEquals((await server.fetch(request("/", { method: "POST", body }))).status, 400);
  });

  it("reads a body that comes in pieces, to its end", async () => {
    const pieces = Array.from({ length: 50 }, (_, number) => new Uint8Array(1_000).fill(number));
    const server = serverOf((req) => WebResponse.bytes(req.body));
    const response = await server.fetch(
      request("/", { method: "POST", body: ReadableStream.from(pieces) }),
    );
    assertEquals((await response.bytes()).filter((_, at) => at % 1_000 === 999).length, 50);
  });
});

describe("Limits in WebServer.fetch()", () => {
  /** A server with small limits, and how often its handler was called. */
  function limited(options: WebServerOptions) {
    const calls: string[] = [];
    const server = serverOf((req) => {
      calls.push(req.target);
      return WebResponse.empty();
    }, options);
    const statusOf = async (given: Request) => (await server.fetch(given)).status;
    return { calls, server, statusOf };
  }

  it("answer 413 for a body over maxBodyBytes, and not for one of just that size", async () => {
    const { calls, statusOf } = limited({ maxBodyBytes: 10 });
    const post = (length: number) => request("/", { method: "POST", body: "a".repeat(length) });
    assertEquals(await statusOf(post(10)), 204);
    assertEquals(calls.length, 1);
    assertEquals(await statusOf(post(11)), 413);
    assertEquals(calls.length, 1);
  });

  it("read no body further than to maxBodyBytes", async () => {
    const { statusOf } = limited({ maxBodyBytes: 1_000 });
    let pulls = 0;
    let isCancelled = false;
    const body = new ReadableStream({
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(100));
      },
      cancel() {
        isCancelled = true;
      },
    });
    assertEquals(await statusOf(request("/", { method: "POST", body })), 413);
    assert(pulls <= 13, `${pulls} pulls`);
    assert(isCancelled);
  });

  it("answer 413 before the body is read where its length is declared", async () => {
    const { calls, statusOf } = limited({ maxBodyBytes: 1_000 });
    let bytesRead = 0;
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(100));
        bytesRead += 100;
      },
    }, { highWaterMark: 0 });
    const headers = { "content-length": "1001" };
    assertEquals(await statusOf(request("/", { method: "POST", body, headers })), 413);
    assertEquals([bytesRead, calls.length], [0, 0]);
  });

  it("take no body at all where maxBodyBytes is 0", async () => {
    const { statusOf } = limited({ maxBodyBytes: 0 });
    assertEquals(await statusOf(request()), 204);
    assertEquals(await statusOf(request("/", { method: "POST", body: "" })), 204);
    assertEquals(await statusOf(request("/", { method: "POST", body: "a" })), 413);
  });

  it("answer 414 for a target over maxTargetBytes, query included", async () => {
    const { calls, statusOf } = limited({ maxTargetBytes: 20 });
    assertEquals(await statusOf(request("/" + "a".repeat(19))), 204);
    assertEquals(await statusOf(request("/?" + "a".repeat(18))), 204);
    assertEquals(await statusOf(request("/" + "a".repeat(20))), 414);
    assertEquals(await statusOf(request("/?" + "a".repeat(19))), 414);
    assertEquals(calls.length, 2);
  });

  it("answer 431 for a head over maxHeadBytes", async () => {
    const { calls, statusOf } = limited({ maxHeadBytes: 200 });
    assertEquals(await statusOf(request("/", { headers: { a: "b".repeat(50) } })), 204);
    assertEquals(await statusOf(request("/", { headers: { a: "b".repeat(200) } })), 431);
    assertEquals(calls.length, 1);
  });

  it("answer 431 for more fields than maxHeaderCount, Host included", async () => {
    const { statusOf } = limited({ maxHeaderCount: 3 });
    assertEquals(await statusOf(request("/", { headers: { a: "1", b: "2" } })), 204);
    assertEquals(await statusOf(request("/", { headers: { a: "1", b: "2", c: "3" } })), 431);
  });

  const byDefault: { what: string; fits: () => Request; exceeds: () => Request; status: number }[] =
    [
      {
        what: "a target of 8 KiB",
        fits: () => request("/" + "a".repeat(8_191)),
        exceeds: () => request("/" + "a".repeat(8_192)),
        status: 414,
      },
      {
        what: "a head of 16 KiB",
        fits: () => request("/", { headers: { a: "b".repeat(16_000) } }),
        exceeds: () => request("/", { headers: { a: "b".repeat(16_384) } }),
        status: 431,
      },
      {
        what: "100 fields",
        fits: () => request("/", { headers: fieldsOf(99) }),
        exceeds: () => request("/", { headers: fieldsOf(100) }),
        status: 431,
      },
      {
        what: "a body of 1,000,000 bytes",
        fits: () => request("/", { method: "POST", body: new Uint8Array(1_000_000) }),
        exceeds: () => request("/", { method: "POST", body: new Uint8Array(1_000_001) }),
        status: 413,
      },
    ];
  for (const { what, fits, exceeds, status } of byDefault) {
    it(`take ${what} by default, and no more: ${status}`, async () => {
      const { calls, statusOf } = limited({});
      assertEquals(await statusOf(fits()), 204);
      assertEquals(await statusOf(exceeds()), status);
      assertEquals(calls.length, 1);
    });
  }

  it("answer in words, and a HEAD without a body", async () => {
    const { server } = limited({ maxTargetBytes: 5 });
    const response = await server.fetch(request("/aaaaaa"));
    assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert((await response.text()).length > 0);
    const head = await server.fetch(request("/aaaaaa", { method: "HEAD" }));
    assertEquals([head.status, await head.text()], [414, ""]);
  });

  it("answer 400 for what the platform lets through and HTTP does not", async () => {
    const { calls, statusOf } = limited({});
    const bad = [["x-a", "a\x01b"], ["x-a", "a\x7fb"], ["host", "a b"], ["host", "a,b:c"]];
    for (const [name, value] of bad) {
      const given = request("/", { headers: { [name]: value } });
      assertEquals(await statusOf(given), 400, `${name}: ${value}`);
    }
    assertEquals(calls, []);
  });
});

function fieldsOf(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [`x-${number}`, "1"]));
}
