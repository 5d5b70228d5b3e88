// What the benchmark tells the servers that it starts: one way for every runtime. Under Deno the environment is asked for by Deno's own
// name, as an application does: what Deno has of Node is loaded by whoever touches it, and would be measured as a part of the start.

const runtime = /** @type {{
  Deno?: { env: { get(name: string): string | undefined } };
  process?: { env: Record<string, string | undefined> };
}} */
  (globalThis);

/**
 * A variable of the environment.
 * @param {string} name
 * @returns {string | undefined}
 */
export function setting(name) {
  return runtime.Deno === undefined ? runtime.process?.env[name] : runtime.Deno.env.get(name);
}

/**
 * @param {string} name
 * @param {number} fallback
 */
function numberFrom(name, fallback) {
  return Number(setting(name) ?? fallback);
}

/** Where to listen. */
export const hostname = "127.0.0.1";
export const port = numberFrom("BENCH_PORT", 8000);

/** How many workers, where the server has some. */
export const workers = numberFrom("BENCH_WORKERS", 1);

/** How many routes to have beside the benchmark's paths. */
export const routes = numberFrom("BENCH_ROUTES", 0);

/** After how long without a sign of life a worker counts as hung, and how large its heap may grow, where servers are made to fail. */
export const hangTimeoutMs = numberFrom("BENCH_HANG_TIMEOUT_MS", 30_000);
export const heapLimitBytes = numberFrom("BENCH_HEAP_LIMIT_BYTES", 0);
