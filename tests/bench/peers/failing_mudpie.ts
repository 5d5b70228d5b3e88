// Mudpie with handlers that misbehave. All defaults, but for the times and sizes that the comparison makes equal or short.

import process from "node:process";
import { type RunOptions, WebResponse, WebServer } from "../../../mod.ts";
import { answerAt, paths } from "./misbehaviour.js";
import { hangTimeoutMs, heapLimitBytes, hostname, port, workers } from "./settings.js";

const isolation = process.env.BENCH_ISOLATION as RunOptions["isolation"];
const server = new WebServer({ accessLog: "off" });
for (const path of paths) {
  server.addExactPath(path as `/${string}`, async () => WebResponse.text(await answerAt(path)));
}

await server.run({
  hostname,
  port,
  workers,
  isolation,
  hangTimeout: hangTimeoutMs,
  // Web Workers are under the limit that V8 is started with, and these are not.
  ...isolation === "thread" ? { heapLimitBytesPerWorker: heapLimitBytes } : {},
});
