// The text of a host and a port (RFC 3986, section 3.2.2).
// Text only: no name is looked up. The bytes of IP addresses are in address_ranges.ts.

/** Joins a host and a port, with brackets around an IPv6 address. */
export function formatHostPort(hostname: string, port: number): string {
  // Deno also accepts an IPv6 address that has its brackets already.
  const isBare = hostname.includes(":") && !hostname.startsWith("[");
  return `${isBare ? `[${hostname}]` : hostname}:${port}`;
}

/** Returns the origin of a server without TLS, such as `http://127.0.0.1:8000`. */
export function httpOrigin(hostname: string, port: number): string {
  return `http://${formatHostPort(hostname, port)}`;
}
