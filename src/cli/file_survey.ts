// Looks at files as they are at one moment: what each of them is, and which folders have to be watched to hear of a change.
// A file depends on each name on the way to it. Any of these may be removed, renamed, or be a link that is switched. So the way
// is followed name by name, and every folder on it is to be watched.

import { basename, dirname, join, relative, resolve, sep } from "node:path";

/** What is to be watched. Paths are absolute, and may lead through links. */
export interface WatchTargets {
  /** Files that count, whether they exist or not. */
  readonly files: readonly string[];
  /** Folders in which every file counts for which `includes` holds. */
  readonly trees: readonly WatchTree[];
}

/** A folder with all that is in it. */
export interface WatchTree {
  readonly folder: string;
  /** Whether a file counts, by its path from the folder, with `/` between names. */
  readonly includes: (path: string) => boolean;
}

/** Files as they are at one moment. */
export class FileSurvey {
  /** The folders to be watched, by their real paths. What is above comes first. */
  readonly folders = new Set<string>();
  /** What each file is: a text that differs after a change, empty for a file that does not exist. */
  readonly stamps = new Map<string, string>();
  /** The files by their real paths. */
  readonly byRealPath = new Map<string, string>();
  /** The names, in watched folders, on which a file depends. */
  readonly #names = new Set<string>();
  /** The folders in which new names matter. */
  readonly #openFolders = new Set<string>();
  /** The real path of each path that was followed; undefined for one that leads nowhere. */
  readonly #realPaths = new Map<string, string | undefined>();

  /** Looks at all targets. Reads nothing that the program is not allowed to read. */
  constructor({ files, trees }: WatchTargets) {
    for (const file of files) this.#look(file);
    for (const tree of trees) this.#lookIn(tree, tree.folder, new Set());
  }

  /** Whether what happened to that path, as the system names it, may have changed a file. */
  concerns(path: string): boolean {
    return this.#names.has(path) || this.folders.has(path) ||
      (this.#openFolders.has(dirname(path)) && !isIgnored(basename(path)));
  }

  /** Looks at a file once more, the way to which is known and has not changed. */
  renew(file: string): void {
    this.#look(file);
  }

  #look(file: string): void {
    const real = this.#follow(file);
    const info = real === undefined ? undefined : lstat(real);
    if (real === undefined || info === undefined) return void this.stamps.set(file, "");
    this.byRealPath.set(real, file);
    this.stamps.set(file, [real, info.ino, info.size, info.mtime?.getTime()].join(" "));
  }

  #lookIn(tree: WatchTree, folder: string, above: ReadonlySet<string>): void {
    const real = this.#follow(folder);
    // A link may lead to a folder above itself.
    if (real === undefined || above.has(real)) return;
    const names = readFolder(real);
    if (names === undefined) return;
    this.folders.add(real);
    this.#openFolders.add(real);
    const here = new Set([...above, real]);
    for (const { name, isFile, isSymlink } of names) {
      if (isIgnored(name)) continue;
      const path = join(folder, name);
      if (isFile || (isSymlink && stat(path)?.isFile)) {
        const isIncluded = tree.includes(relative(tree.folder, path).replaceAll(sep, "/"));
        if (isIncluded) this.#look(path);
      } else this.#lookIn(tree, path, here);
    }
  }

  /** The real path, as `realPath()` has it, and on the way each name that it depends on. */
  #follow(path: string): string | undefined {
    if (this.#realPaths.has(path)) return this.#realPaths.get(path);
    // A link may lead to itself.
    this.#realPaths.set(path, undefined);
    const parent = dirname(path);
    const folder = parent === path ? undefined : this.#follow(parent);
    const real = parent === path
      ? path
      : folder === undefined
      ? undefined
      : this.#step(folder, basename(path));
    this.#realPaths.set(path, real);
    return real;
  }

  #step(folder: string, name: string): string | undefined {
    const path = join(folder, name);
    // What may not be read is taken for a plain folder. In the root nothing is ever replaced.
    if (!mayRead(path)) return path;
    if (dirname(folder) !== folder && mayRead(folder)) {
      this.folders.add(folder);
      this.#names.add(path);
    }
    const info = lstat(path);
    if (info === undefined) return undefined;
    return info.isSymlink ? this.#follow(resolve(folder, Deno.readLinkSync(path))) : path;
  }
}

/** The files that differ between two looks at the same targets: what has changed, what has gone, and what has come to a tree. */
export function changesBetween(before: FileSurvey, after: FileSurvey): string[] {
  const paths = new Set([...before.stamps.keys(), ...after.stamps.keys()]);
  return [...paths].filter((path) =>
    (before.stamps.get(path) ?? "") !== (after.stamps.get(path) ?? "")
  );
}

/** What no tree holds: hidden files, such as those that editors write beside others, and other people's modules. */
function isIgnored(name: string): boolean {
  return name.startsWith(".") || name === "node_modules";
}

function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    // It does not exist at this moment.
    return undefined;
  }
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    // A link that leads nowhere.
    return undefined;
  }
}

function readFolder(path: string): Deno.DirEntry[] | undefined {
  try {
    return [...Deno.readDirSync(path)];
  } catch {
    // No folder, or none any more.
    return undefined;
  }
}
