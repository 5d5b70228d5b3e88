// `Deno.cron` in workers: each worker registers the job, and the runtime calls all of them at each
// tick. A lock lets one worker have the tick. It is kept for a minute, the shortest time between two
// ticks, because the workers do not wake up in the same moment.

import { type LockManager, locks } from "../runtime/life_lock.ts";

const MINUTE_MS = 60_000;

/**
 * Has calls of `Deno.cron`, if the runtime has it, wait until `time` resolves: a standby must not
 * register jobs, because the runtime would call them in it.
 */
export function holdCron(time: Promise<unknown>): void {
  replaceCron((cron) => async (name, ...rest) => {
    await time;
    await cron(name, ...rest);
  });
}

type CronHandler = () => unknown;

type Cron = (name: string, ...rest: unknown[]) => Promise<void>;

/** Replaces `Deno.cron`, if the runtime has it, by one whose handlers run in one worker per tick. */
export function runCronOnce(): void {
  replaceCron((cron) => (name, ...rest) => {
    const once = rest.map((each) =>
      typeof each === "function" ? oncePerTick(name, each as CronHandler) : each
    );
    return cron(name, ...once);
  });
}

/** Replaces `Deno.cron`, if the runtime has it, by what `make` makes of it. */
function replaceCron(make: (cron: Cron) => Cron): void {
  const { cron } = Deno as { readonly cron?: Cron };
  if (cron === undefined) return;
  const value = make(cron);
  // The runtime's own has a getter alone, so an assignment would throw.
  Object.defineProperty(Deno, "cron", {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** Makes a handler that runs in the first thread of the process that calls it in a minute. */
export function oncePerTick(
  name: string,
  handler: CronHandler,
  now: () => number = Date.now,
  manager: LockManager = locks,
): () => Promise<void> {
  let ownMinute = -1;
  return async () => {
    const minute = Math.round(now() / MINUTE_MS);
    // A handler that has failed is called again in the thread in which it did.
    if (minute !== ownMinute && !await takeTick(`mudpie cron ${minute} ${name}`, manager)) return;
    ownMinute = minute;
    await handler();
  };
}

/** Takes a lock if it is free, and keeps it for a minute. Resolves to whether it was free. */
function takeTick(lockName: string, manager: LockManager): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  manager.request(lockName, { ifAvailable: true }, (lock) => {
    resolve(lock !== null);
    if (lock === null) return;
    return new Promise((free) => Deno.unrefTimer(setTimeout(free, MINUTE_MS)));
  }).catch(reject);
  return promise;
}
