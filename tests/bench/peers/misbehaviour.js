// What goes wrong in a server, by its path: once for all that are compared, so that each fails in the same way. Plain JavaScript, for
// every runtime. How an answer becomes a response, and what becomes of a throw, is each server's own.

import process from "node:process";
import { HELLO } from "./answers.js";

/** Another one in each worker, whatever a worker is. */
const worker = crypto.randomUUID();

/** How long a request takes that is under way when the server is told to stop, or to reload. */
const SLOW_MS = 500;

/** What cannot be collected. Numbers, because memory that is not on the heap is under none of the limits. */
const kept = [];

function endThread() {
  // In Deno both end a worker's thread, and on the main thread the process. Node has one of them.
  if ("Deno" in globalThis) globalThis.Deno.exit(7);
  process.exit(7);
}

/** @type {Map<string, () => string | Promise<string>>} */
const handlers = new Map([
  ["/hello", () => HELLO],
  ["/worker", () => worker],
  ["/slow", () => new Promise((resolve) => setTimeout(() => resolve("slow"), SLOW_MS))],
  ["/throw", () => {
    throw new Error("A handler that throws");
  }],
  ["/floating", () => {
    Promise.reject(new Error("A rejection that nobody waits for"));
    return HELLO;
  }],
  ["/timer", () => {
    setTimeout(() => {
      throw new Error("A timer that throws");
    });
    return HELLO;
  }],
  ["/exit", endThread],
  ["/spin", () => {
    for (;;);
  }],
  ["/allocate", () => {
    for (;;) kept.push(Array(10_000).fill(kept.length));
  }],
]);

/**
 * The text that is answered at a path, where there is one.
 * @param {string} path
 */
export function answerAt(path) {
  const handler = handlers.get(path);
  if (handler === undefined) throw new Error(`There is nothing at ${path}`);
  return handler();
}

/** The paths that there are. */
export const paths = [...handlers.keys()];
