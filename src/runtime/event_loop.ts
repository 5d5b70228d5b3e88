// Waits for turns of the event loop and of its microtask queue. A timer cannot show that this
// thread has looked at its sockets: on a busy thread, the timer is due in the same long turn in
// which a client connected or sent, before the thread has read from it.

/** How many turns in a row have to be short, and how short that is. */
const TURNS = 2;
const SHORT_TURN_MS = 3;

/** How long to wait for short turns at most: a busy thread may never have one. */
const MAX_WAIT_MS = 200;

/**
 * Resolves after some short turns of the event loop in a row. By then, this thread has seen all
 * that clients did before the call.
 */
export async function shortTurns(): Promise<void> {
  const began = performance.now();
  let turnBegan = began;
  for (let turns = 0; turns < TURNS && turnBegan - began < MAX_WAIT_MS;) {
    await new Promise((resolve) => setTimeout(resolve));
    const now = performance.now();
    turns = now - turnBegan <= SHORT_TURN_MS ? turns + 1 : 0;
    turnBegan = now;
  }
}

/**
 * Returns whether a promise settles within this number of turns of the microtask queue. A promise
 * of an async function that waits for nothing does: no timer, socket or other event comes between.
 */
export async function settlesWithin(promise: Promise<unknown>, turns: number): Promise<boolean> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < turns && !isSettled; turn++) await undefined;
  return isSettled;
}
