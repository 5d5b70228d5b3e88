// How many file descriptors the process may still open, and so how many connections it can have.

import { RESERVED_DESCRIPTORS } from "../connection_budget.ts";

/** What a worker takes beside its connections: its thread, its standard streams, its listener, and its modules as they load. */
const DESCRIPTORS_PER_WORKER = 8;

/** However few descriptors there are, each worker gets to accept. */
const MIN_CONNECTIONS_PER_WORKER = 1;

/** How many connections so many workers can have; undefined where the system's limit is not known. */
export function connectionsThatFit(workers: number): number | undefined {
  const free = freeDescriptors();
  if (free === undefined) return undefined;
  // Twice for each worker: on a reload, or when one after the other panics, the old ones are still there.
  const forWorkers = 2 * workers * DESCRIPTORS_PER_WORKER;
  return Math.max(free - forWorkers - RESERVED_DESCRIPTORS, workers * MIN_CONNECTIONS_PER_WORKER);
}

/** How many descriptors the process may open beside those that it has. Only Linux tells, and only with leave to read it. */
function freeDescriptors(): number | undefined {
  if (Deno.build.os !== "linux" || !mayRead("/proc/self/limits") || !mayRead("/proc/self/fd")) {
    return undefined;
  }
  try {
    const limit = /^Max open files +(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))?.[1];
    return limit === undefined
      ? undefined
      : Number(limit) - [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    // A system without /proc. Then the limit is learnt when it is met.
    return undefined;
  }
}

/** Nobody is asked: a server that starts must not wait at a prompt for what it can do without. */
function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
