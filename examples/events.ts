// Shows server-sent events: one stream for each client, which ends when the client goes. The text of an event is made by @std/http.
//
//   deno run -A examples/events.ts
//   curl -N http://127.0.0.1:8000/time

import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";
import { type WebRequest, WebResponse, WebServer } from "../mod.ts";

const SECOND_MS = 1_000;

/** The time, now and each second; for ever, which is until the client goes: then `return()` is called here. */
async function* seconds(signal: AbortSignal): AsyncGenerator<ServerSentEventMessage> {
  for (let id = 1; !signal.aborted; id++) {
    yield { event: "time", id, data: new Date().toISOString() };
    await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
  }
}

function time(req: WebRequest): WebResponse {
  const events = ReadableStream.from(seconds(req.signal)).pipeThrough(new ServerSentEventStream());
  return new WebResponse(events, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      // nginx collects what it passes on, unless it is told not to.
      "x-accel-buffering": "no",
    },
  });
}

/** A page that shows it. */
function page(): WebResponse {
  return WebResponse.html(`<!doctype html>
<title>Server-sent events</title>
<output></output>
<script>
  new EventSource("/time").addEventListener("time", (event) => {
    document.querySelector("output").textContent = event.data;
  });
</script>
`);
}

const server = new WebServer();
server.addExactPath("/", page);
server.addExactPath("/time", { GET: time });
await server.run("127.0.0.1", 8000, 10);
