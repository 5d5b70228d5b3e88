// Waits for turns of the event loop and of its microtask queue. A timer cannot show that this
// thread has looked at its sockets: on a busy thread, the timer is due in the same long turn in
// which a client connected or sent, before the thread has read from it.

import { setImmediate, setTimeout } from "node:timers";

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
 * How many turns of the event loop pass until the runtime looks at the sockets of a thread that
 * always has an immediate, or a message to itself (Deno 2.9.6). It looks in each turn of a thread
 * that has to wait, be it for a timer of no length.
 */
const BLIND_TURNS = 61;

/** How long a thread may work without a look at its sockets. */
const MAX_BLIND_MS = 16;

/** The look at the sockets that is due; undefined if none is. */
let look: Promise<void> | undefined;

/** Resolves when the thread has looked at its sockets. */
function lookAtSockets(): Promise<void> {
  return look ??= new Promise((resolve) => {
    setTimeout(() => {
      look = undefined;
      resolve();
    });
  });
}

/** The looks at the sockets that {@linkcode nextLook} waits for; undefined if there are none. */
let nextLooks: Promise<void> | undefined;

/**
 * Resolves when the thread has looked at its sockets after this turn: a read that began before the
 * call has ended by then, if there was something to read. It holds up no other work.
 */
export function nextLook(): Promise<void> {
  return nextLooks ??= new Promise((resolve) => {
    // The first timer may be due in this turn.
    setTimeout(() => {
      nextLooks = undefined;
      setTimeout(resolve);
    });
  });
}

/** The next turn of the event loop; undefined if nothing waits for it. */
let turn: Promise<void> | undefined;
let turnsSinceLook = 0;
let lookedAt = -Infinity;
let hasRead = false;

/** Notes that a read from a socket has ended: the thread has looked at its sockets. */
export function noteSocketRead(): void {
  hasRead = true;
}

/**
 * Resolves in a later turn of the event loop. All that works for long awaits it after each part, so
 * that others have their turns. If turns take so long that the runtime would not look at the
 * sockets of the thread for {@linkcode MAX_BLIND_MS}, it resolves after a look at them.
 */
export function nextTurn(): Promise<void> {
  if (look !== undefined) return look;
  if (turn !== undefined) return turn;
  const now = performance.now();
  if (hasRead || now - lookedAt >= MAX_BLIND_MS) {
    const isBlind = !hasRead && turnsSinceLook < BLIND_TURNS;
    hasRead = false;
    turnsSinceLook = 0;
    lookedAt = now;
    if (isBlind) return lookAtSockets();
  }
  return turn = new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      turnsSinceLook++;
      resolve();
    });
  });
}

/** How long the work of a {@linkcode TurnQueue} may keep a thread from its sockets. */
const TURN_MS = 4;

/**
 * Divides long work of several makers among turns. In each turn, they work for some milliseconds,
 * one after another, so a turn does not get longer with their number. A maker awaits
 * {@linkcode begin} before its first step, and {@linkcode next} after a step when the turn is over.
 * Each turn begins with a look at the sockets of the thread.
 */
export class TurnQueue {
  readonly #waiting: (() => void)[] = [];
  #began = -Infinity;

  /** Whether the thread has to look at its sockets before more work is done. */
  get isOver(): boolean {
    return performance.now() - this.#began >= TURN_MS;
  }

  /** Resolves when a maker may begin; undefined if it may begin now, because none has worked lately. */
  begin(): Promise<void> | undefined {
    if (this.#waiting.length > 0 || !this.isOver) return this.next();
    this.#began = performance.now();
    return undefined;
  }

  /** Resolves when no other maker works, in this turn or a later one, in the order of the calls. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#plan();
    });
  }

  #plan(): void {
    if (this.isOver) lookAtSockets().then(this.#beginTurn);
    else setImmediate(this.#resolveFirst);
  }

  readonly #beginTurn = (): void => {
    this.#began = performance.now();
    this.#resolveFirst();
  };

  readonly #resolveFirst = (): void => {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) this.#plan();
  };
}
