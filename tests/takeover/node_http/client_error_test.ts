// What listeners to `clientError` of node:http see of a refused request, and what its client receives.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type http from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Refusal, REFUSALS } from "../../../src/http1/refusal.ts";
import { clientErrorOf } from "../../../src/takeover/node_http/client_error.ts";
import { DATE } from "../../support/connections/served_connection.ts";
import { settle } from "../../support/connections/fake_conn.ts";
import { serveNode } from "../../support/connections/node_connection.ts";
import { get, request } from "../../support/clients/raw_client.ts";

type Listener = (error: Error & { code?: string }, socket: Duplex) => void;

const BAD = "GET / HTTP/1.1\r\nHost: a\r\na b: c\r\n\r\n";
const OWN = "HTTP/1.1 400 Bad Request\r\nX-Own: yes\r\nContent-Type: a/b\r\n\r\nown";
const SENT = `HTTP/1.1 400 Bad Request\r\nDate: ${DATE}\r\nContent-Type: a/b\r\nX-Own: yes\r\n` +
  "Content-Length: 3\r\nConnection: close\r\n\r\nown";
const OURS = /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\n400 Bad Request: A header name is empty/;

function serveErrors(listener: Listener, ...rest: [limits?: object]) {
  const answer: http.RequestListener = (_, response) => void response.end("hello");
  return serveNode(answer, (server) => server.on("clientError", listener), ...rest);
}

describe("clientErrorOf()", () => {
  const codes: [refusal: Refusal, code: string | undefined][] = [
    [REFUSALS.badFieldName, "HPE_INVALID_HEADER_TOKEN"],
    [REFUSALS.headTooLarge, "HPE_HEADER_OVERFLOW"],
    [REFUSALS.headTooSlow, "ERR_HTTP_REQUEST_TIMEOUT"],
    // Node's parser has nothing against these, or Node answers them by itself.
    [REFUSALS.missingHost, undefined],
    [REFUSALS.bodyTooLarge, undefined],
    [REFUSALS.expectationUnknown, undefined],
    [{ status: 503, reason: "The server is stopping", logReason: "draining" }, undefined],
  ];
  for (const [refusal, code] of codes) {
    it(`clientErrorOf() returns ${code ?? "nothing"} for: ${refusal.reason}`, () => {
      assertEquals((clientErrorOf(refusal) as { code?: string } | undefined)?.code, code);
    });
  }
});

describe("the event clientError of node:http", () => {
  it("has the error and a socket, whose response the client receives before the end", async () => {
    const seen: unknown[] = [];
    const { fake, panics } = await serveErrors((error, socket) => {
      const { remoteAddress, readable, writable } = socket as Socket;
      seen.push(error.code, error.message, remoteAddress, readable, writable);
      socket.end(OWN);
    });
    fake.send(get("/") + BAD + get("/"));
    await settle();
    assertEquals(seen, [
      "HPE_INVALID_HEADER_TOKEN",
      `Parse Error: ${REFUSALS.badFieldName.reason}`,
      "192.0.2.1",
      true,
      true,
    ]);
    assertEquals(fake.output.slice(fake.output.indexOf("hello") + 5), SENT);
    assertEquals(panics, []);
  });

  it("may be answered later, in parts, and by destroy() after a whole response", async () => {
    const answered = Promise.withResolvers<void>();
    const { fake } = await serveErrors((error, socket) => {
      socket.write(OWN.slice(0, 20));
      setTimeout(() => {
        socket.write(OWN.slice(20));
        socket.destroy(error);
        answered.resolve();
      });
    });
    fake.send(get("/") + BAD);
    await settle();
    assertMatch(fake.output, /hello$/);
    await answered.promise;
    await settle();
    assertEquals(fake.output.slice(fake.output.indexOf("hello") + 5), SENT);
  });

  it("ends the connection without a response if the listener destroys the socket", async () => {
    const { fake, served } = await serveErrors((_, socket) => void socket.destroy());
    fake.send(BAD);
    await served;
    assertEquals([fake.isClosed, fake.output], [true, ""]);
  });

  it("leaves the response to the server if the listener writes two", async () => {
    const { fake } = await serveErrors((_, socket) => {
      socket.end(
        "HTTP/1.1 400 a\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
      );
    });
    fake.send(BAD);
    await settle();
    assertMatch(fake.output, OURS);
    assertEquals(fake.output.includes("200 OK"), false);
  });

  it("leaves the response to the server if the listener writes more than it may", async () => {
    const { fake } = await serveErrors((_, socket) => void socket.end(OWN + "x".repeat(65_536)));
    fake.send(BAD);
    await settle();
    assertMatch(fake.output, OURS);
  });

  it("is not emitted for what Node does not refuse so, and for a request that a listener has", async () => {
    const seen: unknown[] = [];
    const { fake } = await serveErrors((error) => void seen.push(error.code));
    fake.send("GET / HTTP/1.1\r\n\r\n");
    await settle();
    assertMatch(fake.output, /The Host header is missing/);
    assertEquals(seen, []);
  });

  it("is emitted for a head that comes too slowly", async () => {
    const seen: unknown[] = [];
    const { fake, pass } = await serveErrors((error, socket) => {
      seen.push(error.code);
      socket.end("HTTP/1.1 408 Request Timeout\r\n\r\n");
    }, { headTimeout: 1_000 });
    fake.send("GET / HTTP/1.1\r\n");
    await settle();
    await pass(1_200);
    assertEquals(seen, ["ERR_HTTP_REQUEST_TIMEOUT"]);
    assertMatch(fake.output, /^HTTP\/1\.1 408 Request Timeout\r\n/);
  });

  it("closes the connection at the limit of a head if the listener does nothing", async () => {
    const { fake, served, pass } = await serveErrors(() => {}, { headTimeout: 1_000 });
    fake.send(BAD);
    await settle();
    assertEquals([fake.isClosed, fake.output], [false, ""]);
    await pass(1_200);
    await served;
    assertEquals([fake.isClosed, fake.output], [true, ""]);
  });

  it("reads nothing as a request any more while the listener takes its time", async () => {
    const sockets: Duplex[] = [];
    const { fake } = await serveErrors((_, socket) => void sockets.push(socket));
    fake.send(BAD);
    await settle();
    fake.send(get("/"));
    await settle();
    assertEquals([sockets.length, fake.output], [1, ""]);
    sockets[0].end(OWN);
    await settle();
    assertEquals(fake.output, SENT);
  });

  it("is logged with the status that the listener has written", async () => {
    const { fake, logged, context } = await serveNode(
      undefined,
      (server) => server.on("clientError", (_, socket) => socket.end("HTTP/1.1 422 No\r\n\r\n")),
      {},
      {},
      { isLogged: true },
    );
    fake.send(BAD);
    await settle();
    fake.end();
    await settle();
    await context.accessLog?.flush();
    assertEquals(logged.length, 1);
    assertMatch(logged[0], / 422 /);
  });
});

describe("the event checkExpectation of node:http", () => {
  it("has requests with an expectation other than 100-continue", async () => {
    const { fake } = await serveNode((_, response) => void response.end("request"), (server) => {
      server.on("checkExpectation", (request, response) => {
        response.statusCode = 417;
        response.end(request.headers.expect);
      });
    });
    fake.send(request("GET", "/", "Expect: something") + get("/"));
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 417 [^]*\r\n\r\nsomethingHTTP\/1\.1 200 [^]*request$/);
  });
});
