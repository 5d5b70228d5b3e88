// Clients with WebSockets that hang up without a word, at any point, by the thousand.

import { bytesOfFrames, close, firstText, text } from "../../websocket/frames.ts";
import { handshake } from "../connections/served_socket.ts";
import type { Point } from "./abrupt_clients.ts";

function ask(path: string, ...frames: string[]): Uint8Array<ArrayBuffer> {
  return bytesOfFrames(handshake().replace("/chat?room=1", path), ...frames);
}

/** Sends, without waiting for anything. */
const sending = (what: string, sent: Uint8Array): Point => ({
  what,
  reach: (client) => client.send(sent),
});

/** Opens a WebSocket, and sends frames. */
const open = (what: string, ...frames: string[]): Point => ({
  what,
  reach: async (client) => {
    await client.send(ask("/websocket"));
    await client.firstBytes();
    if (frames.length > 0) await client.send(bytesOfFrames(...frames));
  },
});

/** The points, in whose order clients reset. */
export const POINTS: readonly Point[] = [
  sending("in the middle of a handshake", ask("/websocket").subarray(0, 100)),
  sending("right after a handshake", ask("/websocket")),
  sending("after a message behind the handshake", ask("/websocket", text("a"))),
  sending("before its 101", ask("/websocket-later")),
  sending("before its 101, with a message", ask("/websocket-later", text("a"))),
  open("after its 101"),
  open("in the middle of a frame", text("a".repeat(100)).slice(0, 50)),
  open("in the middle of a large frame", text("a".repeat(60_000)).slice(0, 20_000)),
  open("in the middle of a message", firstText("a")),
  open("after messages that are sent back", text("a").repeat(50), text("b".repeat(60_000))),
  open("after its Close frame", close(1000)),
  open("after a frame that is not masked", text("a", { mask: undefined })),
];
