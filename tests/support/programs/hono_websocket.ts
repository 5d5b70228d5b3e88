// A WebSocket in Hono, as its documentation has it for Deno.

import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { secureHeaders } from "hono/secure-headers";

const app = new Hono();
// Hono makes a new response for this, because the fields of the first one cannot be changed.
app.use(secureHeaders());
app.get("/", (c) => c.text("hello"));
app.get(
  "/ws",
  upgradeWebSocket((c) => ({
    onOpen: (_event, ws) => ws.send(`open ${c.req.query("name")} ${ws.protocol ?? ""}`),
    onMessage: (event, ws) => ws.send(`echo ${event.data}`),
    onClose: (event) => console.log("closed", event.code, event.reason),
  })),
);

Deno.serve(app.fetch);
