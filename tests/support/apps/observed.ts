// What a tracer and a meter should see: routes, failures, streams, and work that outlives its request. Each path logs a line
// with its name, so that a test sees in which context it ran.

import { HttpError, WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer } from "../servers/app.ts";
import { passGate } from "../servers/gate.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/users/:id", {
  GET: (req) => {
    console.log(`handler of ${req.params.id}`);
    return WebResponse.text(req.params.id);
  },
  POST: async (req) => {
    await Promise.resolve();
    return WebResponse.text(String(req.text().length), { status: 201 });
  },
});
server.addPath("/gate/:port", answerFromGate);
server.addExactPath("/upload", {
  POST: async (req) => {
    for await (const _part of req.stream);
    return WebResponse.empty(204);
  },
}, { streamBody: true });
/** Sends a request on to a server that answers with its fields. */
server.addExactPath("/forward/:port", async (req) => {
  const response = await fetch(`http://127.0.0.1:${req.params.port}/`);
  return WebResponse.json(await response.json());
});
server.addExactPath("/stream/:port", (req) => {
  async function* parts() {
    console.log("source of the stream");
    yield "first";
    const next = await passGate(Number(req.params.port));
    if (next === "throw") throw new RangeError("the stream has failed");
    yield next;
  }
  return new WebResponse(parts());
});
/** Waits for the test, and then for its client to leave. */
server.addExactPath("/leave/:port", async (req) => {
  const left = Promise.withResolvers<never>();
  req.signal.addEventListener("abort", () => left.reject(req.signal.reason));
  left.promise.catch(() => {});
  await passGate(Number(req.params.port));
  return await left.promise;
});
/** More than the buffers of a socket take. */
server.addExactPath("/large", () => WebResponse.bytes(new Uint8Array(32 * 1024 * 1024)));
server.addExactPath("/later", (req) => {
  const work = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    console.log("work after the response");
  };
  req.waitUntil(work());
  return WebResponse.text("done");
});
server.addExactPath("/throw", () => {
  throw new RangeError("a handler that throws");
});
server.addExactPath("/unavailable", () => {
  throw new HttpError(503, "not now");
});
server.addExactPath("/missing", () => {
  throw new HttpError(404, "no such thing");
});
/** Ends the worker at once, whatever it has under way. */
server.addExactPath("/exit", () => Deno.exit());
/** The trace state that the handler sees. */
server.addExactPath("/state", () => {
  const active = Deno.telemetry.contextManager.active();
  const span = active.getValue(Symbol.for("OpenTelemetry Context Key SPAN"));
  return WebResponse.text(span?.spanContext().traceState?.serialize() ?? "none");
});

await server.run(options.run ?? {});
