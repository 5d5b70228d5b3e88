// What listeners to `upgrade` of node:http see of a connection, and what they do with it, over a connection without a socket.

import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type http from "node:http";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { settle } from "../../support/connections/fake_conn.ts";
import { serveNode } from "../../support/connections/node_connection.ts";
import { request } from "../../support/clients/raw_client.ts";

const UPGRADE = request("GET", "/", "Connection: Upgrade", "Upgrade: raw");
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

type Listener = (request: http.IncomingMessage, socket: Duplex, head: Uint8Array) => void;

/** Serves a connection whose requests for an upgrade go to a listener. Others get the response "plain". */
function serveUpgrades(listener: Listener | undefined) {
  return serveNode((_, response) => void response.end("plain"), (server) => {
    if (listener !== undefined) server.on("upgrade", listener);
  });
}

/** Answers each part with the same in upper case. */
const shout: Listener = (_, socket) => {
  socket.write(SWITCHING);
  socket.on("data", (part) => socket.write(String(part).toUpperCase()));
  socket.on("end", () => socket.end("."));
};

describe("the event upgrade of node:http", () => {
  it("has the request, a socket that is that of the request, and no bytes", async () => {
    const seen: unknown[] = [];
    const { fake } = await serveUpgrades((request, socket, head) => {
      seen.push(
        request.url,
        (request as { upgrade?: boolean }).upgrade,
        request.complete,
        head.length,
      );
      assertStrictEquals(request.socket, socket as unknown as Socket);
      const { remoteAddress, remotePort, remoteFamily, readyState } = socket as Socket;
      seen.push(remoteAddress, remotePort, remoteFamily, readyState);
      socket.end(SWITCHING);
    });
    fake.send(UPGRADE);
    await settle();
    assertEquals(seen, ["/", true, true, 0, "192.0.2.1", 4321, "IPv4", "open"]);
    assertEquals(fake.output, SWITCHING);
  });

  it("hands over the bytes that follow the request, also those that come with it", async () => {
    const { fake } = await serveUpgrades(shout);
    fake.send(`${UPGRADE}a`);
    await settle();
    fake.send("b");
    await settle();
    fake.end();
    await settle();
    assertEquals([fake.output, fake.isClosed], [`${SWITCHING}AB.`, true]);
  });

  it("follows the responses to the requests before it", async () => {
    const { fake } = await serveUpgrades(shout);
    fake.send(`${request("GET", "/")}${UPGRADE}a`);
    await settle();
    assertMatch(
      fake.output,
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nplainHTTP\/1\.1 101 [^]*\r\n\r\nA$/,
    );
  });

  it("may be answered later, or by another response", async () => {
    const held: Duplex[] = [];
    const { fake } = await serveUpgrades((_, socket) => void held.push(socket));
    fake.send(UPGRADE);
    await settle();
    assertEquals(fake.output, "");
    held[0].end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nno");
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 401 Unauthorized\r\n/);
  });

  it("does not come for a request without a listener to it, or with a body, or that only names it", async () => {
    const plain = [
      await serveUpgrades(undefined).then(({ fake }) => ({ fake, sent: UPGRADE })),
      ...await Promise.all(
        [
          `${request("POST", "/", "Connection: upgrade", "Upgrade: raw", "Content-Length: 1")}a`,
          request("GET", "/", "Upgrade: raw"),
          request("GET", "/", "Connection: upgrade"),
        ].map(async (sent) => ({ fake: (await serveUpgrades(shout)).fake, sent })),
      ),
    ];
    for (const { fake, sent } of plain) {
      fake.send(sent);
      await settle();
      assertMatch(fake.output, /^HTTP\/1\.1 200 OK\r\n[^]*plain$/, sent);
    }
  });

  it("is a panic if its listener throws: the client gets 500", async () => {
    const { fake, panics } = await serveUpgrades(() => {
      throw new Error("the listener has failed");
    });
    fake.send(UPGRADE);
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 500 /);
    assertEquals(panics.map(String), ["Error: the listener has failed"]);
  });
});

describe("the socket of an upgrade of node:http", () => {
  it("closes with an error when the client resets the connection", async () => {
    const seen: unknown[] = [];
    const { fake } = await serveUpgrades((_, socket) => {
      socket.write(SWITCHING);
      socket.on("error", (error: Error & { code?: string }) => seen.push(error.code));
      socket.on("close", () => seen.push("close"));
      socket.resume();
    });
    fake.send(UPGRADE);
    await settle();
    fake.reset();
    await settle();
    assertEquals([seen, fake.isClosed], [["ECONNRESET", "close"], true]);
  });

  it("closes the connection when the program destroys it, also before the hand-over", async () => {
    for (const isEarly of [true, false]) {
      const { fake } = await serveUpgrades((_, socket) => {
        if (isEarly) socket.destroy();
        else socket.write(SWITCHING, () => socket.destroy());
      });
      fake.send(UPGRADE);
      await settle();
      assertEquals([fake.output, fake.isClosed], [isEarly ? "" : SWITCHING, true]);
    }
  });

  it("stays when the program closes all connections of the server", async () => {
    const { fake, server } = await serveUpgrades(shout);
    fake.send(UPGRADE);
    await settle();
    server.closeAllConnections();
    fake.send("a");
    await settle();
    assertEquals([fake.output, fake.isClosed], [`${SWITCHING}A`, false]);
  });

  it("ends as if its client had ended its side when the worker drains", async () => {
    const { fake, connection } = await serveUpgrades(shout);
    fake.send(UPGRADE);
    await settle();
    connection.drainUpgrade("replacement");
    await settle();
    assertEquals([fake.output, fake.isClosed], [`${SWITCHING}.`, true]);
  });

  it("is closed at the end of the drain if the program does not end it", async () => {
    const { fake, connection } = await serveUpgrades((_, socket) => void socket.write(SWITCHING));
    fake.send(UPGRADE);
    await settle();
    connection.drainUpgrade("shutdown");
    await settle();
    assertEquals(fake.isClosed, false);
    connection.abandon();
    await settle();
    assertEquals([fake.output, fake.isClosed], [SWITCHING, true]);
  });

  it("has the methods of a socket that programs call", async () => {
    const late = Promise.withResolvers<void>();
    const { fake } = await serveUpgrades((_, stream) => {
      const socket = stream as Socket;
      assertStrictEquals(socket.setNoDelay().setKeepAlive(true).ref().unref(), socket);
      assertStrictEquals(socket.setTimeout(5, () => socket.end("late", late.resolve)), socket);
      assertEquals([socket.timeout, socket.bytesRead, socket.bytesWritten], [5, 0, 0]);
    });
    fake.send(UPGRADE);
    await late.promise;
    await settle();
    assertEquals(fake.output, "late");
  });
});
