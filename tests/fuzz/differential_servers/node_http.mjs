// Node's `http`, telling in each answer what it has understood: one of the three servers of the differential run.
// It is plain JavaScript because Node runs it.

import { createServer } from "node:http";

const server = createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const { method, url, httpVersionMinor, rawHeaders } = request;
    const fields = [];
    for (let i = 0; i < rawHeaders.length; i += 2) fields.push([rawHeaders[i], rawHeaders[i + 1]]);
    const text = JSON.stringify({
      method,
      target: url,
      minorVersion: httpVersionMinor,
      fields,
      // One character for each byte; a text of the other servers has the same form (understood.ts).
      body: pieces.map((piece) => piece.toString("latin1")).join(""),
    });
    const isHead = method === "HEAD";
    response.setHeader("understood", isHead ? encodeURIComponent(text) : "in-body");
    response.setHeader("content-type", "application/json");
    if (!isHead) response.setHeader("content-length", new TextEncoder().encode(text).length);
    response.end(isHead ? undefined : text);
  });
});

// Without this, a client that has ended its side gets no answer any more; the answers are what is looked at here.
server.httpAllowHalfOpen = true;

// Node's own way with malformed bytes is to answer 400 at once and to drop the answers to the requests before them, which its
// handler has got all the same. Here those answers come first, so that it is seen what was read.
server.on("clientError", (_error, socket) => {
  setImmediate(() => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
});

server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
