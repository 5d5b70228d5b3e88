// One connection to the operator's port, without a socket.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AdminConnection } from "../../src/admin/admin_connection.ts";
import { type AdminResponse, refusal } from "../../src/admin/endpoints.ts";
import { FakeConn, settle } from "../support/connections/fake_conn.ts";
import { within } from "../support/deadline.ts";

const EVENTS: AdminResponse = { kind: "events", contentType: "text/event-stream", fields: [] };

/** Serves a connection with one answer to every request, and notes what was asked. */
function serve(answer: AdminResponse = refusal(404, "nothing here")) {
  const fake = new FakeConn();
  // The kernel may hold back what follows the first write: a little delay does not matter at this port.
  fake.setNoDelay();
  const connection = new AdminConnection(fake.conn);
  const asked: unknown[] = [];
  const streams: AdminConnection[] = [];
  const served = connection.serve({
    answer: (...question) => {
      asked.push(question);
      return answer;
    },
    onStream: (stream) => streams.push(stream),
  });
  return { fake, connection, asked, streams, served };
}

describe("AdminConnection", () => {
  it("answers one request, and closes", async () => {
    const { fake, asked, served } = serve();
    fake.send("GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await within(served, "the end of the connection");
    assertEquals(asked, [["GET", "/a", "localhost"]]);
    assertMatch(fake.output, /^HTTP\/1\.1 404 .*connection: close.*\r\n\r\nnothing here\n$/is);
    assertEquals(fake.isClosed, true);
  });

  it("answers HEAD without a body", async () => {
    const { fake, served } = serve();
    fake.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await within(served, "the end of the connection");
    assertMatch(fake.output, /^HTTP\/1\.1 404 .*content-length: 13.*\r\n\r\n$/is);
  });

  it("refuses a malformed request, and asks nothing", async () => {
    const { fake, asked, served } = serve();
    fake.send("GET /a HTTP/1.1\r\n\r\n");
    await settle();
    fake.end();
    await within(served, "the end of the connection");
    assertMatch(fake.output, /^HTTP\/1\.1 400 /);
    assertEquals(asked, []);
  });

  it("reads on after its response while the client still sends", async () => {
    const { fake, served } = serve();
    fake.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nmore");
    await settle();
    assertMatch(fake.output, /^HTTP\/1\.1 404 /);
    assertEquals([fake.hasEndedOutput, fake.isClosed], [true, false]);
    fake.send("even more");
    fake.end();
    await within(served, "the end of the connection");
  });

  it("closes without a response if the client goes", async () => {
    const { fake, asked, served } = serve();
    fake.end();
    await within(served, "the end of the connection");
    assertEquals([fake.output, asked], ["", []]);
  });

  it("sends events on a stream until it closes", async () => {
    const { fake, connection, streams, served } = serve(EVENTS);
    fake.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await settle();
    assertEquals([streams, connection.isStream], [[connection], true]);
    assertMatch(fake.output, /^HTTP\/1\.1 200 .*text\/event-stream/is);
    connection.send("data: 1\n\n");
    connection.send("data: 2\n\n");
    await settle();
    assertMatch(fake.output, /\r\n\r\ndata: 1\n\ndata: 2\n\n$/);
    connection.close();
    await within(served, "the end of the connection");
    assertEquals(fake.isClosed, true);
  });

  it("closes a stream whose client leaves too much waiting", async () => {
    const { fake, connection, served } = serve(EVENTS);
    fake.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await settle();
    fake.isBlocked = true;
    connection.send("a");
    connection.send("b".repeat(1_048_576));
    await settle();
    assertEquals(fake.isClosed, false);
    connection.send("c");
    await within(served, "the end of the connection");
    assertEquals(fake.isClosed, true);
  });
});
