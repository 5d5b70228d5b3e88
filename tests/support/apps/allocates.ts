// Allocates without end.

import { appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

const kept: number[][] = [];

server.addExactPath("/worker", tellWorker);
server.addExactPath("/allocate", () => {
  for (;;) kept.push(Array(10_000).fill(kept.length));
});

await server.run(options.run ?? {});
