// The replaced methods of `http.Server`, over a host that serves nothing.

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import http from "node:http";
import { settle } from "../../support/connections/fake_conn.ts";
import { withTakenNodeHttp } from "../../support/connections/node_connection.ts";

describe("server.listen() of node:http", () => {
  it("has the address at once, and the events later", async () => {
    const seen: string[] = [];
    const server = withTakenNodeHttp(({ servers }) => {
      const server = http.createServer();
      assertStrictEquals(server.listen(3000, "127.0.0.1", () => seen.push("callback")), server);
      server.on("listening", () => seen.push("listening"));
      assertEquals(servers[0].servedBy, "http.Server.listen()");
      assertEquals(servers[0].place, { port: 3000, hostname: "127.0.0.1" });
      assertEquals(server.address(), { address: "127.0.0.1", family: "IPv4", port: 3000 });
      servers[0].onListen?.({ transport: "tcp", hostname: "127.0.0.1", port: 3000 });
      return server;
    });
    assertEquals([server.listening, seen], [true, []]);
    await settle();
    assertEquals(seen, ["callback", "listening"]);
  });

  it("has the path for an address at a Unix socket", () => {
    withTakenNodeHttp(() => {
      assertEquals(http.createServer().listen("/run/a.sock").address(), "/run/a.sock");
    });
  });

  it("refuses a second call", () => {
    withTakenNodeHttp(() => {
      const server = http.createServer().listen(0);
      const error = assertThrows(() => server.listen(0)) as { code?: string };
      assertEquals(error.code, "ERR_SERVER_ALREADY_LISTEN");
    });
  });

  it("has the error of Node for an address that is in use, as an event", async () => {
    const errors: (Error & { code?: string; port?: number; syscall?: string })[] = [];
    withTakenNodeHttp((taken) => {
      taken.failure = new Deno.errors.AddrInUse("in use");
      const server = http.createServer().on("error", (error) => errors.push(error));
      server.listen(3000, "127.0.0.1");
      assertEquals([server.listening, server.address(), errors], [false, null, []]);
    });
    await settle();
    const [{ code, port, syscall, message }] = errors;
    assertEquals({ code, port, syscall, message }, {
      code: "EADDRINUSE",
      port: 3000,
      syscall: "listen",
      message: "listen EADDRINUSE: in use 127.0.0.1:3000",
    });
  });
});

describe("server.close() of node:http", () => {
  it("has the worker drain, and calls back when it has", async () => {
    const seen: unknown[] = [];
    const { server, taken } = withTakenNodeHttp((taken) => {
      const server = http.createServer().listen(0);
      server.on("close", () => seen.push("close"));
      server.close((error) => seen.push(error));
      return { server, taken };
    });
    await settle();
    assertEquals([taken.closed, seen, server.listening], [["server.close()"], [], false]);
    taken.finish();
    await settle();
    assertEquals(seen, ["close", undefined]);
  });

  it("calls back with an error if the server does not listen", async () => {
    const codes: unknown[] = [];
    withTakenNodeHttp(() => {
      http.createServer().listen(0).close().close((error) =>
        codes.push((error as { code?: string })?.code)
      );
    });
    await settle();
    assertEquals(codes, ["ERR_SERVER_NOT_RUNNING"]);
  });

  it("closes a server that its signal aborts, and one that is disposed of", async () => {
    const { closed, finish } = await withTakenNodeHttp(async (taken) => {
      const controller = new AbortController();
      http.createServer().listen({ port: 0, signal: controller.signal });
      controller.abort();
      const server = http.createServer().listen(0);
      const disposed = server[Symbol.asyncDispose]();
      taken.finish();
      await disposed;
      return taken;
    });
    finish();
    assertEquals(closed, ["server.close()", "server.close()"]);
  });
});
