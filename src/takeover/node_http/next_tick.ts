// The queue of callbacks of Node. Events come after the call that causes them, and what a listener throws
// is an uncaught error, as it is there.

/** The global of the runtime, which is loaded with `node:http`. */
interface NodeGlobals {
  readonly process: { nextTick(call: () => void): void };
}

/** Calls a function after the present call stack, before any other event. */
export function nextTick(call: () => void): void {
  (globalThis as unknown as NodeGlobals).process.nextTick(call);
}
