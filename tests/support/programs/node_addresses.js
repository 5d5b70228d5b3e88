// Servers of node:http that listen in the ways in which programs do: without a host, and twice for localhost, as Fastify does.

import http from "node:http";

const serve = (name) => http.createServer((_req, res) => res.end(name));

/** Prints what was listened on. */
function listen(server, name, ...where) {
  return new Promise((resolve) => {
    server.once("error", ({ message }) => {
      console.log(`${name} ${message}`);
      resolve();
    });
    server.listen(...where, () => {
      console.log(`${name} ${JSON.stringify(server.address())}`);
      resolve(server.address());
    });
  });
}

await listen(serve("open"), "open", 0);
await listen(serve("second"), "second", 0);
const local = await listen(serve("first loopback"), "ipv4", 0, "127.0.0.1");
await listen(serve("second loopback"), "ipv6", { host: "::1", port: local.port });
await listen(serve("socket"), "socket", "/tmp/second.sock");
