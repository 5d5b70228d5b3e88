// WebSockets on a server of node:http, as the documentation of `ws` and of socket.io has them.

import http from "node:http";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";

const server = http.createServer((_request, response) => response.end("hello"));
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } });

server.on("upgrade", (request, socket, head) => {
  if (request.url === "/refused") {
    socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  } else if (request.url === "/throws") {
    throw new Error("the listener has failed");
  } else if (request.url === "/ws") {
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on("message", (data, isBinary) => client.send(isBinary ? data : `echo ${data}`));
      client.on("close", (code, reason) => console.log(`closed ${code} ${reason}`));
    });
  }
});

const io = new Server(server);
io.on("connection", (socket) => {
  socket.on("say", (text, answer) => answer(`heard ${text}`));
  socket.on("all", (text) => io.emit("all", text));
  socket.on("disconnect", (reason) => console.log(`left: ${reason}`));
});

server.listen(0);
