// Shows the smallest program: one page, served by ten worker threads.
//
//   deno run -A examples/hello.ts
//   curl -i http://127.0.0.1:8000/hello

import { type WebRequest, WebResponse, WebServer } from "../mod.ts";

function hello(_req: WebRequest): WebResponse {
  return WebResponse.html("<h1>Hello World!</h1>");
}

const server = new WebServer();
server.addPath("/hello", hello);
await server.run("127.0.0.1", 8000, 10); // 10 worker threads
