// The address of every interface, for servers that name none. One socket at "::" serves both families of
// addresses on most systems: `localhost` is often ::1.

const IPV4 = "0.0.0.0";
const BOTH = "::";

let address: string | undefined;

/** Returns "::" if a socket there gets connections of both families, and "0.0.0.0" otherwise. */
export function everyInterface(): string {
  return address ??= servesBothFamilies() ? BOTH : IPV4;
}

/** Whether a port is taken for IPv4 as well when it is taken at "::". */
function servesBothFamilies(): boolean {
  let both: Deno.TcpListener;
  try {
    both = Deno.listen({ hostname: BOTH, port: 0 });
  } catch {
    // There is no IPv6, or no permission for it.
    return false;
  }
  try {
    Deno.listen({ hostname: IPV4, port: (both.addr as Deno.NetAddr).port }).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse;
  } finally {
    both.close();
  }
}
