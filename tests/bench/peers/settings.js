// What the benchmark tells the servers that it starts: one way for every runtime.

import process from "node:process";

/**
 * @param {string} name
 * @param {number} fallback
 */
function numberFrom(name, fallback) {
  return Number(process.env[name] ?? fallback);
}

/** Where to listen. */
export const hostname = "127.0.0.1";
export const port = numberFrom("BENCH_PORT", 8000);

/** How many workers, where the server has some. */
export const workers = numberFrom("BENCH_WORKERS", 1);

/** How many routes to have beside the benchmark's paths. */
export const routes = numberFrom("BENCH_ROUTES", 0);
