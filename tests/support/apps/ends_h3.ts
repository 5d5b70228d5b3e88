// An application of h3 with a default export, whose work goes on after its responses by `event.waitUntil()`.

import { getRouterParam, H3 } from "h3";
import type { ShutdownReason } from "../../../mod.ts";
import { sendMail, tell } from "../servers/end_lines.ts";

const app = new H3();

app.get("/mail/:ms", (event) => {
  event.waitUntil(sendMail(Number(getRouterParam(event, "ms"))));
  return "accepted";
});

export default {
  name: "ends_h3.ts",
  fetch: app.fetch,
  onShutdown(reason: ShutdownReason): void {
    tell(`${this.name} ${reason}`);
  },
};
