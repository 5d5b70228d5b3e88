// What listeners of `node:http` see of connections, and what they do with them, over a connection without a socket.

import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type http from "node:http";
import { settle } from "../../support/connections/fake_conn.ts";
import { serveNode } from "../../support/connections/node_connection.ts";
import { get, post, request } from "../../support/clients/raw_client.ts";

describe("req.socket of node:http", () => {
  it("is one object for all requests of a connection, with the address of the client", async () => {
    const sockets: unknown[] = [];
    const { fake } = await serveNode(({ socket }, response) => {
      sockets.push(socket, response.socket, socket.remoteAddress, socket.remotePort);
      response.end();
    });
    fake.send(get("/"));
    await settle();
    fake.send(get("/"));
    await settle();
    const [socket, ...others] = sockets;
    assertEquals(others.slice(1, 3), ["192.0.2.1", 4321]);
    for (const at of [0, 3, 4]) assertStrictEquals(others[at], socket);
  });

  it("is announced once, and closes with its connection", async () => {
    const seen: unknown[] = [];
    const { fake, server } = await serveNode((_, response) => void response.end(), (server) => {
      server.on("connection", (socket) => {
        seen.push("connection", socket.remoteAddress);
        socket.on("close", () => seen.push("close", socket.destroyed));
      });
    });
    fake.send(get("/") + get("/"));
    await settle();
    assertEquals(seen, ["connection", "192.0.2.1"]);
    assertEquals(await count(server), 1);
    fake.end();
    await settle();
    assertEquals(seen, ["connection", "192.0.2.1", "close", true]);
    assertEquals(await count(server), 0);
  });

  it("is closed by server.closeIdleConnections() if no request is under way", async () => {
    const { fake, server } = await serveNode((request, response) => {
      if (request.url === "/") response.end();
    });
    fake.send(get("/"));
    await settle();
    const before = fake.output;
    fake.send(get("/waits"));
    await settle();
    server.closeIdleConnections();
    assertEquals(fake.isClosed, false);
    server.closeAllConnections();
    await settle();
    assertEquals([fake.isClosed, fake.output], [true, before]);
  });
});

function count(server: http.Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
}

describe("informational responses of node:http", () => {
  it("are sent before the response, also while the listener waits", async () => {
    const { fake } = await serveNode((_, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</a.css>; rel=preload; as=style" });
      setTimeout(() => {
        response.writeProcessing();
        setTimeout(() => response.end("hello"));
      });
    });
    fake.send(get("/"));
    while (!fake.output.endsWith("hello")) await settle();
    const statuses = [...fake.output.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
    assertEquals(statuses, ["102", "103", "102", "200"]);
    assertMatch(fake.output, /103 Early Hints\r\nLink: <\/a\.css>; rel=preload; as=style\r\n\r\n/);
  });

  it("are not sent to a client of HTTP/1.0", async () => {
    const { fake } = await serveNode((_, response) => {
      response.writeProcessing();
      response.end("hello");
    });
    fake.send("GET / HTTP/1.0\r\n\r\n");
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 200 OK/);
  });

  it("have 100 when the body is asked for, and not before", async () => {
    const seen: string[] = [];
    const { fake } = await serveNode((request, response) => {
      setTimeout(() => {
        seen.push(fake.output);
        request.resume().on("end", () => response.end("read"));
      });
    });
    fake.send(request("POST", "/", "Expect: 100-continue", "Content-Length: 2"));
    while (!fake.output.includes("100 Continue")) await settle();
    assertEquals(seen, [""]);
    fake.send("ab");
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  });

  it("have 100 when a listener to checkContinue sends it", async () => {
    const { fake } = await serveNode(undefined, (server) => {
      server.on("checkContinue", (request, response) => {
        response.writeContinue();
        request.resume().on("end", () => response.end("checked"));
      });
    });
    fake.send(request("POST", "/", "Expect: 100-continue", "Content-Length: 2"));
    await settle();
    assertEquals(fake.output, "HTTP/1.1 100 Continue\r\n\r\n");
    fake.send("ab");
    await settle();
    assertMatch(fake.output, /checked$/);
  });
});

describe("trailers of node:http", () => {
  it("follow a body in chunks, and fields of a head are left out", async () => {
    const { fake } = await serveNode((_, response) => {
      response.writeHead(200, { Trailer: "X-Sum" });
      response.addTrailers({ "X-Sum": "7", "Content-Length": "1" });
      response.end("body");
    });
    fake.send(get("/"));
    await settle();
    assertMatch(fake.output, /\r\nTransfer-Encoding: chunked\r\n/);
    assertMatch(fake.output, /\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 7\r\n\r\n$/);
  });
});

describe("timeouts of node:http", () => {
  it("close a connection that nothing happens on, if no listener does anything else", async () => {
    const { fake, served } = await serveNode((request) => void request.socket.setTimeout(5));
    fake.send(get("/"));
    await served;
    assertEquals([fake.isClosed, fake.output], [true, ""]);
  });

  it("are an event of the request, the response, the socket, and the server", async () => {
    const seen: string[] = [];
    const over = Promise.withResolvers<void>();
    const { fake } = await serveNode((request, response) => {
      response.setTimeout(5, () => {
        seen.push("response");
        response.writeHead(503).end();
        over.resolve();
      });
      request.on("timeout", () => seen.push("request"));
      request.socket.on("timeout", () => seen.push("socket"));
    });
    fake.send(get("/"));
    await over.promise;
    await settle();
    assertEquals(seen, ["socket", "request", "response"]);
    assertMatch(fake.output, /^HTTP\/1\.1 503 /);
  });

  it("end with the response they were set for", async () => {
    let socket: http.IncomingMessage["socket"] | undefined;
    const { fake } = await serveNode((request, response) => {
      socket = request.socket;
      request.setTimeout(60_000);
      response.end();
    });
    fake.send(get("/"));
    await settle();
    assert(socket);
    assertEquals(socket.timeout, 0);
  });
});

describe("the body of a request of node:http", () => {
  it("that is malformed gets 400, and is an error that is no panic", async () => {
    const seen: unknown[] = [];
    const { fake, panics } = await serveNode((request) => {
      request.resume().on("error", ({ message }) => seen.push(message, request.aborted));
    });
    fake.send(request("POST", "/", "Transfer-Encoding: chunked"));
    await settle();
    fake.send("zz\r\n");
    await settle();
    assertEquals([seen, panics], [["aborted", true], []]);
    assertMatch(fake.output, /^HTTP\/1\.1 400 /);
  });

  it("that the listener does not read leaves the connection to the next request", async () => {
    const { fake } = await serveNode((_, response) => void response.end("ok"));
    fake.send(post("/", "not read") + get("/"));
    await settle();
    assertEquals([...fake.output.matchAll(/200 OK/g)].length, 2);
  });
});
