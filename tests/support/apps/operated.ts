// Does whatever an operator may have to watch: answers, waits, streams, panics, ends its thread, and spins.

import { WebResponse } from "../../../mod.ts";
import { answerFromGate, appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/hello", () => WebResponse.text("hello"));
server.addPath("/users/:id", { GET: (req) => WebResponse.text(req.params.id) });
server.addPath("/gate/:port", answerFromGate);
server.addExactPath("/throw", () => {
  throw new Error("<b>a fault</b> of the handler");
});
server.addExactPath("/exit", () => Deno.exit(7));
server.addExactPath("/spin", () => {
  for (;;);
});

server.addExactPath("/socket", (req) => {
  const { socket, response } = req.upgradeWebSocket();
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
});

await server.run(options.run ?? {});
