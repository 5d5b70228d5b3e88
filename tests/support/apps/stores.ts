// Reports which storage there is in a worker, and counts in a KV database. In the environment, KV_PATH names the database; without it
// the database has no name.

import { WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const kv = await Deno.openKv(Deno.env.get("KV_PATH"));

const options = appOptions(import.meta.url);
const server = appServer(options);
server.addExactPath("/count", async () => {
  await kv.atomic().sum(["requests"], 1n).commit();
  const { value } = await kv.get<Deno.KvU64>(["requests"]);
  return WebResponse.json(Number(value?.value));
});
server.addExactPath(
  "/storage",
  () => WebResponse.json(["localStorage", "sessionStorage"].map((name) => name in globalThis)),
);
await server.run(options.run ?? {});
kv.close();
