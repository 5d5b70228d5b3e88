// Loads the application as the main module of its worker, although another module imports it:
// `import.meta.main`, `require.main`, `process.argv[1]` and `Deno.args` are as `deno run` has them.
// Reads the module's text first, and does only what that asks for: hooks cost time.

import { importModule } from "../runtime/import_module.ts";

/** The part of node:module that is used here; the types of Deno do not have it. */
interface NodeModule {
  registerHooks(hooks: { readonly load: LoadHook }): { deregister(): void };
  createRequire(path: string): unknown;
  _load(path: string, parent: null, isMain: boolean): unknown;
}

interface LoadedSource {
  readonly source?: string | ArrayBuffer | Uint8Array | null;
}

type LoadHook = (
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => LoadedSource,
) => LoadedSource;

/** Put before the first line: all lines keep their numbers. */
const CLAIM = "import.meta.main=true;";

/** What shows that a text is no CommonJS module. */
const MODULE_SYNTAX = /^\s*(?:import\b[^(]|export\b)/m;

/** Loads the application at an address, as the main module. Rejects with what loading throws. */
export async function importAsMain(url: string): Promise<object | undefined> {
  hideForeignArguments();
  const path = pathOf(url);
  const text = await textOf(url);
  if (/\bargv\b/.test(text)) await setProcessArguments(path ?? url);
  if (path !== undefined && isCommonJsMain(path, text)) return await requireAsMain(path);
  return /\bimport\.meta\.main\b/.test(text) ? await importWithClaim(url) : await importModule(url);
}

/** The path of a file; undefined for a module that is no file. */
function pathOf(url: string): string | undefined {
  const { protocol, pathname } = new URL(url);
  return protocol === "file:" ? decodeURIComponent(pathname) : undefined;
}

/** The text of the module. Only what a file says is known before it is loaded. */
async function textOf(url: string): Promise<string> {
  // A module from elsewhere is assumed to ask.
  if (!url.startsWith("file:")) return "import.meta.main";
  try {
    return await Deno.readTextFile(new URL(url));
  } catch {
    // The import reports what is wrong.
    return "";
  }
}

/** The application's own words are those after `--`. */
function hideForeignArguments(): void {
  const { args } = Deno;
  const end = args.indexOf("--");
  const own = end === -1 ? [] : args.slice(end + 1);
  Object.defineProperty(Deno, "args", { value: own, enumerable: true, configurable: true });
}

async function setProcessArguments(script: string): Promise<void> {
  const { default: process } = await import("node:process");
  process.argv.splice(1, Infinity, script, ...Deno.args);
}

function isCommonJsMain(path: string, text: string): boolean {
  return /\brequire\.main\b/.test(text) && (/\.c[jt]s$/.test(path) || !MODULE_SYNTAX.test(text));
}

async function nodeModule(): Promise<NodeModule> {
  const { default: module } = await import("node:module");
  return module as unknown as NodeModule;
}

async function requireAsMain(path: string): Promise<object> {
  const { _load } = await nodeModule();
  return { default: _load(path, null, true) };
}

/** Imports a module in which `import.meta.main` is true. */
async function importWithClaim(url: string): Promise<object | undefined> {
  const { registerHooks } = await nodeModule();
  const hooks = registerHooks({
    load: (loaded, context, next) => {
      const result = next(loaded, context);
      if (loaded !== url) return result;
      // A hook that is left on makes each further module slower.
      hooks.deregister();
      return claimMain(result);
    },
  });
  try {
    return await importModule(url);
  } finally {
    hooks.deregister();
  }
}

function claimMain(loaded: LoadedSource): LoadedSource {
  const { source } = loaded;
  if (source === undefined || source === null) return loaded;
  const text = typeof source === "string" ? source : new TextDecoder().decode(source);
  // The first line may name an interpreter.
  const start = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0;
  return { ...loaded, source: text.slice(0, start) + CLAIM + text.slice(start) };
}
