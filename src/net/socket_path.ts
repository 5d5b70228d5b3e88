// The paths of the workers' Unix sockets, and the link that may lead to the first one. What a server
// without such sockets loads of them.

import type { WorkerAddress } from "./worker_address.ts";

/** Stands for the number of a slot in a path. */
export const SLOT = "{n}";

/**
 * Returns the path of a slot, counted from 1. The number replaces `{n}` in the pattern. Without
 * `{n}` it comes before the extension: `app.sock` becomes `app.1.sock`.
 */
export function socketPath(pattern: string, slot: number | typeof SLOT): string {
  if (pattern.includes(SLOT)) return pattern.replaceAll(SLOT, String(slot));
  const nameAt = pattern.lastIndexOf("/") + 1;
  const dotAt = pattern.lastIndexOf(".");
  if (dotAt <= nameAt) return `${pattern}.${slot}`;
  return `${pattern.slice(0, dotAt)}.${slot}${pattern.slice(dotAt)}`;
}

/** Returns whether a pattern has a place for the number of a slot. */
export function isNumbered(pattern: string): boolean {
  return pattern.includes(SLOT);
}

/** Returns what a link to the socket of the first slot contains. */
export function linkTarget(path: string): string {
  const target = socketPath(path, 1);
  return target.slice(target.lastIndexOf("/") + 1);
}

/**
 * Makes the link to the socket of the first slot, if that socket exists and the link does not. Each
 * worker calls it: programs often remove the file before they listen. Never throws: every socket
 * can be reached without it.
 */
export function linkSocket(path: string): void {
  try {
    Deno.lstatSync(socketPath(path, 1));
    Deno.symlinkSync(linkTarget(path), path);
  } catch {
    // The first worker does not listen yet, or another worker has made the link, or the path has
    // become another server's.
  }
}

/** Makes the link to the workers' sockets anew, where there is to be one and the program removed it. */
export function renewLink(address: WorkerAddress): void {
  if (address.listen === "unix" && address.link !== undefined) linkSocket(address.link);
}
