// One WebSocket of a worker, over a connection without a socket and with a clock that is a number.

import { assertEquals } from "@std/assert";
import type { Handler } from "../../../src/handler/handler.ts";
import type { UpgradeWebSocketOptions } from "../../../src/handler/web_socket_options.ts";
import { percentDecode } from "../../../src/http1/target.ts";
import type { WebServerOptions } from "../../../src/options/server_options.ts";
import { Router } from "../../../src/routing/router.ts";
import { bytesOfFrames, readServerFrames } from "../../websocket/frames.ts";
import { get } from "../clients/raw_client.ts";
import { eventually } from "../deadline.ts";
import { settle } from "./fake_conn.ts";
import { serveConnection, type ServedConnection } from "./served_connection.ts";

/** How far the clock moves in a tick. */
export const TICK_MS = 10;

/** The key of RFC 6455, section 1.3, and what answers it. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** The fields of a handshake. */
export const HANDSHAKE: readonly string[] = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  `Sec-WebSocket-Key: ${KEY}`,
];

/** A handshake, with more fields. */
export function handshake(...fields: string[]): string {
  return get("/chat?room=1", ...HANDSHAKE, ...fields);
}

/** A socket that is served. */
export interface ServedSocket extends ServedConnection {
  readonly socket: WebSocket;
  /** The events of the socket, as text. */
  readonly events: string[];
  /** Takes the frames that were written since the last call, as text such as "81 hello". */
  frames(): string[];
  /** Sends frames of a client, and lets happen what then happens. */
  send(...frames: string[]): Promise<void>;
}

/** What differs from a usual socket. */
interface SocketSetting {
  readonly limits?: WebServerOptions;
  readonly options?: UpgradeWebSocketOptions;
  readonly isLogged?: boolean;
  readonly fields?: readonly string[];
  /** What is sent in one piece with the handshake. */
  readonly behind?: string;
  /** Called by the handler with its socket. */
  readonly onSocket?: (socket: WebSocket) => unknown;
}

/** Notes all events of a socket. */
export function noteEvents(socket: WebSocket): string[] {
  const events: string[] = [];
  socket.addEventListener("open", () => events.push("open"));
  socket.addEventListener("message", ({ data }) => events.push(`message ${describe(data)}`));
  socket.addEventListener(
    "error",
    (event) => events.push(`error ${(event as ErrorEvent).message}`),
  );
  socket.addEventListener(
    "close",
    ({ code, reason, wasClean }) =>
      events.push(`close ${code} ${reason}${wasClean ? "(clean)" : "(not clean)"}`),
  );
  return events;
}

function describe(data: unknown): string {
  if (data instanceof ArrayBuffer) return `bytes ${[...new Uint8Array(data)]}`;
  return data instanceof Blob ? `blob ${data.size}` : String(data);
}

/** Serves a socket, and opens it. */
export async function openSocket(setting: SocketSetting = {}): Promise<ServedSocket> {
  const router = new Router<Handler>(percentDecode);
  let socket: WebSocket | undefined;
  let events: string[] = [];
  router.add("/chat", true, (request) => {
    const upgrade = request.upgradeWebSocket(setting.options);
    socket = upgrade.socket;
    events = noteEvents(socket);
    setting.onSocket?.(socket);
    return upgrade.response;
  }, () => "a test");
  const limits = { pingInterval: 0, writeTimeout: 0, ...setting.limits };
  const served = await serveConnection({
    router,
    limits,
    tickMs: TICK_MS,
    isLogged: setting.isLogged,
  });
  const { fake } = served;
  fake.send(join(handshake(...setting.fields ?? []), setting.behind ?? ""));
  // The first socket of a thread loads what serves it, and a compressed one zlib.
  await eventually(() => fake.writes.length > 0, "the response to the handshake");
  await settle();
  assertEquals(fake.writes[0]?.slice(0, 12), "HTTP/1.1 101");
  if (socket === undefined) throw new Error("The handler was not called");
  let taken = 1;
  const frames = () => {
    const bytes = fake.writtenBytes.slice(taken).flatMap((part) => [...part]);
    taken = fake.writtenBytes.length;
    return readServerFrames(Uint8Array.from(bytes)).map(({ first, payload }) =>
      `${first.toString(16)} ${payload}`
    );
  };
  const send = async (...sent: string[]) => {
    fake.send(bytesOfFrames(...sent));
    await settle();
  };
  return { ...served, socket, events, frames, send };
}

/** Joins a text and frames, of which each character is a byte. */
function join(head: string, frames: string): Uint8Array {
  return bytesOfFrames(head + frames);
}
