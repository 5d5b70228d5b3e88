// What attackers ask for, and what tells a test how the worker stands it.

import { WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.text("Hello World!"));
server.addExactPath("/worker", tellWorker);
server.addExactPath("/length", { POST: (req) => WebResponse.text(String(req.body.length)) });

/** Far more than the kernel holds of an answer that nobody takes. All answers share it: the memory is to show what the server keeps. */
const large = new Uint8Array(16_000_000).fill(97);
server.addExactPath("/large", () => WebResponse.bytes(large));

server.addPath("/gate/:port", answerFromGate);

const MOMENT_MS = 50;

/** Answers after a moment, whatever the client does. */
server.addExactPath("/moment", async () => {
  await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
  return WebResponse.text("a moment later");
});

/** Answers after a moment, or when the client goes. */
server.addExactPath("/moment-or-gone", async (req) => {
  const { signal } = req;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, MOMENT_MS);
    signal.onabort = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return WebResponse.text("a moment later");
});

/** A WebSocket that sends each message back; its program holds it as long as it is open. */
const sockets = new Set<WebSocket>();
server.addExactPath("/websocket", (req) => {
  const { socket, response } = req.upgradeWebSocket();
  sockets.add(socket);
  socket.onmessage = ({ data }) => socket.send(data);
  socket.onclose = () => sockets.delete(socket);
  return response;
});

/** The same, a moment later. */
server.addExactPath("/websocket-later", async (req) => {
  const { socket, response } = req.upgradeWebSocket();
  sockets.add(socket);
  socket.onclose = () => sockets.delete(socket);
  await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
  return response;
});

server.addExactPath("/websockets", () => WebResponse.text(String(sockets.size)));

server.addExactPath("/throw", () => {
  throw new Error("a secret of the handler");
});

/** Ends the worker without a word. */
server.addExactPath("/leave", () => Deno.exit());

const held: Deno.FsFile[] = [];
/** Opens that many files, as long as it can, and keeps them: an application has a use for descriptors, too. */
server.addPath("/hold/:count", (req) => {
  try {
    while (held.length < Number(req.params.count)) held.push(Deno.openSync(Deno.execPath()));
  } catch {
    // No descriptor left.
  }
  return WebResponse.text(String(held.length));
});

/** The memory of this worker. What could be collected is collected first: `--expose-gc` has put `gc` there. */
server.addExactPath("/memory", async () => {
  const { gc } = globalThis as { gc?: () => void };
  // The memory behind typed arrays is let go of a little later than the arrays are, and counts until then.
  for (let round = 0; round < 3; round++) {
    gc?.();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return WebResponse.json(Deno.memoryUsage());
});

await server.run(options.run ?? {});
