// The cases of the fidelity suite under a server of Mudpie that is mounted in Deno.serve.

import { fetchHandler, WebServer } from "../../../mod.ts";
import application from "./fetch_fidelity.ts";

const server = new WebServer({ accessLog: "off", onPanic: "keep" });
server.addPath("/", fetchHandler(application.fetch));
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`listening on ${port}`),
}, server.fetch);
