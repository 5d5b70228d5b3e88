// Comes up, and fails soon after it accepts, each time: in the way and after the milliseconds that stand in the query of its address.

import { WebResponse, WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.text("hello"));

const finished = server.run(options.run ?? {});
if (WebServer.isWorker) {
  console.log(`spawned ${(globalThis as { name?: string }).name}`);
  const query = new URL(import.meta.url).searchParams;
  setTimeout(() => {
    if (query.get("way") === "exits") Deno.exit(1);
    throw new Error("a failure soon after the start");
  }, Number(query.get("milliseconds")));
}
await finished;
