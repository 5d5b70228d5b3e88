// Keeps requests, and what is made of them, beyond their handlers.

import { AsyncLocalStorage } from "node:async_hooks";
import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import { passGate, reportAtGate } from "../servers/gate.ts";

const user = new AsyncLocalStorage<string>();
const server = appServer(appOptions(import.meta.url));

class Subclass extends Request {}

/** Each makes something of a request, and returns a promise that rejects when that aborts. */
const ways: Readonly<Record<string, (request: Request) => Promise<unknown>>> = {
  new: (request) => aborted(new Request(request)),
  init: (request) => aborted(new Request(request, { redirect: "manual" })),
  clone: (request) => aborted(request.clone()),
  subclass: (request) => aborted(new Subclass(request)),
  // A server that never answers.
  fetch: async (request) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = listener.accept();
    try {
      return await fetch(`http://127.0.0.1:${listener.addr.port}/`, request);
    } finally {
      (await accepting).close();
    }
  },
};

function aborted({ signal }: Request): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      const seen = user.getStore();
      user.enterWith("what a listener entered");
      reject(seen === "alice" ? signal.reason : new Error(`called as ${seen}`));
    });
  });
}

server.addPath(
  "/derives",
  fetchHandler(async (request) => {
    const [, , way, gate, report] = new URL(request.url).pathname.split("/");
    user.enterWith("alice");
    const ending = ways[way](request).catch((error) => `${error.name}, as ${user.getStore()}`);
    reportAtGate(Number(report), async () => String(await ending));
    await passGate(Number(gate));
    return new Response("derived");
  }),
);
server.addPath("/context", fetchHandler(() => new Response(user.getStore() ?? "nobody")));

const kept: Request[] = [];
server.addPath(
  "/keep",
  fetchHandler((request) => {
    kept.push(request);
    return new Response("kept");
  }),
);
server.addPath(
  "/kept",
  fetchHandler(async () => {
    const seen = kept.map(async (request) => {
      const body = await request.text().catch(String);
      return [request.url, request.headers.get("x-number"), body];
    });
    return Response.json(await Promise.all(seen));
  }),
);
await server.run();
