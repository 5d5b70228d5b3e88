// Where a worker listens: a plain value that the supervisor sends and the worker listens at.

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

/** Where a worker listens. */
export type WorkerAddress =
  | PortAddress
  | {
    readonly listen: "unix";
    /** The worker's place, from 1, and the path that belongs to it. */
    readonly place: number;
    readonly path: string;
    /** The permissions of the file; undefined for what the process's umask leaves. */
    readonly mode: number | undefined;
    /** Which file the place has: the memory of a `SocketClaim`. */
    readonly claim: SharedArrayBuffer;
  };
