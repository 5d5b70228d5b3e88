// Holds the load on WebSockets to its counts, and to the messages that it checks. Nothing is timed.

import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canShrinkWindows } from "../support/clients/small_window_client.ts";
import { CAN_WATCH_PROCESSES } from "../support/servers/server_process.ts";
import { BenchServer, WEBSOCKET_PEERS } from "./servers.ts";
import { IdleWebSockets, startWebSocketLoad } from "./websocket_load.ts";

/** It calls the same library in the same way. */
const ignore = !CAN_WATCH_PROCESSES || !canShrinkWindows();

/** One that is there on every machine. */
const PROCESSOR = "0";

const SECONDS = 0.3;

describe("WebSocketLoad", { ignore }, () => {
  for (const peer of WEBSOCKET_PEERS) {
    it(`WebSocketLoad has messages of all lengths echoed by ${peer.what}`, async () => {
      await using server = await BenchServer.start(peer);
      const load = { port: server.port, path: "/echo", sockets: 3, seconds: SECONDS };
      for (const bytes of [0, 16, 125, 126, 1_024, 65_535, 65_536]) {
        for (const isBinary of [false, true]) {
          const { messages } = await startWebSocketLoad({ ...load, bytes, isBinary }, PROCESSOR);
          assertGreater(messages, 0, `${bytes} bytes`);
        }
      }
    });

    it(`WebSocketLoad counts batches of messages, and broadcasts, by ${peer.what}`, async () => {
      await using server = await BenchServer.start(peer);
      const load = { port: server.port, sockets: 5, seconds: SECONDS, bytes: 16 };
      const batches = { ...load, path: "/echo", inFlight: 7 };
      assertEquals((await startWebSocketLoad(batches, PROCESSOR)).messages % 7, 0);
      const broadcast = { ...load, path: "/broadcast", isBroadcast: true };
      const { messages, serverNs } = await startWebSocketLoad(
        { ...broadcast, serverPid: server.pid },
        PROCESSOR,
      );
      assertGreater(messages, 0);
      assertEquals(messages % 5, 0);
      assertGreater(serverNs, 0);
    });

    it(`IdleWebSockets keeps sockets of ${peer.what} open until it is disposed`, async () => {
      await using server = await BenchServer.start(peer);
      const load = { port: server.port, path: "/echo", sockets: 20, seconds: 1, bytes: 16 };
      await using _idle = await IdleWebSockets.open(load, PROCESSOR);
    });
  }

  it("WebSocketLoad reports what is no WebSocket", async () => {
    await using server = await BenchServer.start(WEBSOCKET_PEERS[1]);
    const load = { port: server.port, path: "/echo", sockets: 1, seconds: SECONDS, bytes: 16 };
    await assertRejects(
      () =>
        startWebSocketLoad({ ...load, port: server.port, path: "/ HTTP/1.0\r\n\r\n" }, PROCESSOR),
      Error,
      "No WebSocket",
    );
  });
});
