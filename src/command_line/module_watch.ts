// --watch: reloads the fleet when a module changes that the application is made of, or waits for that where it cannot be loaded yet.
// Which files these are is asked of `deno info`, which follows the imports; where it cannot be run, all modules in the
// application's folder count. Folders are watched rather than files, since many editors put a new file in the place of the old one.

import { basename, dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { escapeForLog, logToStandardError } from "../log.ts";
import type { RunningServer } from "../supervisor/running_server.ts";

/** Several changes are one when no more time is between them: an editor that saves all files, or a change of branch. */
const QUIET_MS = 100;

/** What to watch. */
export interface WatchScope {
  /** Each module that is known by name. */
  readonly modules: readonly string[];
  readonly folders: readonly string[];
  readonly isRecursive: boolean;
  /** Whether a change of that file matters. */
  readonly includes: (path: string) => boolean;
  /** In words, for the log. */
  readonly description: string;
}

/** Watches the modules of one application. */
export class ModuleWatch {
  readonly #app: string;
  #scope: WatchScope;
  #watcher: Deno.FsWatcher;
  #hasEnded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is done about changes; undefined while they are only remembered. */
  #act: (() => void) | undefined;
  /** What has changed since something was done about it. */
  readonly #changed = new Set<string>();

  private constructor(app: string, scope: WatchScope) {
    this.#app = app;
    this.#scope = scope;
    this.#watcher = this.#watch(scope);
  }

  /** Watches from now on; what changes before there is a server is remembered. */
  static async open(app: string): Promise<ModuleWatch> {
    const graph = await findModules(app);
    return new ModuleWatch(app, graph === undefined ? folderScope(app) : graphScope(graph.files));
  }

  /** Resolves when something has changed. */
  async change(): Promise<void> {
    logToStandardError(escapeForLog(`waiting for a change of ${this.#scope.description}`));
    const changed = Promise.withResolvers<void>();
    this.#actOnChanges(changed.resolve);
    await changed.promise;
    this.#act = undefined;
    await this.#takeUpChanges();
  }

  /** Reloads this server from now on when something changes, until it has finished. */
  attend(running: RunningServer): void {
    logToStandardError(escapeForLog(`watching ${this.#scope.description}`));
    const end = () => {
      this.#hasEnded = true;
      clearTimeout(this.#timer);
      this.#watcher.close();
    };
    running.finished.then(end, end);
    this.#actOnChanges(() => this.#reload(running));
  }

  #actOnChanges(act: () => void): void {
    this.#act = act;
    if (this.#changed.size > 0) this.#actSoon();
  }

  #watch({ folders, isRecursive }: WatchScope): Deno.FsWatcher {
    const watcher = Deno.watchFs([...folders], { recursive: isRecursive });
    this.#hear(watcher);
    return watcher;
  }

  async #hear(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind, paths } of watcher) {
      // That somebody reads a module is no change of it; every new worker does.
      if (kind === "access") continue;
      const changed = paths.filter((path) => this.#scope.includes(path));
      for (const path of changed) this.#changed.add(path);
      if (changed.length > 0) this.#actSoon();
    }
  }

  #actSoon(): void {
    clearTimeout(this.#timer);
    if (this.#act !== undefined) this.#timer = setTimeout(this.#act, QUIET_MS);
  }

  async #reload(running: RunningServer): Promise<void> {
    await this.#takeUpChanges();
    // The fleet says what becomes of it. When it fails, the old workers serve on, and the next change is another try.
    if (!this.#hasEnded) running.reload().catch(() => {});
  }

  async #takeUpChanges(): Promise<void> {
    const names = [...this.#changed].map((path) => relative(Deno.cwd(), path));
    this.#changed.clear();
    logToStandardError(escapeForLog(`changed: ${names.join(", ")}`));
    await this.#followImports().catch((error) =>
      logToStandardError(escapeForLog(`going on watching what was watched before: ${error}`))
    );
  }

  /** A change may bring other modules. The new watch begins before the old one ends, so that nothing is missed in between. */
  async #followImports(): Promise<void> {
    const graph = await findModules(this.#app);
    if (graph === undefined || this.#hasEnded) return;
    const old = this.#watcher;
    // What a module imports that cannot be read now is not known: what was watched stays so.
    this.#scope = graphScope(graph.files, graph.isWhole ? [] : this.#scope.modules);
    this.#watcher = this.#watch(this.#scope);
    old.close();
  }
}

/** The local modules of an application. */
export interface ModuleGraph {
  readonly files: readonly string[];
  /** Whether every module could be read. */
  readonly isWhole: boolean;
}

/** What `deno info --json` tells of a module, as far as it matters here. */
interface ModuleInfo {
  readonly specifier?: string;
  readonly local?: string | null;
  readonly error?: string;
}

/** The modules that an application is made of; undefined where nobody can be asked. */
async function findModules(app: string): Promise<ModuleGraph | undefined> {
  const command = Deno.execPath();
  const { state } = await Deno.permissions.query({ name: "run", command });
  if (state !== "granted") return undefined;
  const { success, stdout } = await new Deno.Command(command, {
    args: ["info", "--json", app],
    stdin: "null",
    stderr: "null",
  }).output();
  return success ? readGraph(new TextDecoder().decode(stdout)) : undefined;
}

/** The modules of a graph that are files here, as `deno info --json` tells of them; of packages there is only a copy. */
export function readGraph(json: string): ModuleGraph {
  const { modules = [] } = JSON.parse(json) as { modules?: readonly ModuleInfo[] };
  const own = modules.filter(({ specifier }) => specifier?.startsWith("file:") === true);
  return {
    files: own.map(({ specifier, local }) => local ?? fileURLToPath(specifier ?? "")),
    isWhole: own.every(({ error }) => error === undefined),
  };
}

/**
 * These files, and those of before, and nothing else. A file that is not there may come, and its folder with it: then the folder is
 * waited for, in the next one above that is there.
 */
export function graphScope(files: readonly string[], before: readonly string[] = []): WatchScope {
  const modules = new Set([...files.map(realPath), ...before]);
  const awaited = new Set(modules);
  const folders = new Set<string>();
  for (const module of modules) {
    let folder = dirname(module);
    for (; !exists(folder) && folder !== dirname(folder); folder = dirname(folder)) {
      awaited.add(folder);
    }
    folders.add(folder);
  }
  return {
    modules: [...modules],
    folders: [...folders],
    isRecursive: false,
    includes: (path) => awaited.has(path),
    description: modules.size === 1
      ? "the one module that the application is made of"
      : `the ${modules.size} modules that the application is made of`,
  };
}

/** What the names of modules end in. */
const MODULE_EXTENSIONS = new Set(
  ["ts", "mts", "cts", "tsx", "js", "mjs", "cjs", "jsx", "json", "wasm"].map((name) => `.${name}`),
);

/** Every module in the application's folder, but not in those folders that hold other people's, or are hidden. */
export function folderScope(app: string): WatchScope {
  const folder = dirname(realPath(fileURLToPath(app)));
  return {
    modules: [],
    folders: [folder],
    isRecursive: true,
    includes: (path) => {
      const isForeign = relative(folder, path).split(sep)
        .some((name) => name === "node_modules" || name.startsWith("."));
      return !isForeign && MODULE_EXTENSIONS.has(extname(path));
    },
    description:
      `all modules in ${folder}: with --allow-run, only those that the application imports`,
  };
}

/** The path as the system tells of it when something changes: a folder may have another name besides. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    // A module that is imported, but not there: it may come.
    const folder = dirname(path);
    return folder === path ? path : join(realPath(folder), basename(path));
  }
}

function exists(folder: string): boolean {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch {
    // Nothing to watch there.
    return false;
  }
}
