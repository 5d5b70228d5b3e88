// Spins for ever.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath(
  "/worker",
  () => WebResponse.text((globalThis as { name?: string }).name ?? ""),
);
server.addExactPath("/spin", () => {
  for (;;);
});

await server.run(options.run ?? {});
