// Waits for turns of the event loop and of its microtask queue. A timer cannot show that this
// thread has looked at its sockets: on a busy thread, the timer is due in the same long turn in
// which a client connected or sent, before the thread has read from it.

import { setImmediate } from "node:timers";

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

/**
 * Divides long work of several makers among turns of the event loop. In each turn, one of those
 * that wait goes on, so a turn does not get longer with their number.
 */
export class TurnQueue {
  readonly #waiting: (() => void)[] = [];

  /** Resolves in a turn in which no other waiting call resolves, in the order of the calls. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#resolveFirst);
    });
  }

  readonly #resolveFirst = (): void => {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#resolveFirst);
  };
}
