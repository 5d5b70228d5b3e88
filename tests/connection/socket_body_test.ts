// Bodies that are read while they come, over a connection without a socket: what is read when, what is answered, and whether
// the connection goes on.

import { AsyncLocalStorage } from "node:async_hooks";
import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import { HttpError } from "../../src/handler/errors.ts";
import type { Handler } from "../../src/handler/handler.ts";
import { percentDecode } from "../../src/http1/target.ts";
import type { WebServerOptions } from "../../src/options/server_options.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { Router } from "../../src/routing/router.ts";
import { settle } from "../support/connections/fake_conn.ts";
import {
  serveConnection,
  type ServedConnection,
} from "../support/connections/served_connection.ts";

const TICK_MS = 10;
const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKED = "Transfer-Encoding: chunked";

function head(length: number | undefined, ...fields: string[]): string {
  const framing = length === undefined ? CHUNKED : `Content-Length: ${length}`;
  return ["POST / HTTP/1.1", "Host: a", framing, ...fields, "", ""].join("\r\n");
}

/** Serves a connection whose request bodies are streamed to `handler`. */
function serve(
  handler: Handler,
  limits: WebServerOptions = {},
  next: Handler = () => WebResponse.text("next"),
): Promise<ServedConnection> {
  const router = new Router<Handler>(percentDecode);
  router.add("/", true, handler, () => "a test", { streamsBody: true });
  router.add("/next", true, next, () => "a test");
  return serveConnection({ router, limits: { lingerReadTimeout: 0, ...limits }, tickMs: TICK_MS });
}

/** The same for a fetch-style handler. */
function serveFetch(
  fetch: (request: Request) => Response | Promise<Response>,
  limits: WebServerOptions = {},
): Promise<ServedConnection> {
  return serve(fetchHandler(fetch), limits);
}

/** A handler that reads one part each time that the test says so. */
class StepwiseReader {
  readonly parts: string[] = [];
  error: unknown;
  request: WebRequest | undefined;
  readonly #answer = Promise.withResolvers<WebResponse>();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  readonly handler: Handler = (req) => {
    this.request = req;
    this.#reader = req.stream.getReader();
    return this.#answer.promise;
  };

  async read(): Promise<void> {
    try {
      const { done, value } = await this.#reader!.read();
      this.parts.push(done ? "end" : new TextDecoder().decode(value));
    } catch (error) {
      this.error = error;
    }
  }

  answer(text = "done"): void {
    this.#answer.resolve(WebResponse.text(text));
  }

  fail(): void {
    this.#answer.reject(this.error);
  }
}

async function lengthOf(stream: ReadableStream<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const part of stream) length += part.length;
  return length;
}

const countBytes: Handler = async (req) => WebResponse.text(`length ${await lengthOf(req.stream)}`);

describe("A streamed body", () => {
  for (const framing of ["with a length", "of chunks"]) {
    const chunk = (data: string) =>
      framing === "with a length" ? data : `${data.length.toString(16)}\r\n${data}\r\n`;
    const start = framing === "with a length" ? head(6) : head(undefined);
    const end = framing === "with a length" ? "" : "0\r\n\r\n";

    it(`${framing} reaches its handler part by part, as it comes`, async () => {
      const reader = new StepwiseReader();
      const { fake } = await serve(reader.handler);
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      assertEquals(reader.parts, ["ab"]);
      const second = reader.read();
      await settle();
      assertEquals(reader.parts, ["ab"]);
      fake.send(chunk("cd"));
      await second;
      fake.send(chunk("ef") + end);
      await reader.read();
      await reader.read();
      assertEquals(reader.parts, ["ab", "cd", "ef", "end"]);
      reader.answer();
      await settle();
      assertStringIncludes(fake.output, "200 OK");
      fake.send(NEXT);
      await settle();
      assertStringIncludes(fake.output, "next");
    });

    it(`${framing} is not read from the socket before its handler asks for it`, async () => {
      const reader = new StepwiseReader();
      const { fake } = await serve(reader.handler);
      fake.send(start);
      await settle();
      fake.send(chunk("abcdef"));
      await settle();
      assert(fake.hasUnreadBytes);
      await reader.read();
      assertEquals(reader.parts, ["abcdef"]);
    });

    it(`${framing} does not swallow the request after it`, async () => {
      const { fake } = await serve(countBytes);
      fake.send(start);
      await settle();
      fake.send(chunk("abcdef") + end + NEXT);
      await settle();
      assertStringIncludes(fake.output, "length 6");
      assertStringIncludes(fake.output, "next");
    });

    it(`${framing} leaves the request after it alone while the client is watched`, async () => {
      const { fake } = await serve(async (req) => {
        void req.signal;
        return await countBytes(req);
      });
      fake.send(start + chunk("ab"));
      await settle();
      fake.send(chunk("cdef") + end);
      await settle();
      assertStringIncludes(fake.output, "length 6");
      for (const byte of NEXT) {
        fake.send(byte);
        await settle();
      }
      assertStringIncludes(fake.output, "next");
    });

    it(`${framing} that waits leaves the head behind it as it was sent`, async () => {
      const reader = new StepwiseReader();
      const { fake } = await serve(reader.handler);
      fake.send(start);
      await settle();
      void reader.request!.signal;
      fake.send(chunk("abcdef") + end + NEXT);
      await settle();
      await reader.read();
      reader.answer();
      await settle();
      assertStringIncludes(fake.output, "next");
      assertFalse(fake.output.includes("400"));
    });

    it(`${framing} that its handler does not read is discarded if it is small`, async () => {
      const { fake } = await serve(() => WebResponse.text("unread"));
      fake.send(start);
      await settle();
      assertStringIncludes(fake.output, "unread");
      assertFalse(fake.output.includes("Connection: close"));
      fake.send(chunk("abcdef") + end + NEXT);
      await settle();
      assertStringIncludes(fake.output, "next");
    });

    it(`${framing} is read on after the response by a reader that is at work`, async () => {
      const reader = new StepwiseReader();
      const { fake } = await serve(reader.handler);
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      const late = reader.read();
      reader.answer();
      await settle();
      assertStringIncludes(fake.output, "done");
      fake.send(chunk("cd"));
      await late;
      fake.send(chunk("ef") + end + NEXT);
      await reader.read();
      await reader.read();
      assertEquals(reader.parts, ["ab", "cd", "ef", "end"]);
      await settle();
      assertStringIncludes(fake.output, "next");
    });

    it(`${framing} is collected after the response by a reader that has begun`, async () => {
      let text: Promise<string> | undefined;
      const { fake } = await serveFetch((request) => {
        text = request.text();
        return new Response("done");
      });
      fake.send(start + chunk("ab"));
      await settle();
      assertStringIncludes(fake.output, "done");
      fake.send(chunk("cdef") + end + NEXT);
      assertEquals(await text, "abcdef");
      await settle();
      assertStringIncludes(fake.output, "next");
    });

    for (const when of ["before its response", "after it"]) {
      it(`${framing} keeps what its reader enters ${when} from the next request`, async () => {
        const user = new AsyncLocalStorage<string>();
        const read = async ({ stream }: WebRequest) => {
          for await (const _part of stream) user.enterWith("alice");
        };
        const { fake } = await serve(
          async (req) => {
            const reading = read(req);
            if (when === "before its response") await reading;
            return WebResponse.text("done");
          },
          {},
          () => WebResponse.text(`next for ${user.getStore()}`),
        );
        fake.send(start + chunk("ab"));
        await settle();
        fake.send(chunk("cd") + chunk("ef") + end + NEXT);
        await settle();
        fake.send(NEXT);
        await settle();
        assertEquals(
          fake.output.match(/next for (?:undefined|alice)/g),
          Array(2).fill("next for undefined"),
        );
      });
    }

    it(`${framing} stays locked by a reader that has collected it, as under Deno.serve`, async () => {
      const { fake } = await serveFetch(async (request) => {
        const { body } = request;
        const text = await request.text();
        return new Response(`${text} ${body?.locked} ${request.bodyUsed}`);
      });
      fake.send(start + chunk("ab"));
      await settle();
      fake.send(chunk("cdef") + end);
      await settle();
      assertStringIncludes(fake.output, "abcdef true true");
    });

    it(`${framing} waits in memory for a reader that asks after the response`, async () => {
      const reader = new StepwiseReader();
      const { fake } = await serve(reader.handler);
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      reader.answer();
      await settle();
      fake.send(chunk("cd") + chunk("ef") + end + NEXT);
      await settle();
      assertStringIncludes(fake.output, "next");
      await reader.read();
      await reader.read();
      assertEquals(reader.parts.join(" ").replaceAll("cd ef", "cdef"), "ab cdef end");
    });

    it(`${framing} that a reader does not read on ends lingerReadTimeout after the response`, async () => {
      const reader = new StepwiseReader();
      const { fake, pass } = await serve(reader.handler, { lingerReadTimeout: 100 });
      fake.send((framing === "with a length" ? head(200_000) : head(undefined)) + chunk("ab"));
      await settle();
      await reader.read();
      reader.answer();
      // What waits in memory is all that may wait there, and more is to come.
      fake.send(chunk("x".repeat(65_536)));
      await pass(99);
      assertFalse(fake.isClosed);
      await pass(300);
      await reader.read();
      assert(reader.error instanceof TypeError, String(reader.error));
      assert(fake.hasEndedOutput || fake.isClosed);
    });

    it(`${framing} that is read on after the response fails when the client is too slow`, async () => {
      const reader = new StepwiseReader();
      const { fake, pass } = await serve(reader.handler, { bodyTimeout: 100 });
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      const late = reader.read();
      reader.answer();
      await pass(200);
      await late;
      assert(reader.error instanceof HttpError && reader.error.status === 408);
      assertStringIncludes(fake.output, "200 OK");
    });

    it(`${framing} that is read on after the response fails when the client goes`, async () => {
      const reader = new StepwiseReader();
      const { fake, panics } = await serve(reader.handler);
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      const late = reader.read();
      reader.answer();
      await settle();
      fake.end();
      await late;
      assert(reader.error instanceof HttpError && reader.error.status === 400);
      assertEquals(panics, []);
    });

    it(`${framing} of which a reader was cancelled is discarded after the response`, async () => {
      const { fake } = await serve(async (req) => {
        const reader = req.stream.getReader();
        await reader.read();
        await reader.cancel();
        return WebResponse.text("done");
      });
      fake.send(start + chunk("ab"));
      await settle();
      fake.send(chunk("cdef") + end + NEXT);
      await settle();
      assertStringIncludes(fake.output, "done");
      assertStringIncludes(fake.output, "next");
    });

    it(`${framing} fails with 400 when the client goes`, async () => {
      const reader = new StepwiseReader();
      const { fake, panics } = await serve(reader.handler);
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      const { signal } = reader.request!;
      const last = reader.read();
      fake.end();
      await last;
      assert(reader.error instanceof HttpError);
      assertEquals(reader.error.status, 400);
      assert(signal.aborted);
      reader.fail();
      await settle();
      assertStringIncludes(fake.output, "400 Bad Request");
      assertEquals(panics, []);
    });

    it(`${framing} fails when the connection is reset`, async () => {
      const reader = new StepwiseReader();
      const { fake, served, panics, faults } = await serve(reader.handler);
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      const last = reader.read();
      fake.reset();
      await last;
      assert(reader.error instanceof HttpError);
      reader.fail();
      await served;
      assertEquals([panics, faults], [[], []]);
    });

    it(`${framing} may be read by a handler whose client has ended its side after it`, async () => {
      const { fake } = await serve(countBytes);
      fake.send(start);
      await settle();
      fake.send(chunk("abcdef") + end);
      fake.end();
      await settle();
      assertStringIncludes(fake.output, "length 6");
    });

    it(`${framing} fails with 408 when the client is slow, and only while it is waited for`, async () => {
      const reader = new StepwiseReader();
      const { fake, pass } = await serve(reader.handler, { bodyTimeout: 100 });
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      await pass(1_000);
      assertEquals(reader.error, undefined);
      const last = reader.read();
      await pass(50);
      assertEquals(reader.error, undefined);
      await pass(100);
      await last;
      assert(reader.error instanceof HttpError);
      assertEquals(reader.error.status, 408);
      reader.fail();
      await settle();
      assertStringIncludes(fake.output, "408 Request Timeout");
      assertStringIncludes(fake.output, "Connection: close");
    });

    it(`${framing} fails when handlerTimeout has passed`, async () => {
      const reader = new StepwiseReader();
      const { fake, pass, panics } = await serve(reader.handler, { handlerTimeout: 100 });
      fake.send(start + chunk("ab"));
      await settle();
      await reader.read();
      const last = reader.read();
      await pass(200);
      await last;
      assert(reader.error instanceof HttpError);
      assertEquals(reader.error.status, 503);
      assertStringIncludes(fake.output, "503 Service Unavailable");
      reader.fail();
      await settle();
      assertEquals(panics, []);
    });

    it(`${framing} fails at the end of a drain`, async () => {
      const reader = new StepwiseReader();
      const { fake, connection, context } = await serve(reader.handler);
      fake.send(start + chunk("ab"));
      await settle();
      const { signal } = reader.request!;
      context.isDraining = true;
      await reader.read();
      const last = reader.read();
      connection.abandon();
      await last;
      assert(reader.error instanceof HttpError);
      assertEquals(reader.error.status, 503);
      assert(signal.aborted);
      reader.fail();
      await settle();
      assertStringIncludes(fake.output, "503 Service Unavailable");
    });

    it(`${framing} is echoed while it comes`, async () => {
      const { fake } = await serveFetch((request) => new Response(request.body));
      fake.send(start + chunk("ab"));
      await settle();
      assertStringIncludes(fake.output, "ab");
      fake.send(chunk("cd"));
      await settle();
      assertStringIncludes(fake.output, "cd");
      fake.send(chunk("ef") + end);
      await settle();
      assertStringIncludes(fake.output, "ef");
      fake.send(NEXT);
      await settle();
      assertStringIncludes(fake.output, "next");
    });

    it(`${framing} can be collected by every reader of a Request`, async () => {
      for (const reader of ["text", "bytes", "arrayBuffer", "blob"] as const) {
        for (const isWhole of [false, true]) {
          let read: unknown;
          const { fake } = await serveFetch(async (request) => {
            if (isWhole) assert(request.body !== null);
            assertFalse(request.bodyUsed);
            const value = await request[reader]();
            assert(request.bodyUsed);
            await assertRejects(() => request[reader](), TypeError);
            read = typeof value === "string" ? value : await new Response(value).text();
            return new Response("read");
          });
          fake.send(start + chunk("ab"));
          await settle();
          fake.send(chunk("cdef") + end);
          await settle();
          assertEquals(read, "abcdef", reader);
          assertStringIncludes(fake.output, "read");
        }
      }
    });
  }

  it("comes whole if it has come with its head", async () => {
    const { fake } = await serve(countBytes);
    fake.send(head(3) + "abc" + head(undefined) + "3\r\nabc\r\n0\r\n\r\n" + NEXT);
    await settle();
    assertEquals(fake.output.split("length 3").length, 3);
    assertStringIncludes(fake.output, "next");
  });

  it("can be read into memory of its reader", async () => {
    const read: string[] = [];
    const { fake } = await serve(async (req) => {
      const reader = req.stream.getReader({ mode: "byob" });
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(4));
        if (done) return WebResponse.text("read");
        read.push(new TextDecoder().decode(value));
      }
    });
    fake.send(head(10) + "ab");
    await settle();
    fake.send("cdefghij");
    await settle();
    assertEquals(read, ["ab", "cdef", "ghij"]);
  });

  it("hands over no memory that is used again", async () => {
    const parts: Uint8Array[] = [];
    const { fake } = await serve(async (req) => {
      for await (const part of req.stream) parts.push(part);
      return WebResponse.text("read");
    });
    fake.send(head(9) + "abc");
    await settle();
    fake.send("def");
    await settle();
    fake.send("ghi");
    await settle();
    const next = head(9) + "xxxxxxxxx";
    fake.send(next);
    await settle();
    assertEquals(
      parts.map((part) => new TextDecoder().decode(part)).join("").slice(0, 9),
      "abcdefghi",
    );
  });

  it("that is malformed fails with 400, and nothing after it is read as a request", async () => {
    for (const bad of ["x\r\n", "2\r\nabc", "0\r\nContent-Length: 5\r\n\r\n", "1\r\na\n"]) {
      const { fake, panics } = await serve(countBytes);
      fake.send(head(undefined) + "2\r\nab\r\n");
      await settle();
      fake.send(bad + NEXT);
      await settle();
      assertStringIncludes(fake.output, "400 Bad Request", JSON.stringify(bad));
      assertStringIncludes(fake.output, "Connection: close");
      assertFalse(fake.output.includes("next"));
      assertEquals(panics, []);
    }
  });

  it("that is malformed after the response ends the connection without another response", async () => {
    const { fake, served } = await serve(() => WebResponse.text("early"));
    fake.send(head(undefined) + "2\r\nab\r\n");
    await settle();
    fake.send("x\r\n" + NEXT);
    await settle();
    fake.end();
    await served;
    assertEquals(fake.output.split("HTTP/1.1 ").length, 2);
  });

  it("of a larger declared length than maxStreamedBodyBytes gets 413 without a handler", async () => {
    const { fake } = await serve(() => {
      throw new Error("the handler was called");
    }, { maxBodyBytes: 5, maxStreamedBodyBytes: 10 });
    fake.send(head(11));
    await settle();
    assertStringIncludes(fake.output, "413");
  });

  it("of an unknown length fails with 413 at maxStreamedBodyBytes", async () => {
    const limits = { maxBodyBytes: 5, maxStreamedBodyBytes: 10 };
    const { fake, panics } = await serve(countBytes, limits);
    fake.send(head(undefined) + "a\r\n0123456789\r\n");
    await settle();
    assertEquals(fake.output, "");
    fake.send("1\r\na\r\n0\r\n\r\n");
    await settle();
    assertStringIncludes(fake.output, "413");
    assertEquals(panics, []);
  });

  it("may be as large as maxBodyBytes in any case", async () => {
    const { fake } = await serve(countBytes, { maxBodyBytes: 10, maxStreamedBodyBytes: 5 });
    fake.send(head(10));
    await settle();
    fake.send("0123456789");
    await settle();
    assertStringIncludes(fake.output, "length 10");
  });

  it("between the two limits gets 413 from the readers that collect it, and from no others", async () => {
    const limits = { maxBodyBytes: 5, maxStreamedBodyBytes: 10 };
    for (const start of [head(6) + "abcdef", head(undefined) + "6\r\nabcdef\r\n0\r\n\r\n"]) {
      for (const reader of ["text", "json", "bytes", "arrayBuffer", "blob", "formData"] as const) {
        for (const isWhole of [false, true]) {
          const { fake, panics } = await serveFetch(async (request) => {
            if (isWhole) assert(request.body !== null);
            return new Response(String(await request[reader]()));
          }, limits);
          fake.send(start);
          await settle();
          assertStringIncludes(fake.output, "413 Content Too Large", `${reader} ${start}`);
          assertEquals(panics, []);
        }
      }
      const { fake } = await serve(countBytes, limits);
      fake.send(start);
      await settle();
      assertStringIncludes(fake.output, "length 6");
    }
  });

  it("gives req.stream, and TypeErrors in place of what is in memory", async () => {
    for (const send of ["ab", "abcdef"]) {
      const errors: unknown[] = [];
      const { fake } = await serve(async (req) => {
        for (const read of [() => req.body, () => req.text(), () => req.json()]) {
          try {
            read();
          } catch (error) {
            errors.push(error);
          }
        }
        await req.formData().catch((error) => errors.push(error));
        assert(req.stream === req.stream);
        return WebResponse.text("read");
      });
      fake.send(head(6) + send);
      await settle();
      assertEquals(errors.length, 4);
      for (const error of errors) {
        assert(error instanceof TypeError);
        assertStringIncludes(error.message, "streamBody: true");
      }
    }
  });

  it("that is large and not read ends the connection after the response, which says so", async () => {
    const { fake, served } = await serve(() => WebResponse.text("unread"));
    fake.send(head(100_000) + "ab");
    await settle();
    assertStringIncludes(fake.output, "Connection: close");
    assert(fake.hasEndedOutput);
    fake.send("c".repeat(99_998) + NEXT);
    await settle();
    assertFalse(fake.output.includes("next"));
    fake.end();
    await served;
  });

  it("of chunks that turns out to be large is not discarded to its end", async () => {
    const { fake } = await serve(() => WebResponse.text("unread"));
    fake.send(head(undefined));
    await settle();
    for (let at = 0; at < 10; at++) {
      fake.send(`2710\r\n${"a".repeat(10_000)}\r\n`);
      await settle();
    }
    assert(fake.hasEndedOutput);
  });

  it("that does not end in lingerReadTimeout after the response ends the connection", async () => {
    const { fake, pass } = await serve(() => WebResponse.text("unread"), {
      lingerReadTimeout: 100,
    });
    fake.send(head(10));
    await settle();
    assertFalse(fake.isClosed);
    await pass(200);
    assert(fake.isClosed);
  });

  it("of a request of HTTP/1.0 is read, and the connection ends behind it", async () => {
    const { fake } = await serve(countBytes);
    fake.send("POST / HTTP/1.0\r\nContent-Length: 6\r\n\r\nab");
    await settle();
    fake.send("cdef" + NEXT);
    await settle();
    assertStringIncludes(fake.output, "length 6");
    assertFalse(fake.output.includes("next"));
  });

  it("waits in memory up to 64 KiB while the client is watched", async () => {
    const reader = new StepwiseReader();
    const { fake } = await serve(reader.handler);
    fake.send(head(1_000_000));
    await settle();
    assertFalse(reader.request!.signal.aborted);
    let sent = 0;
    for (; !fake.hasUnreadBytes; sent += 1_000) {
      fake.send("a".repeat(1_000));
      await settle();
    }
    assert(sent > 60_000 && sent <= 66_000, String(sent));
    await reader.read();
    assert(reader.parts[0].length <= 65_536);
  });

  it("whose handler waits for its signal shows that the client goes", async () => {
    const reader = new StepwiseReader();
    const { fake } = await serve(reader.handler);
    fake.send(head(1_000) + "ab");
    await settle();
    await reader.read();
    const { signal } = reader.request!;
    await settle();
    fake.end();
    await settle();
    assert(signal.aborted);
  });
});

describe("100 Continue", () => {
  const EXPECT = "Expect: 100-continue";

  it("is sent when the handler asks for the body first", async () => {
    const reader = new StepwiseReader();
    const { fake } = await serve(reader.handler);
    fake.send(head(3, EXPECT));
    await settle();
    assertEquals(fake.output, "");
    const read = reader.read();
    await settle();
    assertEquals(fake.output, "HTTP/1.1 100 Continue\r\n\r\n");
    fake.send("abc");
    await read;
    reader.answer();
    await settle();
    assertStringIncludes(fake.output, "200 OK");
    assertFalse(fake.output.includes("Connection: close"));
    fake.send(NEXT);
    await settle();
    assertStringIncludes(fake.output, "next");
  });

  it("is sent behind the responses to the requests before", async () => {
    const { fake } = await serve(countBytes);
    fake.send(NEXT + head(3, EXPECT));
    await settle();
    assert(fake.output.indexOf("100 Continue") > fake.output.indexOf("next"));
    fake.send("abc");
    await settle();
    assertStringIncludes(fake.output, "length 3");
  });

  it("is never sent where the handler answers before it reads, and the connection ends", async () => {
    for (const isAsync of [false, true]) {
      const answer = () => WebResponse.text("no", { status: 401 });
      const { fake } = await serve(isAsync ? () => Promise.resolve().then(answer) : answer);
      fake.send(head(3, EXPECT));
      await settle();
      assert(fake.output.startsWith("HTTP/1.1 401"), fake.output);
      assertStringIncludes(fake.output, "Connection: close");
    }
  });

  it("is not sent to a client that has begun to send the body", async () => {
    const { fake } = await serve(countBytes);
    fake.send(head(3, EXPECT) + "a");
    await settle();
    fake.send("bc");
    await settle();
    assert(fake.output.startsWith("HTTP/1.1 200"), fake.output);
  });

  it("is sent before a response that is made of the body", async () => {
    for (const fields of [undefined, { "content-length": "3" }]) {
      const { fake } = await serveFetch((request) =>
        new Response(request.body, { headers: fields })
      );
      fake.send(head(3, EXPECT));
      await settle();
      assert(fake.output.startsWith("HTTP/1.1 100 Continue\r\n\r\n"), fake.output);
      fake.send("abc");
      await settle();
      assertStringIncludes(fake.output, "HTTP/1.1 200 OK");
      assertStringIncludes(fake.output, "abc");
    }
  });

  it("is not sent with 413 for a declared length", async () => {
    const { fake } = await serve(countBytes, { maxBodyBytes: 1, maxStreamedBodyBytes: 2 });
    fake.send(head(3, EXPECT));
    await settle();
    assert(fake.output.startsWith("HTTP/1.1 413"), fake.output);
  });
});
