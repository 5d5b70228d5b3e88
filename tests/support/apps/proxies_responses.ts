// A fetch-style application whose responses are read through a Proxy. In Deno 2.9, that frees a part of
// each response twice, so the process would die at the next garbage collection.

// Before the library, as a framework may be loaded.
import { EarlyResponse } from "../fetch_apps/early_response.ts";
import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const INIT = { status: 201, headers: { "x-a": "b" } };

/** Bodies of all kinds for which the platform makes a native part. */
function makeAll(type: typeof Response): Response[] {
  return [
    new type("a", INIT),
    new type(Uint8Array.of(97), INIT),
    new type(new ArrayBuffer(1), INIT),
    new type(new URLSearchParams({ a: "b" }), INIT),
    type.json(1, INIT),
  ];
}

/** Reads the fields of many responses through others that stand for them, and collects them all. */
async function proxyMany(): Promise<Response> {
  for (let round = 0; round < 200; round++) {
    for (const response of [...makeAll(Response), ...makeAll(EarlyResponse)]) {
      new Proxy(response, {}).headers.get("x-a");
      Object.create(response).headers.get("x-a");
    }
  }
  const { gc } = globalThis as { gc?: () => void };
  // The platform frees the native part of a response some turns after the response was collected.
  for (let round = 0; round < 3; round++) {
    gc?.();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return new Proxy(new EarlyResponse("proxied", INIT), {});
}

const options = appOptions(import.meta.url);
const server = appServer(options);
server.addPath("/", fetchHandler(proxyMany));
await server.run(options.run ?? {});
