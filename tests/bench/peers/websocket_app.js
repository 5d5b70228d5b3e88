// WebSockets as a program for Deno writes them: run by Deno itself, and by Mudpie's command line.

import { hostname, port } from "./settings.js";

/** The sockets of `/broadcast`. @type {Set<WebSocket>} */
const receivers = new Set();

/** @param {WebSocket} socket */
function echo(socket) {
  socket.onmessage = ({ data }) => socket.send(data);
}

/** @param {WebSocket} socket */
function broadcast(socket) {
  socket.onopen = () => receivers.add(socket);
  socket.onclose = () => receivers.delete(socket);
  socket.onmessage = ({ data }) => {
    for (const receiver of receivers) receiver.send(data);
  };
}

Deno.serve({ hostname, port, onListen: () => {} }, (request) => {
  if (request.headers.get("upgrade") !== "websocket") return new Response("Hello World");
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = "arraybuffer";
  if (request.url.endsWith("/broadcast")) broadcast(socket);
  else echo(socket);
  return response;
});
