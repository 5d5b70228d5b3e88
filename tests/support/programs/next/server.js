// Next's custom server, in production.

import { createServer } from "node:http";
import process from "node:process";
import next from "next";

const port = Number(process.env.PORT ?? 3000);
const app = next({ dev: false, dir: import.meta.dirname });
const handle = app.getRequestHandler();

await app.prepare();
createServer((req, res) => handle(req, res)).listen(port, () => {
  console.log(`> Server listening at http://localhost:${port}`);
});
