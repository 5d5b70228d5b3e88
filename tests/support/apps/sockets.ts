// WebSockets whose callbacks fail in each of the ways in which they can, and a handler that panics beside them.

import { WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/worker", tellWorker);
server.addExactPath("/throw", () => {
  throw new Error("a secret of the handler");
});
server.addPath("/gate/:port", answerFromGate);

/** Sends back what comes. Some messages are orders. */
server.addExactPath("/socket", (req) => {
  const { socket, response } = req.upgradeWebSocket();
  socket.addEventListener("message", ({ data }) => {
    if (data === "throw") throw new Error("a secret of the socket");
    if (data === "spin") { for (;;); }
    if (data === "worker") return socket.send((globalThis as { name?: string }).name ?? "");
    socket.send(data);
  });
  socket.addEventListener("message", async ({ data }) => {
    await new Promise((resolve) => setTimeout(resolve));
    if (data === "reject") throw new Error("a secret of the socket, later");
  });
  return response;
});

/** A socket whose callback of that event throws. */
server.addExactPath("/fails/:event", (req) => {
  const { socket, response } = req.upgradeWebSocket();
  socket.addEventListener(req.params.event, () => {
    throw new Error("a secret of the socket");
  });
  return response;
});

/** A socket that never opens, and whose callbacks throw. */
server.addExactPath("/never", (req) => {
  const { socket } = req.upgradeWebSocket();
  socket.onclose = () => {
    throw new Error("a secret of the socket");
  };
  return WebResponse.text("something else");
});

/** A socket that opens when the test says so at the gate. */
server.addPath("/late/:port", async (req) => {
  const { socket, response } = req.upgradeWebSocket();
  socket.onmessage = ({ data }) => socket.send(data);
  await answerFromGate(req);
  return response;
});

/** What the platform calls: a fetch-style handler. */
server.addExactPath("/platform", (req) => {
  const { socket, response } = Deno.upgradeWebSocket(req.toRequest());
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
});

server.addExactPath("/hello", () => WebResponse.text("hello"));

await server.run(options.run ?? {});
