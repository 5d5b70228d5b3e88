// Where a worker listens: a plain value, which the supervisor sends to the worker.

/** How the workers share the port. */
export type ListenMode = "reuseport" | "shared";

/** A port that all workers share. */
export interface PortAddress {
  readonly listen: ListenMode;
  readonly hostname: string;
  /** The real port, never 0. */
  readonly port: number;
  /** How many connections may wait in the kernel's queue of each listening socket. */
  readonly backlog: number;
}

/** A Unix socket that one worker listens on. */
export interface SocketAddress {
  readonly listen: "unix";
  /** The worker's slot, counted from 1. The path contains its number. */
  readonly slot: number;
  readonly path: string;
  /** The path that leads to the socket of the first slot; undefined if none does. */
  readonly link: string | undefined;
  /** The permissions of the file; undefined for what the process's umask leaves. */
  readonly mode: number | undefined;
  /** Which file the slot owns: the memory of a `SocketClaim`. */
  readonly claim: SharedArrayBuffer;
}

/** Where a worker listens. */
export type WorkerAddress = PortAddress | SocketAddress;

/** Returns the address in the platform's form. */
export function platformAddress(address: WorkerAddress): Deno.Addr {
  if (address.listen === "unix") return { transport: "unix", path: address.link ?? address.path };
  const { hostname, port } = address;
  return { transport: "tcp", hostname, port };
}
