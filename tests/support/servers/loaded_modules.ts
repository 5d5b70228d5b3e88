// Which modules of the server a program loads, and in how many of its threads.

/** How many threads have loaded each module, by its path from the repository's root. */
export type LoadedModules = ReadonlyMap<string, number>;

const ROOT = new URL("../../../", import.meta.url).href;

/** Reads what `deno run --coverage` has left in a folder: it writes a file for each module of each thread. */
export function readLoadedModules(folder: string): LoadedModules {
  const loaded = new Map<string, number>();
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".json")) continue;
    const { url }: { url: string } = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`));
    if (!url.startsWith(`${ROOT}src/`)) continue;
    const path = url.slice(ROOT.length);
    loaded.set(path, (loaded.get(path) ?? 0) + 1);
  }
  return loaded;
}
