// tRPC's standalone server.

import process from "node:process";
import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";

const t = initTRPC.create();
const router = t.router({
  hello: t.procedure.query(() => "Hello"),
  add: t.procedure.input((value) => value).mutation(({ input: { a } }) => a.length),
  ticks: t.procedure.subscription(async function* () {
    for (const ticks of [1, 2]) yield await Promise.resolve({ ticks });
  }),
});

const server = createHTTPServer({ router });
server.listen(Number(process.env.PORT ?? 3000));
server.on("listening", () => console.log("listening"));
