// Spins for ever.

import { answerFromGate, appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addExactPath("/worker", tellWorker);
server.addExactPath("/gate/:port", answerFromGate);
server.addExactPath("/spin", () => {
  for (;;);
});

await server.run(options.run ?? {});
