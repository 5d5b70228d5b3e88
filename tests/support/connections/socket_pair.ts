// Both ends of a real connection in one thread: for tests of what the runtime does with sockets.

/** Two ends of a connection. */
export async function socketPair() {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const client = await Deno.connect({ hostname: "127.0.0.1", port });
  const served = await listener.accept();
  return {
    client,
    served,
    [Symbol.dispose]() {
      client.close();
      served.close();
    },
  };
}
