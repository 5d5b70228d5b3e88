// A program that calls `Deno.serve`, for what a tracer sees of it with this server and without.

Deno.serve((request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/socket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.close(1_000, data);
    return response;
  }
  console.log(`handler of ${pathname}`);
  if (pathname === "/throw") throw new RangeError("a handler that throws");
  return new Response("hello");
});
