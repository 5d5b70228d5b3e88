// Reads the limits of the system: how many file descriptors the process may still open, and so how
// many connections it can have; and whether a queue survives its socket. Only Linux shows them, in
// /proc.

import { RESERVED_DESCRIPTORS } from "../ipc/connection_budget.ts";
import type { ListenMode } from "../net/worker_address.ts";

/**
 * What a worker takes beside its connections: its thread, its standard streams, its listener, and
 * its modules as they load.
 */
export const DESCRIPTORS_PER_WORKER = 8;

/** However few descriptors there are, each worker gets to accept. */
const MIN_CONNECTIONS_PER_WORKER = 1;

/**
 * Shows in Linux (from 5.14 on) whether the queue of a closing socket goes to the others at its
 * address.
 */
const MIGRATE_REQUESTS = "/proc/sys/net/ipv4/tcp_migrate_req";

/**
 * The descriptors of an observer: a share of what is free, enough for a probe, no more than people
 * need.
 */
const OBSERVER_SHARE = 1 / 8;
const MIN_OBSERVER_DESCRIPTORS = 4;
const MAX_OBSERVER_DESCRIPTORS = 32;

/** Returns how many descriptors an observer may open beside those that it has. */
export function descriptorsForObserver(): number {
  const share = Math.floor((freeDescriptors() ?? Infinity) * OBSERVER_SHARE);
  return Math.min(MAX_OBSERVER_DESCRIPTORS, Math.max(MIN_OBSERVER_DESCRIPTORS, share));
}

/**
 * Returns how many connections that many workers can have when `reserved` descriptors are for
 * others; undefined if the system's limit is not known.
 */
export function connectionsThatFit(workers: number, reserved: number): number | undefined {
  const free = freeDescriptors();
  if (free === undefined) return undefined;
  // Twice for each worker: on a reload, or when one after the other panics, the old ones are still
  // there.
  const forWorkers = 2 * workers * DESCRIPTORS_PER_WORKER;
  const forOthers = forWorkers + RESERVED_DESCRIPTORS + reserved;
  return Math.max(free - forOthers, workers * MIN_CONNECTIONS_PER_WORKER);
}

/** Returns how many descriptors the process may open beside those that it has. */
function freeDescriptors(): number | undefined {
  const limits = lookUp("/proc/self/limits", Deno.readTextFileSync);
  const limit = /^Max open files +(\d+)/m.exec(limits ?? "")?.[1];
  const inUse = lookUp("/proc/self/fd", (path) => [...Deno.readDirSync(path)].length);
  return limit === undefined || inUse === undefined ? undefined : Number(limit) - inUse;
}

/**
 * Returns whether a connection in the queue of a `reuseport` socket is reset when that socket is
 * closed. False also if that is not known: an older kernel, or a container without the setting, has
 * no remedy.
 */
export function losesQueueOnClose(mode: ListenMode | "unix"): boolean {
  return mode === "reuseport" && lookUp(MIGRATE_REQUESTS, Deno.readTextFileSync)?.trim() === "0";
}

/**
 * Reads what the system shows at a path; undefined if it shows nothing, or if reading is not
 * allowed.
 */
function lookUp<T>(path: string, read: (path: string) => T): T | undefined {
  if (Deno.build.os !== "linux") return undefined;
  // A server that starts must not wait at a prompt for a permission that it can do without.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  try {
    return read(path);
  } catch {
    // A system without /proc, or without this part of it.
    return undefined;
  }
}
