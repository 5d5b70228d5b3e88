// Ends its own thread without a word, in the two ways that there are.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/worker", tellWorker);
server.addExactPath("/close", () => {
  (globalThis as unknown as { close(): void }).close();
  return WebResponse.text("closing");
});
server.addExactPath("/exit", () => Deno.exit(7));

await server.run(options.run ?? {});
