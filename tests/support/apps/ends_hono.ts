// An application of Hono with a default export, whose work goes on after its responses by `c.executionCtx`.

import { Hono } from "hono";
import type { ShutdownReason } from "../../../mod.ts";
import { sendMail, tell } from "../servers/end_lines.ts";

const app = new Hono();

app.get("/mail/:ms", (c) => {
  c.executionCtx.passThroughOnException();
  c.executionCtx.waitUntil(sendMail(Number(c.req.param("ms"))));
  return c.text("accepted");
});

export default {
  name: "ends_hono.ts",
  fetch: app.fetch,
  onShutdown(reason: ShutdownReason): void {
    tell(`${this.name} ${reason}`);
  },
};
