// Ports for programs that cannot say which one they have picked.

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Above the ports of well-known services, and below those from which systems pick one for whoever asks for any. */
const STEADY_PORTS = { from: 20_000, to: 32_000 };

/**
 * A port of 127.0.0.1 for a program that is to be started on it again, while others make connections: those take their own ports
 * from a range, and one of them might have this one meanwhile if it were in there.
 */
export function steadyPort(): number {
  const { from, to } = STEADY_PORTS;
  for (;;) {
    const port = from + Math.floor(Math.random() * (to - from));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
