// The entry of the workers that tests start, which keeps `deno test` from checking types in each.

/** Returns an entry for workers that loads the module, without a check of its types. */
export function entryFor(module: URL): URL {
  const entry = new URL("./entry.js", import.meta.url);
  entry.searchParams.set("module", module.href);
  return entry;
}
