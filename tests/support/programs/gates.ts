// A program whose requests to /gate/PORT wait at the gate of a test (../servers/gate.ts). It listens in the way that the variable
// WAY names: `Deno.serve`, `node:http`, or a default export.

import { createServer } from "node:http";
import { passGate } from "../servers/gate.ts";

async function textFor(path: string): Promise<string> {
  const port = /^\/gate\/(\d+)$/.exec(path)?.[1];
  return port === undefined ? "no gate" : await passGate(Number(port));
}

const handler = async (request: Request): Promise<Response> =>
  new Response(await textFor(new URL(request.url).pathname));

const way = Deno.env.get("WAY");
if (way === "Deno.serve") Deno.serve({ hostname: "127.0.0.1", port: 0 }, handler);
if (way === "node:http") {
  createServer(async (request, response) => {
    response.end(await textFor(request.url ?? "/"));
  }).listen(0, "127.0.0.1");
}

export default way === "default export" ? { fetch: handler } : {};
