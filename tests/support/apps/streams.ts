// Answers with bodies that are made while they are sent, by the word of a test at its gate.

import { fetchHandler, type WebRequest, WebResponse } from "../../../mod.ts";
import { appOptions, appServer, tellOrigin, tellWorker } from "../servers/app.ts";
import { passGate } from "../servers/gate.ts";

const EVENTS = { headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" } };

/** What the sources that were cancelled have been told, by their names. */
const cancelled = new Map<string, string>();

/** What the gate says, part by part, until it says "end" or "throw". */
async function* partsFromGate(port: number): AsyncGenerator<string> {
  for (;;) {
    const part = await passGate(port);
    if (part === "end") return;
    if (part === "throw") throw new Error("The source has failed");
    yield part;
  }
}

/** One part, and then nothing: for ever, until it is cancelled. */
function once(name: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: first\n\n")),
    cancel: (reason) => {
      cancelled.set(name, String(reason));
    },
  });
}

/** A stream whose other end is written to by somebody whom nobody waits for. */
function written(name: string): ReadableStream<string> {
  const { readable, writable } = new TransformStream<string, string>();
  const write = async () => {
    const writer = writable.getWriter();
    await writer.write("data: first\n\n");
    await writer.closed.catch((error) => {
      cancelled.set(name, String(error));
      throw error;
    });
  };
  write();
  return readable;
}

function* manyParts(count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(10_000).fill(0x30 + i % 10);
}

const server = appServer(appOptions(import.meta.url));
server.addPath(
  "/gate/:port",
  (req) => new WebResponse(partsFromGate(Number(req.params.port)), EVENTS),
);
server.addPath("/once/:name", (req) => new WebResponse(once(req.params.name), EVENTS));
server.addPath(
  "/fetch-style/:name",
  fetchHandler((request) => new Response(once(new URL(request.url).pathname.slice(13)), EVENTS)),
);
server.addPath(
  "/written/:name",
  (req) => new Response(written(req.params.name).pipeThrough(new TextEncoderStream()), EVENTS),
);
server.addPath(
  "/cancelled/:name",
  (req) => WebResponse.text(cancelled.get(req.params.name) ?? "no"),
);
server.addPath(
  "/many/:count",
  (req: WebRequest<"/many/:count">) =>
    new WebResponse(ReadableStream.from(manyParts(Number(req.params.count)))),
);
server.addPath("/worker", tellWorker);
server.addPath("/origin", tellOrigin);
await server.run();
