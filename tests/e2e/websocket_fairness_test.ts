// A WebSocket that floods a worker with messages, beside clients that ask over HTTP: they get their answers meanwhile.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bytesOfFrames, text } from "../websocket/frames.ts";
import { handshake } from "../support/connections/served_socket.ts";
import { get } from "../support/clients/raw_client.ts";
import { CAN_WATCH_PROCESSES, ServerProcess } from "../support/servers/server_process.ts";
import { TWO_WAYS } from "../support/servers/started_app.ts";

const REQUESTS = 50;
/** How many messages the client sends in one piece. */
const BURST = 1_000;

describe("a worker that is flooded by a WebSocket", { ignore: !CAN_WATCH_PROCESSES }, () => {
  it("answers other clients, and sends each message back", async () => {
    await using server = await ServerProcess.start("besieged.ts", { way: TWO_WAYS[0] });
    using flood = await server.connect();
    await flood.send(handshake().replace("/chat?room=1", "/websocket"));
    await flood.readUntil("\r\n\r\n");
    const burst = bytesOfFrames(text("a").repeat(BURST));
    let isOver = false;
    let sent = 0;
    const flooding = (async () => {
      for (; !isOver; sent += BURST) await flood.send(burst);
      await flood.send(bytesOfFrames(text("q")));
    })();
    const reading = (async () => {
      for (let characters = 0;;) {
        const part = await flood.readOnce() ?? "";
        // Each frame is three characters: the first byte is none of UTF-8, and becomes U+FFFD.
        characters += part.length;
        if (part.endsWith("q") || part === "") return characters / 3;
      }
    })();
    using client = await server.connect();
    for (let i = 0; i < REQUESTS; i++) {
      const { text } = await client.ask(get("/hello"));
      assertEquals(text, "Hello World!");
    }
    isOver = true;
    await flooding;
    assertEquals(await reading, sent + 1);
  });
});
