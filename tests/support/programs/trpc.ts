// tRPC, as its documentation serves it by the adapter for fetch.

import { initTRPC, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";

const t = initTRPC.create({ isDev: false });

const router = t.router({
  hello: t.procedure.query(() => "Hello tRPC"),
  add: t.procedure.input(JSON.stringify).mutation(({ input }) => `added ${input}`),
  missing: t.procedure.query(() => {
    throw new TRPCError({ code: "NOT_FOUND", message: "no such thing" });
  }),
  ticks: t.procedure.subscription(async function* () {
    for (const tick of [1, 2, 3]) yield await Promise.resolve(tick);
  }),
});

Deno.serve((req) =>
  fetchRequestHandler({ endpoint: "/trpc", req, router, createContext: () => ({}) })
);
