// A server of `node:http` that answers in the ways in which such servers do.

import http from "node:http";

const server = http.createServer((request, response) => {
  switch (request.url) {
    case "/echo":
      response.setHeader("Content-Type", "application/octet-stream");
      request.pipe(response);
      return;
    case "/parts":
      response.write("one ");
      setTimeout(() => response.end("two"), 5);
      return;
    case "/rejects":
      Promise.resolve().then(() => Promise.reject(new Error("rejected in a listener")));
      return;
    case "/throws":
      throw new Error("thrown in a listener");
    default:
      response.end("hello");
  }
});
server.listen(0, "127.0.0.1", () => console.log("listens", JSON.stringify(server.address())));
