// WebSockets in h3, by crossws, as their documentation has it: a room in which each message reaches all others.

import { defineWebSocketHandler, H3, serve } from "h3";
import { plugin as websockets } from "crossws/server";

const app = new H3();
app.get("/", () => "hello");
app.get(
  "/ws",
  defineWebSocketHandler({
    upgrade: () => ({ headers: { "x-room": "lobby", "sec-websocket-protocol": "chat" } }),
    open(peer) {
      peer.subscribe("room");
      peer.send("welcome");
    },
    message(peer, message) {
      peer.send(`echo ${message.text()}`);
      peer.publish("room", `others ${message.text()}`);
    },
    close: () => console.log("closed"),
  }),
);

serve(app, {
  port: 3000,
  gracefulShutdown: false,
  plugins: [
    websockets({
      // deno-lint-ignore no-explicit-any
      resolve: async (request) => (await app.fetch(request) as any).crossws,
    }),
  ],
});
