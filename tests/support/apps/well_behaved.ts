// Does nothing wrong: what a handler can do with a request, and some that wait for the test.

import { fetchHandler, WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer, tellOrigin, tellWorker } from "../servers/app.ts";
import { reportAtGate } from "../servers/gate.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.html("<h1>Hello World!</h1>"));
server.addExactPath("/async", async () => {
  await Promise.resolve();
  return WebResponse.text("async");
});
server.addExactPath("/worker", tellWorker);
server.addPath("/origin", tellOrigin);
server.addPath("/url", fetchHandler(({ url }) => new Response(url)));
server.addExactPath(
  "/peer",
  ({ remoteAddr: { hostname, port } }) => WebResponse.text(`${hostname} ${port}`),
);
server.addExactPath("/echo", { POST: (req) => WebResponse.bytes(req.body) });
server.addExactPath("/length", { POST: (req) => WebResponse.text(String(req.body.length)) });
server.addPath("/bytes/:count", (req) => {
  const bytes = new Uint8Array(Number(req.params.count));
  for (let i = 0; i < bytes.length; i++) bytes[i] = i % 251;
  return WebResponse.bytes(bytes);
});

server.addPath("/gate/:port", answerFromGate);

/** Waits for its signal, and says at the gate why it aborted. */
server.addPath("/signal/:port", async (req) => {
  const { signal } = req;
  const text = await reportAtGate(Number(req.params.port), async () => {
    if (!signal.aborted) await new Promise((resolve) => signal.onabort = resolve);
    return String(signal.reason);
  });
  return WebResponse.text(text);
});

let keptBody: () => string = () => "";
/** Keeps the request without reading its body. */
server.addExactPath("/keep", {
  POST: (req) => {
    keptBody = () => req.text();
    return WebResponse.text("kept");
  },
});
/** Reads the body of the request that was kept. */
server.addExactPath("/kept", {
  POST: () => {
    try {
      return WebResponse.text(`read ${keptBody()}`);
    } catch (error) {
      return WebResponse.text(String(error));
    }
  },
});

await server.run(options.run ?? {});
