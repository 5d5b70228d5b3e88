// Loads a module by an address that is known only at run time.
// The schemes are literal text in the code: tools that publish packages follow imports, and have to
// see that these imports lead outside of the package.

/**
 * Loads the module at an address. Returns undefined if the scheme is not `file`, `https` or `http`.
 */
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
