// A client of socket.io, which prints what it sees: node:process has the address, and the transports.

import process from "node:process";
import { io } from "socket.io-client";

const [url, ...transports] = process.argv.slice(2);
const socket = io(url, { transports, reconnection: false });
socket.on("connect_error", (error) => {
  console.log(`error ${error.message}`);
  process.exit(1);
});
await new Promise((resolve) => socket.on("connect", resolve));
console.log(await socket.emitWithAck("say", "hello"));
const { engine } = socket.io;
if (engine.transport.name !== "websocket") {
  await new Promise((resolve) => engine.once("upgrade", resolve));
}
console.log(engine.transport.name);
socket.on("all", (text) => {
  console.log(`all ${text}`);
  socket.disconnect();
});
socket.emit("all", "friends");
