// Allocates without end.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

const kept: number[][] = [];

server.addExactPath(
  "/worker",
  () => WebResponse.text((globalThis as { name?: string }).name ?? ""),
);
server.addExactPath("/allocate", () => {
  for (;;) kept.push(Array(10_000).fill(kept.length));
});

await server.run(options.run ?? {});
