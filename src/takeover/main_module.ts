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

/** The property of the global scope by which the claim reports what has come of it. */
const REPORT = "mudpie claim";

/**
 * Put before the first line: all lines keep their numbers. It may not throw, also in a runtime that
 * does not let `import.meta.main` be changed.
 */
const CLAIM = "try{import.meta.main=true}catch{}" +
  `globalThis[Symbol.for(${JSON.stringify(REPORT)})]?.(import.meta.main);`;

/** A reading of `import.meta` that may ask whether the module is the main one. */
const ASKS_FOR_MAIN = /\bimport\s*\.\s*meta\b(?!\s*\.\s*(?!main\b))/;

/** How `import.meta.main` could stay false. */
const HOOK_FAILS = "the runtime's hooks do not work as expected";
const HOOK_NOT_CALLED = 'the runtime does not call hooks for it, as with "detect-cjs"; ' +
  'name it .mts or .mjs, or have "type": "module" in its package.json';

/** What shows that a text is no CommonJS module. */
const MODULE_SYNTAX = /^\s*(?:import\b[^(]|export\b)/m;

/**
 * Loads the application at an address, as the main module. Rejects with what loading throws.
 * Calls `onNotMain` with the reason if `import.meta.main` is false, although the application asks.
 */
export async function importAsMain(
  url: string,
  onNotMain: (reason: string) => void,
): Promise<object | undefined> {
  hideForeignArguments();
  const path = pathOf(url);
  const text = await textOf(url);
  if (/\bargv\b/.test(text)) await setProcessArguments(path ?? url);
  if (path !== undefined && isCommonJsMain(path, text)) return await requireAsMain(path);
  return ASKS_FOR_MAIN.test(text) ? await importWithClaim(url, onNotMain) : await importModule(url);
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

/**
 * Imports a module in which `import.meta.main` is true, as far as the runtime's hooks allow. The
 * claim itself reports what has come of it, so the test of the hooks costs nothing.
 */
async function importWithClaim(
  url: string,
  onNotMain: (reason: string) => void,
): Promise<object | undefined> {
  let isReported = false;
  using _ = takeReport((isMain) => {
    isReported = true;
    if (!isMain) onNotMain(HOOK_FAILS);
  });
  const hook = await hookClaim(url);
  try {
    const module = await importModule(url);
    if (!isReported) onNotMain(hook.isCalled() ? HOOK_FAILS : HOOK_NOT_CALLED);
    return module;
  } catch (error) {
    hook.remove();
    if (isReported || !hook.isCalled()) throw error;
    // The hook may have failed. An error of the module itself comes once more.
    const module = await importModule(url);
    onNotMain(HOOK_FAILS);
    return module;
  } finally {
    hook.remove();
  }
}

/** Has `receive` called with what has come of the claim. */
function takeReport(receive: (isMain: boolean) => void): Disposable {
  const scope = globalThis as { [key: symbol]: unknown };
  const key = Symbol.for(REPORT);
  scope[key] = receive;
  return { [Symbol.dispose]: () => void delete scope[key] };
}

/** A hook that makes one module the main one, when it is loaded. */
interface ClaimHook {
  /** Whether the module was loaded through the hook, or no hook could be put in place. */
  isCalled(): boolean;
  remove(): void;
}

async function hookClaim(url: string): Promise<ClaimHook> {
  const { registerHooks } = await nodeModule();
  let isCalled = false;
  try {
    const hooks = registerHooks({
      load: (loaded, context, next) => {
        if (loaded !== url) return next(loaded, context);
        isCalled = true;
        // A hook that is left on makes each further module slower.
        hooks.deregister();
        return claimMain(next(loaded, context));
      },
    });
    return { isCalled: () => isCalled, remove: () => hooks.deregister() };
  } catch {
    // A runtime without such hooks: the application runs all the same.
    return { isCalled: () => true, remove: () => {} };
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
