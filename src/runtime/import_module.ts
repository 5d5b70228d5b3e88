// Loads a module of which only the address is known.
// The schemes are written out because tools that publish packages follow imports, and have to see that these lead outside.

/** The module at that address; undefined where its scheme is none of those that a server's module comes by. */
export async function importModule(address: string): Promise<object | undefined> {
  const schemeEnd = address.indexOf("://");
  const scheme = address.slice(0, Math.max(0, schemeEnd));
  const rest = address.slice(schemeEnd + "://".length);
  switch (scheme) {
    case "file":
      return await import(`file://${rest}`);
    case "https":
      return await import(`https://${rest}`);
    case "http":
      return await import(`http://${rest}`);
    default:
      return undefined;
  }
}
