// Ports for programs that cannot say which one they have picked.

/** Above the ports of well-known services, and below those from which systems pick one for each connection that is made. */
const RANGE = { from: 20_000, to: 32_000 };

/**
 * A port of 127.0.0.1 that was free a moment ago.
 *
 * A port that the system picks would not do. Tests run side by side and make thousands of connections, each of which takes a port
 * of the system's range: one of them could have this port before the program listens on it, or while a program restarts.
 */
export function freePort(): number {
  for (;;) {
    const port = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
