// Exchanges with listeners of `node:http`, over a connection without a socket: what the client gets, and what the program sees.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Buffer } from "node:buffer";
import http from "node:http";
import { settle } from "../../support/connections/fake_conn.ts";
import { serveNode } from "../../support/connections/node_connection.ts";
import { get, post, request } from "../../support/clients/raw_client.ts";

/** What a client gets for one request. */
async function answerTo(
  sent: string,
  listener: http.RequestListener,
): Promise<{ head: string; body: string; output: string; panics: unknown[] }> {
  const { fake, panics, faults } = await serveNode(listener);
  fake.send(sent);
  await settle();
  assertEquals(faults, []);
  const { output } = fake;
  const end = output.indexOf("\r\n\r\n");
  return { head: output.slice(0, end), body: output.slice(end + 4), output, panics };
}

const DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

/** What a listener does, and what the client gets for it. */
interface Answer {
  readonly what: string;
  readonly listener: http.RequestListener;
  /** The request; a GET if there is none. */
  readonly sent?: string;
  readonly lines: readonly string[];
  readonly body: string;
}

const LINE = "HTTP/1.1 200 OK";

const answers: readonly Answer[] = [
  {
    what: "text that ends it at once, with its length",
    listener: (_, response) => void response.end("hello"),
    lines: [LINE, DATE, "Content-Length: 5"],
    body: "hello",
  },
  {
    what: "nothing but the end",
    listener: (_, response) => void response.end(),
    lines: [LINE, DATE, "Content-Length: 0"],
    body: "",
  },
  {
    what: "bytes",
    listener: (_, response) => void response.end(Buffer.from([104, 105])),
    lines: [LINE, DATE, "Content-Length: 2"],
    body: "hi",
  },
  {
    what: "text in another encoding",
    listener: (_, response) => void response.end("6869", "hex"),
    lines: [LINE, DATE, "Content-Length: 2"],
    body: "hi",
  },
  {
    what: "text that is no ASCII, with its length in bytes",
    listener: (_, response) => void response.end("é"),
    lines: [LINE, DATE, "Content-Length: 2"],
    body: "é",
  },
  {
    what: "a status and fields of writeHead, in the case in which they were set",
    listener: (_, response) => {
      response.setHeader("X-Own", "a");
      response.writeHead(201, { "x-OTHER": "b", "Set-Cookie": ["c=1", "d=2"] }).end("made");
    },
    lines: [
      "HTTP/1.1 201 Created",
      DATE,
      "X-Own: a",
      "x-OTHER: b",
      "Set-Cookie: c=1",
      "Set-Cookie: d=2",
      "Content-Length: 4",
    ],
    body: "made",
  },
  {
    what: "fields of writeHead alone",
    listener: (_, response) => void response.writeHead(200, { "X-A": 1 }).end(),
    lines: [LINE, DATE, "X-A: 1", "Content-Length: 0"],
    body: "",
  },
  {
    what: "fields of writeHead as names and values in turn, with a reason that is not sent",
    listener: (_, response) =>
      void response.writeHead(404, "Nowhere", ["X-A", "1", "X-A", "2"]).end(),
    lines: ["HTTP/1.1 404 Not Found", DATE, "X-A: 1", "X-A: 2", "Content-Length: 0"],
    body: "",
  },
  {
    what: "several parts of one turn, in chunks",
    listener: (_, response) => {
      response.write("one ");
      response.write("two ");
      response.end("three");
    },
    lines: [LINE, DATE, "Transfer-Encoding: chunked"],
    body: "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n",
  },
  {
    what: "parts under a length that it declares",
    listener: (_, response) => {
      response.setHeader("Content-Length", 4);
      response.write("ab");
      response.end("cd");
    },
    lines: [LINE, DATE, "Content-Length: 4"],
    body: "abcd",
  },
  {
    what: "a head before its body",
    listener: (_, response) => {
      response.flushHeaders();
      queueMicrotask(() => queueMicrotask(() => response.end("late")));
    },
    lines: [LINE, DATE, "Transfer-Encoding: chunked"],
    body: "4\r\nlate\r\n0\r\n\r\n",
  },
  {
    what: "no body of a 304",
    listener: (_, response) => void response.writeHead(304, { ETag: '"a"' }).end("not sent"),
    lines: ["HTTP/1.1 304 Not Modified", DATE, 'ETag: "a"'],
    body: "",
  },
  {
    what: "the length, and no body, for a HEAD",
    sent: request("HEAD", "/"),
    listener: (_, response) => void response.end("hello"),
    lines: [LINE, DATE, "Content-Length: 5"],
    body: "",
  },
  {
    what: "no length that it does not know for a HEAD",
    sent: request("HEAD", "/"),
    listener: (_, response) => void response.end(),
    lines: [LINE, DATE, "Transfer-Encoding: chunked"],
    body: "",
  },
  {
    what: "the end of the connection, where it asks for that",
    listener: (_, response) => void response.setHeader("Connection", "close").end("bye"),
    lines: [LINE, DATE, "Content-Length: 3", "Connection: close"],
    body: "bye",
  },
];

describe("a listener of node:http", () => {
  for (const { what, listener, sent = get("/"), lines, body } of answers) {
    it(`sends ${what}`, async () => {
      const answer = await answerTo(sent, listener);
      assertEquals(answer.head.split("\r\n"), [...lines]);
      assertEquals(answer.body, body);
      assertEquals(answer.panics, []);
    });
  }

  it("sees the parts of the head as the client has sent them", async () => {
    let seen: http.IncomingMessage | undefined;
    await answerTo(
      request("PATCH", "/a%20b?c=d", "X-One: 1", "x-one: 2", "Cookie: a=1", "Cookie: b=2"),
      (request, response) => {
        seen = request;
        response.end();
      },
    );
    assert(seen);
    assertEquals([seen.method, seen.url, seen.httpVersion], ["PATCH", "/a%20b?c=d", "1.1"]);
    assertEquals(seen.rawHeaders.slice(2), [
      "X-One",
      "1",
      "x-one",
      "2",
      "Cookie",
      "a=1",
      "Cookie",
      "b=2",
    ]);
    assertEquals({ ...seen.headers }, { host: "test", "x-one": "1, 2", cookie: "a=1; b=2" });
    assertEquals(seen.headersDistinct.cookie, ["a=1", "b=2"]);
  });

  it("reads a body that came with its head, or that comes later", async () => {
    const echo: http.RequestListener = (request, response) => void request.pipe(response);
    assertEquals((await answerTo(post("/", "body"), echo)).body, "body");
    const { fake } = await serveNode(echo);
    const whole = post("/", "in two parts");
    fake.send(whole.slice(0, -6));
    await settle();
    fake.send(whole.slice(-6));
    await settle();
    assertMatch(fake.output, /\r\n6\r\nin two\r\n6\r\n parts\r\n0\r\n\r\n$/);
  });

  it("pauses the client while it does not read", async () => {
    const { fake } = await serveNode((request) => void request.once("data", () => request.pause()));
    fake.send(request("POST", "/", "Content-Length: 1000000"));
    await settle();
    for (let i = 0; i < 10; i++) fake.send("x".repeat(65_536));
    await settle();
    assert(fake.hasUnreadBytes);
  });

  it("is paused by a client that reads nothing, and hears when it reads on", async () => {
    const seen: unknown[] = [];
    const { fake } = await serveNode((_, response) => {
      seen.push(response.write("a".repeat(100_000)), response.writableNeedDrain);
      response.on("drain", () => {
        seen.push("drain", response.writableLength);
        response.end();
      });
    });
    fake.isBlocked = true;
    fake.send(get("/"));
    await settle();
    assertEquals(seen, [false, true]);
    fake.unblock();
    await settle();
    assertEquals(seen, [false, true, "drain", 0]);
    assertMatch(fake.output, /\r\n0\r\n\r\n$/);
  });

  it("hears that all is sent, and then that the response is closed", async () => {
    const seen: string[] = [];
    const { fake } = await serveNode((request, response) => {
      for (const event of ["prefinish", "finish", "close"]) {
        response.on(event, () => seen.push(`response ${event}`));
      }
      for (const event of ["end", "close", "aborted"]) {
        request.on(event, () => seen.push(`request ${event}`));
      }
      response.end("hello", () => seen.push("callback"));
    });
    fake.isBlocked = true;
    fake.send(get("/"));
    await settle();
    assertEquals(seen, ["response prefinish"]);
    fake.unblock();
    await settle();
    assertEquals(seen.toSorted(), [
      "callback",
      "request close",
      "request end",
      "response close",
      "response finish",
      "response prefinish",
    ]);
  });

  it("hears of each part when it is sent, and then of the end", async () => {
    const seen: string[] = [];
    const { fake } = await serveNode((_request, response) => {
      // A program that awaits each part before it writes the next one.
      response.write("a", () => {
        seen.push("a");
        response.write("", () => {
          seen.push("nothing");
          response.write("b", () => seen.push("b"));
          response.end(() => seen.push("end"));
        });
      });
    });
    fake.send(get("/"));
    await settle();
    await settle();
    assertEquals(seen, ["a", "nothing", "b", "end"]);
  });

  it("goes on with a body that HEAD does not get, and its socket stays", async () => {
    const seen: string[] = [];
    const { fake } = await serveNode((request, response) => {
      response.on("close", () => seen.push(`close ${response.writableFinished}`));
      response.write("a");
      setImmediate(() => {
        response.end("b");
        seen.push(`end ${request.socket.destroyed}`);
      });
    });
    fake.send(request("HEAD", "/"));
    await settle();
    await settle();
    assertEquals(seen, ["end false", "close true"]);
  });

  it("learns by a code what is wrong with a field", async () => {
    const codes: unknown[] = [];
    const { fake } = await serveNode((_request, response) => {
      for (const fields of [{ "a b": "c" }, { a: "b\r\nc: d" }]) {
        try {
          response.writeHead(200, fields);
        } catch (error) {
          codes.push((error as { code?: string }).code);
        }
      }
      response.end();
    });
    fake.send(get("/"));
    await settle();
    assertEquals(codes, ["ERR_INVALID_HTTP_TOKEN", "ERR_INVALID_CHAR"]);
  });

  it("hears that its client has gone, and nothing is sent", async () => {
    const seen: string[] = [];
    const { fake, panics } = await serveNode((request, response) => {
      response.on("close", () => seen.push("response close", String(response.writableFinished)));
      request.on("aborted", () => seen.push("request aborted"));
      request.on("error", ({ message }) => seen.push(message));
      response.on("finish", () => seen.push("finish"));
    });
    fake.send(get("/"));
    await settle();
    fake.reset();
    await settle();
    assertEquals(seen, ["request aborted", "response close", "false", "aborted"]);
    assertEquals([fake.isClosed, fake.output, panics], [true, "", []]);
  });

  for (const what of ["request", "response", "socket"] as const) {
    it(`closes the connection without a response when it destroys its ${what}`, async () => {
      const { fake, panics } = await serveNode((request, response) => {
        const destroyed = { request, response, socket: request.socket };
        destroyed[what].destroy();
      });
      fake.send(get("/"));
      await settle();
      assertEquals([fake.isClosed, fake.output, panics], [true, "", []]);
    });
  }

  it("gets 500 for its client when it throws", async () => {
    const error = new Error("thrown");
    const { head, panics } = await answerTo(get("/"), () => {
      throw error;
    });
    assertMatch(head, /^HTTP\/1\.1 500 /);
    assertEquals(panics, [error]);
  });

  it("gets objects of the classes that its program has passed to createServer", async () => {
    class OwnRequest extends http.IncomingMessage {
      shout = () => this.url?.toUpperCase();
    }
    class OwnResponse extends http.ServerResponse<OwnRequest> {
      answer(text = "nothing"): void {
        this.setHeader("x-own", "1").end(text);
      }
    }
    const listener: http.RequestListener = (request, response) => {
      (response as OwnResponse).answer((request as OwnRequest).shout());
    };
    const options = { IncomingMessage: OwnRequest, ServerResponse: OwnResponse };
    const { fake } = await serveNode(listener, () => {}, {}, options as http.ServerOptions);
    fake.send(get("/a") + get("/b"));
    await settle();
    assertEquals(fake.output.match(/x-own: 1|\/[AB]$|\/[AB](?=HTTP)/g), [
      "x-own: 1",
      "/A",
      "x-own: 1",
      "/B",
    ]);
  });
});
