// Has this thread had time to look at its sockets? A timer cannot tell: a thread that has much to do, or is not given the
// processor, finds it due in the same long turn of the event loop in which clients have come, or sent, whom it has not seen yet.

/** How many turns in a row have to be short, and how short that is. */
const TURNS = 2;
const SHORT_TURN_MS = 3;

/** A thread that never has a short turn is not waited for any longer. */
const MAX_WAIT_MS = 200;

/** Resolves after some short turns of the event loop in a row: whoever has come before them has been seen. */
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
