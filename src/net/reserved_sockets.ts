// Reserves Unix sockets on the main thread before the first worker. Only a server with such sockets
// loads this.

import type { ReservedAddress } from "./listener.ts";
import { SocketClaim } from "./socket_claim.ts";
import { isNumbered, socketPath } from "./socket_path.ts";
import {
  removeSocket,
  removeSocketLink,
  reserveSocketLink,
  reserveSocketPaths,
} from "./unix_sockets.ts";

/** Unix sockets that are wanted, one for each slot. */
export interface WantedSockets {
  readonly pattern: string;
  /** Whether the pattern itself has to lead to a socket: that of the first slot. */
  readonly isLinked: boolean;
  readonly mode: number | undefined;
  readonly slots: number;
}

/**
 * Checks that workers can listen on Unix sockets. `release` and `vacate` remove the sockets from
 * the file system, so that no new client connects; connected clients are still served. A file that
 * another server has put there in the meantime stays.
 *
 * @throws {Error} whose message says what to do
 */
export async function reserveSockets(
  { pattern, isLinked, mode, slots }: WantedSockets,
): Promise<ReservedAddress> {
  await reserveSocketPaths(pattern, slots);
  const link = isLinked && !isNumbered(pattern) ? pattern : undefined;
  if (link !== undefined) await reserveSocketLink(link);
  const claims = new Map<number, SocketClaim>();
  const vacate = (slot: number) => {
    const claim = claims.get(slot);
    if (claim === undefined) return;
    try {
      if (slot === 1 && link !== undefined) removeSocketLink(link, claim);
      removeSocket(socketPath(pattern, slot), claim);
    } catch {
      // The next server removes what stays. An error here would end requests that still run.
    }
  };
  return {
    listen: "unix",
    hostname: "127.0.0.1",
    port: 0,
    url: `unix:${link ?? socketPath(pattern, "{n}")}`,
    addressOf: (slot) => {
      const claim = claims.get(slot) ?? new SocketClaim();
      claims.set(slot, claim);
      const path = socketPath(pattern, slot);
      return { listen: "unix", slot, path, link, mode, claim: claim.memory };
    },
    vacate,
    release: () => [...claims.keys()].forEach(vacate),
    workersAccept: () => {},
  };
}
