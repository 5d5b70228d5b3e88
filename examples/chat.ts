// A chat over WebSockets, on several workers. A room is a path, such as /rooms/lobby. A worker has the sockets of its own clients;
// a BroadcastChannel takes each message to the other workers. The page comes back by itself when its worker is replaced.
//
//   deno run -A examples/chat.ts
//   open http://127.0.0.1:8000/ in two windows

import { HttpError, type WebRequest, WebResponse, WebServer } from "../mod.ts";

/** The longest message, in characters. */
const MAX_TEXT = 1_000;

/** A message, as the workers and the pages send it. */
interface Message {
  readonly room: string;
  readonly name: string;
  readonly text: string;
}

/** The open sockets of this worker, by room. */
const rooms = new Map<string, Set<WebSocket>>();

/** Reaches the other workers, and not this one. */
const workers = new BroadcastChannel("chat");
workers.onmessage = ({ data }: MessageEvent<Message>) => deliver(data);

/** Sends a message to the clients of this worker. */
function deliver(message: Message): void {
  const text = JSON.stringify(message);
  for (const socket of rooms.get(message.room) ?? []) {
    // A socket that is about to close is here until its close event, and send() would throw.
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }
}

/** Reads what a client has sent; undefined if it is no message. */
function parseMessage(room: string, data: unknown): Message | undefined {
  try {
    const { name, text } = JSON.parse(String(data));
    const isMessage = typeof name === "string" && typeof text === "string" && text !== "";
    if (!isMessage || name.length > 40 || text.length > MAX_TEXT) return undefined;
    return { room, name, text };
  } catch {
    return undefined;
  }
}

/** Opens a socket in a room. Pages of other sites get 403: see `allowedOrigins`. */
function join(req: WebRequest<"/rooms/:room">): Response {
  const { room } = req.params;
  if (!/^[\w-]{1,40}$/.test(room)) throw new HttpError(404, "no such room");
  const { socket, response } = req.upgradeWebSocket();
  socket.addEventListener("open", () => {
    const sockets = rooms.get(room) ?? new Set();
    rooms.set(room, sockets.add(socket));
  });
  socket.addEventListener("message", ({ data }) => {
    const message = parseMessage(room, data);
    // A program closes with 1000, or with a code of its own from 3000 to 4999.
    if (message === undefined) return socket.close(4008, "not a message");
    deliver(message);
    workers.postMessage(message);
  });
  socket.addEventListener("close", () => {
    const sockets = rooms.get(room);
    sockets?.delete(socket);
    if (sockets?.size === 0) rooms.delete(room);
  });
  return response;
}

function page(): WebResponse {
  return WebResponse.html(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
<h1>Chat</h1>
<p id="status" role="status">connecting</p>
<ol id="messages"></ol>
<form>
  <input id="name" aria-label="Your name" value="guest" maxlength="40" required>
  <input id="text" aria-label="Message" maxlength="${MAX_TEXT}" autocomplete="off" autofocus required>
  <button>Send</button>
</form>
<script type="module">
  const room = new URLSearchParams(location.search).get("room") ?? "lobby";
  const address = new URL("/rooms/" + room, location.href.replace(/^http/, "ws"));
  const byId = (id) => document.getElementById(id);
  let socket, failures = 0;

  function connect() {
    socket = new WebSocket(address);
    socket.onopen = () => {
      failures = 0;
      byId("status").textContent = "connected to " + room;
    };
    socket.onmessage = ({ data }) => {
      const { name, text } = JSON.parse(data);
      const line = document.createElement("li");
      line.textContent = name + ": " + text;
      byId("messages").append(line);
    };
    socket.onclose = ({ code }) => {
      byId("status").textContent = "closed with " + code + ", connecting again";
      setTimeout(connect, delayMs());
    };
  }

  // Twice as long after each failure, up to half a minute, and a random part of that: clients that
  // were disconnected together must not come back together.
  function delayMs() {
    return Math.random() * Math.min(30_000, 500 * 2 ** failures++);
  }

  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ name: byId("name").value, text: byId("text").value }));
    byId("text").value = "";
  });

  connect();
</script>
</html>
`);
}

const server = new WebServer();
server.addExactPath("/", { GET: page });
server.addExactPath("/rooms/:room", { GET: join });
await server.run("127.0.0.1", 8000, 4);
// An open channel would keep the process alive.
workers.close();
