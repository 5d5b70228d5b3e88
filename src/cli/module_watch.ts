// --watch: reloads the fleet when a module changes that the application is made of, or waits for that where it cannot be loaded yet.
// Where `deno info` cannot be asked for the modules, all modules in the application's folder count. What else is to be watched
// is named on the command line.

import { dirname, extname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { escapeForLog, logToStandardError } from "../telemetry/log.ts";
import type { RunningServer } from "../supervisor/running_server.ts";
import type { LinkedModules } from "../supervisor/start_folder.ts";
import type { WatchTargets, WatchTree } from "./file_survey.ts";
import { FileWatch } from "./file_watch.ts";
import { parseGlob } from "./glob.ts";
import { findModules } from "./module_graph.ts";

/** Several changes are one when no more time is between them: an editor that saves all files, or a change of branch. */
const QUIET_MS = 100;

/** What to watch. */
export interface WatchOptions {
  /** The URL of the application's module. */
  readonly app: string;
  /** The way to that module, if it leads through a link. */
  readonly links: LinkedModules;
  /** The files, folders and patterns beside the modules. */
  readonly paths: readonly string[];
}

/** What is watched, and the same in words for the log. */
interface WatchScope extends WatchTargets {
  /** The modules among the files that are known by name. */
  readonly modules: readonly string[];
  readonly description: string;
}

/** Watches the modules of one application. */
export class ModuleWatch {
  readonly #options: WatchOptions;
  readonly #named: WatchTargets;
  #scope: WatchScope;
  readonly #watch: FileWatch;
  #hasEnded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is done about changes; undefined while they are only remembered. */
  #act: (() => void) | undefined;
  /** What has changed since something was done about it. */
  readonly #changed = new Set<string>();

  private constructor(options: WatchOptions, named: WatchTargets, scope: WatchScope) {
    this.#options = options;
    this.#named = named;
    this.#scope = scope;
    this.#watch = new FileWatch(scope, {
      onChange: (paths) => {
        for (const path of paths) this.#changed.add(path);
        this.#actSoon();
      },
      onFailure: complain,
    });
  }

  /**
   * Watches from now on; what changes before there is a server is remembered.
   *
   * @throws {Error} when a path that was named does not exist, or cannot be watched
   */
  static async open(options: WatchOptions): Promise<ModuleWatch> {
    const named = await namedTargets(options.paths);
    const scope = await findScope(options, named) ?? folderScope(options, named);
    return new ModuleWatch(options, named, scope);
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
      this.#watch.close();
    };
    running.finished.then(end, end);
    this.#actOnChanges(() => this.#reload(running));
  }

  #actOnChanges(act: () => void): void {
    this.#act = act;
    if (this.#changed.size > 0) this.#actSoon();
  }

  #actSoon(): void {
    clearTimeout(this.#timer);
    if (this.#act !== undefined) this.#timer = setTimeout(this.#act, QUIET_MS);
  }

  async #reload(running: RunningServer): Promise<void> {
    await this.#takeUpChanges();
    // The fleet reports what becomes of it. When it fails, the old workers serve on, and the next change is another try.
    if (!this.#hasEnded) running.reload().catch(() => {});
  }

  async #takeUpChanges(): Promise<void> {
    const names = [...this.#changed].map((path) => relative(Deno.cwd(), path));
    this.#changed.clear();
    logToStandardError(escapeForLog(`changed: ${names.join(", ")}`));
    await this.#followImports().catch(complain);
  }

  /** A change may bring other modules. What a module imports that cannot be read now is not known: what was watched stays so. */
  async #followImports(): Promise<void> {
    const scope = await findScope(this.#options, this.#named, this.#scope.modules);
    if (scope === undefined || this.#hasEnded) return;
    this.#scope = scope;
    this.#watch.watch(scope);
  }
}

function complain(error: unknown): void {
  logToStandardError(escapeForLog(`going on watching what was watched before: ${error}`));
}

/** The modules of the application, `before` among them if some cannot be read now; undefined where they are not known. */
async function findScope(
  { app, links }: WatchOptions,
  named: WatchTargets,
  before: readonly string[] = [],
): Promise<WatchScope | undefined> {
  const folder = links.currentFolder();
  const graph = await findModules(folder === undefined ? app : links.locate(app, folder));
  if (graph === undefined) return undefined;
  const modules = new Set(graph.isWhole ? graph.files : [...graph.files, ...before]);
  const link = links.linkTo(app);
  return {
    modules: [...modules],
    files: [...modules, ...named.files, ...link === undefined ? [] : [fileURLToPath(link)]],
    trees: named.trees,
    description:
      (modules.size === 1
        ? "the one module that the application is made of"
        : `the ${modules.size} modules that the application is made of`) + andOthers(named),
  };
}

/** What the names of modules end in. */
const MODULE_EXTENSIONS = new Set(
  ["ts", "mts", "cts", "tsx", "js", "mjs", "cjs", "jsx", "json", "wasm"].map((name) => `.${name}`),
);

/** Every module in the application's folder, but not in those folders that hold other people's, or are hidden. */
function folderScope({ app }: WatchOptions, named: WatchTargets): WatchScope {
  const folder = dirname(fileURLToPath(app));
  const modules = { folder, includes: (path: string) => MODULE_EXTENSIONS.has(extname(path)) };
  return {
    modules: [],
    files: named.files,
    trees: [modules, ...named.trees],
    description: `all modules in ${folder}${andOthers(named)}: ` +
      "with --allow-run, only those that the application imports",
  };
}

function andOthers({ files, trees }: WatchTargets): string {
  const count = files.length + trees.length;
  if (count === 0) return "";
  return count === 1
    ? ", and the path that --watch names"
    : `, and the ${count} paths that --watch names`;
}

/**
 * Finds what was named: files, folders, and patterns, from the working folder.
 *
 * @throws {Error} when there is nothing of that name
 */
async function namedTargets(paths: readonly string[]): Promise<WatchTargets> {
  const files: string[] = [];
  const trees: WatchTree[] = [];
  for (const path of paths) {
    const glob = parseGlob(path.replaceAll(sep, "/"));
    const place = resolve(glob === undefined ? path : glob.folder);
    const info = await Deno.stat(place).catch((error) => {
      throw error instanceof Deno.errors.NotFound
        ? new Error(`there is no ${JSON.stringify(path)} in ${Deno.cwd()}`)
        : error;
    });
    if (glob !== undefined) trees.push({ folder: place, includes: glob.matches });
    else if (info.isDirectory) trees.push({ folder: place, includes: () => true });
    else files.push(place);
  }
  return { files, trees };
}
