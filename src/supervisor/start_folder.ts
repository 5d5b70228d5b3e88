// Finds a module again after a symbolic link on the way to the working folder was switched to
// another release. Deno resolves a relative path once, from the real path of the working folder:
// the link by which the program was started is not part of the module's URL. The shell keeps the
// path with the link in PWD; systemd sets no PWD.

import { environmentVariable } from "../runtime/environment.ts";

/** How the program came to the folder in which it was started. */
export type StartFolder =
  /**
   * Through a link: `linked` is the path with the link as its last part, `real` the folder that it
   * led to at the start.
   */
  | { readonly kind: "linked"; readonly linked: string; readonly real: string }
  /** Without a link, as far as the shell knows. */
  | { readonly kind: "direct" }
  /** Unknown: no shell has kept the path by which it was reached. */
  | { readonly kind: "unknown"; readonly real: string };

/** A path as a shell keeps it in PWD: absolute, and without `.`, `..` and empty parts. */
const SHELL_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/;

/**
 * Judges what is known of the folder: its real path, and the variables PWD and INIT_CWD.
 * `realPathOf` returns the real path of a path, or undefined if it leads nowhere. Task runners set
 * INIT_CWD, and with it a PWD that has lost the link.
 */
export function judgeStartFolder(
  real: string,
  { pwd, initCwd }: { readonly pwd?: string; readonly initCwd?: string },
  realPathOf: (path: string) => string | undefined,
): StartFolder {
  // No link leads to the root, and a path from there keeps its links.
  if (real === "/") return { kind: "direct" };
  if (pwd === undefined || !SHELL_PATH.test(pwd) || realPathOf(pwd) !== real) {
    return { kind: "unknown", real };
  }
  if (pwd === real) return initCwd === undefined ? { kind: "direct" } : { kind: "unknown", real };
  // What follows the link belongs to either path, as app does to /srv/current/app and to
  // /srv/releases/1/app.
  let [linked, folder] = [parse(pwd), parse(real)];
  while (linked.name === folder.name && realPathOf(linked.above) === folder.above) {
    [linked, folder] = [parse(linked.above), parse(folder.above)];
  }
  return { kind: "linked", linked: pathOf(linked), real: pathOf(folder) };
}

/**
 * The last part of a path, and what is above it. (`node:path` would take 6 ms to load, in each
 * worker as well.)
 */
function parse(path: string): { readonly above: string; readonly name: string } {
  const end = path.lastIndexOf("/");
  return { above: path.slice(0, end) || "/", name: path.slice(end + 1) };
}

function pathOf({ above, name }: ReturnType<typeof parse>): string {
  return above === "/" ? `/${name}` : `${above}/${name}`;
}

/**
 * Whether a module was written as an absolute path or a URL, which Deno takes as it is, links
 * included.
 */
export function isWrittenInFull(module: string | undefined): boolean {
  return module !== undefined && (module.startsWith("/") || /^[a-z][a-z+.-]*:/i.test(module));
}

/** The URL of the same module in another folder; undefined for a module that is not in `folder`. */
export function moveModule(url: string, folder: string, newFolder: string): string | undefined {
  const moved = new URL(url);
  if (moved.protocol !== "file:") return undefined;
  const path = decodeURIComponent(moved.pathname);
  const start = folder === "/" ? folder : `${folder}/`;
  if (!path.startsWith(start)) return undefined;
  const newPath = `${newFolder}/${path.slice(start.length)}`;
  // The setter encodes the rest.
  moved.pathname = newPath.replaceAll(/[%\\\t\r\n]/g, encodeURIComponent);
  return moved.href;
}

/** Looks at the folder in which this process was started. */
function findStartFolder(): StartFolder {
  // Windows has neither such links in use nor such shells, and a compiled program has its modules
  // in itself.
  if (Deno.build.os === "windows" || Deno.build.standalone) return { kind: "direct" };
  const real = realPath(".");
  if (real === undefined) return { kind: "direct" };
  const variables = { pwd: environmentVariable("PWD"), initCwd: environmentVariable("INIT_CWD") };
  return judgeStartFolder(real, variables, realPath);
}

/**
 * What workers load, and the folder to which the link led for it; undefined where there is no link.
 */
export interface WorkerModules {
  readonly entry: string;
  /** The application that the command line's own module loads, where that is the entry. */
  readonly app: string | undefined;
  readonly folder: string | undefined;
}

/** Finds modules by the link in the path of the folder in which the program was started. */
export class LinkedModules {
  readonly #start: StartFolder;
  readonly #fixed: ReadonlySet<string>;

  private constructor(start: StartFolder, fixed: ReadonlySet<string>) {
    this.#start = start;
    this.#fixed = fixed;
  }

  /**
   * Looks at the folder as it is now, at the start. `fixed` are the URLs of the modules whose whole
   * path was written.
   */
  static find(fixed: Iterable<string>): LinkedModules {
    return new LinkedModules(findStartFolder(), new Set(fixed));
  }

  /** The modules as they were found at the start. */
  first(entry: string, app: string | undefined): WorkerModules {
    return { entry, app, folder: this.#start.kind === "linked" ? this.#start.real : undefined };
  }

  /**
   * The modules to which the link leads now, or `last`, the ones found last, if it leads nowhere.
   * `first` are those of the start.
   */
  follow(first: WorkerModules, last: WorkerModules): WorkerModules {
    const folder = this.currentFolder();
    // In the middle of a switch the link leads nowhere.
    if (folder === undefined) return last;
    const { entry, app } = first;
    return {
      entry: this.locate(entry, folder),
      app: app === undefined ? undefined : this.locate(app, folder),
      folder,
    };
  }

  /**
   * The folder to which the link leads now; undefined where there is no link, or where it leads
   * nowhere.
   */
  currentFolder(): string | undefined {
    return this.#start.kind === "linked" ? realPath(this.#start.linked) : undefined;
  }

  /**
   * The line of the log when a reload loads other modules than before, or finds no release;
   * undefined for any other.
   */
  describeReload(last: WorkerModules, next: WorkerModules): string | undefined {
    if (this.#start.kind === "linked" && next === last) {
      return `the link ${this.#start.linked} leads nowhere: modules come from the same folder as before, ${last.folder}`;
    }
    if (next.entry === last.entry && next.app === last.app) return undefined;
    return `modules now come from ${next.folder}, no longer from ${last.folder}; ` +
      "what deno.json says, its imports too, stays as it was at the start";
  }

  /** The URL of a module in that folder, by its URL at the start. */
  locate(url: string, folder: string): string {
    if (this.#start.kind !== "linked" || this.#fixed.has(url)) return url;
    return moveModule(url, this.#start.real, folder) ?? url;
  }

  /** The path with the link, by which `url` is to be watched; undefined where there is none. */
  linkTo(url: string): string | undefined {
    if (this.#start.kind !== "linked" || this.#fixed.has(url)) return undefined;
    return moveModule(url, this.#start.real, this.#start.linked);
  }

  /**
   * The folder of a module of which it is not known whether a link leads there; undefined for any
   * other module.
   */
  unknownFolder(url: string): string | undefined {
    if (this.#start.kind !== "unknown" || this.#fixed.has(url)) return undefined;
    const { real } = this.#start;
    return moveModule(url, real, real) === undefined ? undefined : real;
  }
}

/**
 * The line of the log when a reload has loaded the same folder, and it is not known whether that
 * was wanted.
 */
export function sameFolderLine(folder: string): string {
  return `modules come from the same folder as before, ${folder}: if a link that was switched should decide, ` +
    "start the program by an absolute path through that link, such as /srv/current/main.ts";
}

/**
 * The real path; undefined where there is nothing, or where reading is not allowed: no question
 * appears at the terminal.
 */
function realPath(path: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "read", path });
  if (state !== "granted") return undefined;
  try {
    return Deno.realPathSync(path);
  } catch {
    // It does not exist at this moment.
    return undefined;
  }
}
