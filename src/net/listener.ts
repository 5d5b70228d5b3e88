// Listens for the workers, and reserves their addresses on the main thread before the first worker.
// A taken address shows only when a program tries it. So the supervisor tries it, and reports one
// clear error instead of one for each worker.

import { httpOrigin } from "./host_port.ts";
import { explainPortError } from "./socket_errors.ts";
import { renewLink } from "./socket_path.ts";
import type { ListenMode, PortAddress, WorkerAddress } from "./worker_address.ts";

/** `Deno.listen`'s undocumented option: all workers at one address get a clone of one socket. */
interface SharedListenOptions extends Deno.TcpListenOptions {
  readonly loadBalanced: true;
}

/**
 * Listens at an address of either kind. Calls `onListening` before a Unix socket replaces another
 * one. If that throws, closes the socket and rejects with the same error. Rejects also with what
 * `Deno.listen` throws.
 */
export async function listenAt(
  address: WorkerAddress,
  onListening: () => void,
): Promise<Deno.TcpListener | Deno.UnixListener> {
  if (address.listen === "unix") {
    const { path, mode, claim } = address;
    // Only such an address needs these.
    const { listenOnSocket } = await import("./unix_sockets.ts");
    const { SocketClaim } = await import("./socket_claim.ts");
    const listener = await listenOnSocket(path, mode, new SocketClaim(claim), onListening);
    renewLink(address);
    return listener;
  }
  const listener = listen(address);
  try {
    onListening();
  } catch (error) {
    listener.close();
    throw error;
  }
  return listener;
}

/**
 * Returns whether the error of a worker that cannot listen shows that another server came first. Of
 * two servers that start at once, the one that gets the first slot wins all slots.
 */
export function isTooLate(address: WorkerAddress, error: unknown): boolean {
  return address.listen === "unix" && address.slot === 1 &&
    error instanceof Deno.errors.AddrInUse;
}

/** Listens on a port in the given mode. Throws what `Deno.listen` throws. */
export function listen({ listen, hostname, port, backlog }: PortAddress): Deno.TcpListener {
  const options = { hostname, port, tcpBacklog: backlog };
  switch (listen) {
    case "reuseport":
      return Deno.listen({ ...options, reusePort: true });
    case "shared": {
      const sharedOptions: SharedListenOptions = { ...options, loadBalanced: true };
      return Deno.listen(sharedOptions);
    }
  }
}

/** An address that the supervisor has reserved for its workers. */
export interface ReservedAddress {
  readonly listen: ListenMode | "unix";
  /** For a Unix socket 127.0.0.1, and 0 for the port. */
  readonly hostname: string;
  readonly port: number;
  /** For people: a URL, or `unix:` and the path. */
  readonly url: string;
  /**
   * Returns where the worker of a slot listens. With Unix sockets each slot has its own address.
   */
  addressOf(slot: number): WorkerAddress;
  /** Gives a slot up: its worker ends and has no replacement. */
  vacate(slot: number): void;
  /** Releases what holds the address. From then on, only the workers hold it. */
  release(): void;
  /**
   * Called when every worker accepts. In `shared` mode the socket stays open: the kernel's queue
   * outlives all workers.
   */
  workersAccept(): void;
}

/** How often to pick another port when a picked port is taken in the meantime. */
const PORT_TRIES = 5;

/**
 * Checks that the workers can listen on a port, and picks the port if it is 0.
 *
 * @throws what `Deno.listen` throws, with a message that says what to do
 */
export function reserveAddress(wanted: PortAddress): ReservedAddress {
  const { hostname, port } = wanted;
  for (let tries = 1;; tries++) {
    // First without sharing. With `reusePort`, or in a process that listens there already, a second
    // server would start without an error and receive half of the connections.
    const probe = listenAlone(hostname, port, "");
    // A name stands for what the system makes of it now: every worker listens at the same address.
    const chosen = probe.addr as Deno.NetAddr;
    probe.close();
    try {
      return holdAddress({ ...wanted, hostname: chosen.hostname, port: chosen.port }, port === 0);
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AddrInUse;
      if (port !== 0 || !isTaken || tries === PORT_TRIES) {
        throw explainPortError(error, { hostname, port, purpose: "" });
      }
    }
  }
}

/**
 * Listens on a port that no other socket shares. `purpose` follows the address in the message of an
 * error.
 *
 * @throws what `Deno.listen` throws, with a message that says what to do
 */
export function listenAlone(hostname: string, port: number, purpose: string): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    throw explainPortError(error, { hostname, port, purpose });
  }
}

/**
 * Holds a port until the workers do. In `shared` mode the main thread keeps a clone of the socket
 * and never accepts from it: connections wait in the kernel while no worker runs. In `reuseport`
 * mode such a socket would receive connections, so it exists only until the workers listen, and
 * only for a picked port, which no client knows yet.
 */
function holdAddress(address: PortAddress, isPicked: boolean): ReservedAddress {
  const isShared = address.listen === "shared";
  const holder = isShared || isPicked ? listen(address) : undefined;
  let isHeld = holder !== undefined;
  const release = () => {
    if (isHeld) holder?.close();
    isHeld = false;
  };
  const { hostname, port } = address;
  return {
    listen: address.listen,
    hostname,
    port,
    url: httpOrigin(hostname, port),
    addressOf: () => address,
    vacate: () => {},
    release,
    workersAccept: isShared ? () => {} : release,
  };
}
