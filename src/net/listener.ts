// The ways to listen, and the look before.
// A wrong way to listen ends the whole process in Deno, and an address that is taken shows only when it is tried: so both
// are looked at on the main thread before the first worker is spawned, and a fault becomes one clear line.

import type { ListenMode, PortAddress, WorkerAddress } from "./worker_address.ts";
import {
  listenOnSocket,
  removeSocket,
  reserveSocketPaths,
  SocketClaim,
  socketPath,
} from "./unix_sockets.ts";

/** A way to listen, and why it is another one than was asked for. */
export interface ListenChoice {
  readonly mode: ListenMode;
  /** Why it is not "reuseport"; undefined where it was to be so. */
  readonly fallbackReason: string | undefined;
}

/** Chooses the listen mode: `reuseport` where the runtime and the system can do it, unless `shared` is asked for. */
export function chooseListenMode(wanted: ListenMode | undefined): ListenChoice {
  if (wanted === "shared") return { mode: "shared", fallbackReason: undefined };
  // Deno ends the process with exit code 70 when `reusePort` is used without the flag, and nothing catches that. The flag
  // shows in the presence of another API that it unlocks.
  if (!("listenDatagram" in Deno)) {
    return {
      mode: "shared",
      fallbackReason:
        'run with --unstable-net, or with "unstable": ["net"] in deno.json, for reuseport',
    };
  }
  // Elsewhere SO_REUSEPORT exists, but gives all connections to one socket.
  if (Deno.build.os !== "linux") {
    return {
      mode: "shared",
      fallbackReason: "only Linux spreads connections over reuseport sockets",
    };
  }
  return { mode: "reuseport", fallbackReason: undefined };
}

/** `Deno.listen`'s undocumented option: every worker that listens to the same address gets a clone of one socket. */
interface SharedListenOptions extends Deno.TcpListenOptions {
  readonly loadBalanced: true;
}

/**
 * Listens at an address of either kind. `onListening` is called before a Unix socket takes the place of another; what it throws closes the
 * socket again. Rejects with that, and with what `Deno.listen` throws.
 */
export async function listenAt(
  address: WorkerAddress,
  onListening: () => void,
): Promise<Deno.TcpListener | Deno.UnixListener> {
  if (address.listen === "unix") {
    const { path, mode, claim } = address;
    return await listenOnSocket(path, mode, new SocketClaim(claim), onListening);
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
 * Whether a worker that cannot listen says that the server has come too late: of two that start at once, the one that gets the first place
 * has all of them, however they had shared the others.
 */
export function isTooLate(address: WorkerAddress, error: unknown): boolean {
  return address.listen === "unix" && address.place === 1 &&
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

/** An address that the supervisor has made sure of. */
export interface ReservedAddress {
  readonly listen: ListenMode | "unix";
  /** 127.0.0.1, and 0 for the port, where it is none of an IP network. */
  readonly hostname: string;
  readonly port: number;
  /** For people: an URL, or `unix:` and the path. */
  readonly url: string;
  /** Where the worker of a place listens, counted from 1: with Unix sockets each place has an address of its own. */
  addressOf(place: number): WorkerAddress;
  /** The worker of a place goes, and nobody is to take it over. */
  vacate(place: number): void;
  /** Lets go of what holds the address; the workers hold it from there on. */
  release(): void;
  /** Called when every worker accepts. In `shared` mode the socket is kept: the kernel's queue outlives all workers. */
  workersAccept(): void;
}

/** How often a port that was free a moment ago, and is taken now, is given up for another one. */
const PORT_TRIES = 5;

/**
 * Makes sure that the workers will be able to listen, and picks the port where it is 0.
 *
 * @throws what `Deno.listen` throws, with a message that says what to do
 */
export function reserveAddress(wanted: PortAddress): ReservedAddress {
  const { hostname, port } = wanted;
  for (let tries = 1;; tries++) {
    // Alone first: with reusePort, or in a process that listens there already, a second server would go unnoticed and
    // take half of the connections.
    const probe = listenAlone(hostname, port, "");
    const chosenPort = (probe.addr as Deno.NetAddr).port;
    probe.close();
    try {
      return holdAddress({ ...wanted, port: chosenPort }, port === 0);
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AddrInUse;
      if (port !== 0 || !isTaken || tries === PORT_TRIES) {
        throw explain(error, hostname, port, "");
      }
    }
  }
}

/**
 * Listens where nobody else does. `purpose` stands behind the address in what is said of it.
 *
 * @throws what `Deno.listen` throws, with a message that says what to do
 */
export function listenAlone(hostname: string, port: number, purpose: string): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    throw explain(error, hostname, port, purpose);
  }
}

/**
 * In `shared` mode the main thread keeps a clone of the socket, and never accepts from it: connections wait in the kernel
 * while no worker is there. In `reuseport` mode its socket would draw connections of its own, so there is one only while
 * a picked port is known to nobody yet.
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
    url: `http://${formatAddress(hostname, port)}`,
    addressOf: () => address,
    vacate: () => {},
    release,
    workersAccept: isShared ? () => {} : release,
  };
}

/**
 * Makes sure that so many workers will be able to listen on Unix sockets. `release` and `vacate` take the sockets out of the file
 * system, so that nobody connects any more; those who have are served. What another server has put there meanwhile stays.
 *
 * @throws {Error} whose message says what to do
 */
export async function reserveSockets(
  pattern: string,
  mode: number | undefined,
  places: number,
): Promise<ReservedAddress> {
  await reserveSocketPaths(pattern, places);
  const claims = new Map<number, SocketClaim>();
  const vacate = (place: number) => {
    const claim = claims.get(place);
    if (claim === undefined) return;
    try {
      removeSocket(socketPath(pattern, place), claim);
    } catch {
      // The next server clears away what stays; to fail for its sake would cost what is under way.
    }
  };
  return {
    listen: "unix",
    hostname: "127.0.0.1",
    port: 0,
    url: `unix:${socketPath(pattern, "{n}")}`,
    addressOf: (place) => {
      const claim = claims.get(place) ?? new SocketClaim();
      claims.set(place, claim);
      const path = socketPath(pattern, place);
      return { listen: "unix", place, path, mode, claim: claim.memory };
    },
    vacate,
    release: () => [...claims.keys()].forEach(vacate),
    workersAccept: () => {},
  };
}

/** The text of an address, with brackets around one of IPv6. */
export function formatAddress(hostname: string, port: number): string {
  // Deno takes an address with its brackets, too.
  const isBare = hostname.includes(":") && !hostname.startsWith("[");
  return `${isBare ? `[${hostname}]` : hostname}:${port}`;
}

/** What is wrong with an address, and what to do, by the class of error that `Deno.listen` throws. */
const EXPLANATIONS: readonly {
  readonly errorClass: new (message: string) => Error;
  readonly explain: (permitted: string) => string;
}[] = [
  {
    errorClass: Deno.errors.AddrInUse,
    explain: () =>
      "the address is in use; stop the program that holds it, or pass another port (0 picks a free one)",
  },
  {
    errorClass: Deno.errors.AddrNotAvailable,
    explain: () =>
      "this machine has no such address; pass one that it has, such as 127.0.0.1, or 0.0.0.0 for all of them",
  },
  {
    errorClass: Deno.errors.NotCapable,
    explain: (permitted) =>
      `Deno was not given the permission to; run it with --allow-net=${permitted}, or with -A`,
  },
  {
    errorClass: Deno.errors.PermissionDenied,
    explain: () => "the system does not let this user have that port; pass one above 1023",
  },
];

/** Says in one line what is wrong with an address, and what to do. The class of the error stays; its words are all in ours. */
function explain(error: unknown, hostname: string, port: number, purpose: string): unknown {
  if (!(error instanceof Error)) return error;
  const address = formatAddress(hostname, port);
  const cannot = `Cannot listen on ${address}${purpose}: `;
  const known = EXPLANATIONS.find(({ errorClass }) => error instanceof errorClass);
  if (known === undefined) {
    const message =
      `${cannot}${error.message}; expected an IP address or a host name of this machine`;
    return withoutStack(new Error(message, { cause: withoutStack(error) }));
  }
  const { errorClass, explain } = known;
  // A permission for port 0 would not be one for the port that is picked.
  const permitted = port === 0 ? hostname : address;
  return withoutStack(new errorClass(`${cannot}${explain(permitted)}`));
}

/**
 * These errors say something about the machine and nothing about the program, so a stack trace would only hide the line
 * that matters.
 */
export function withoutStack<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

/** No descriptors left in the process, or in the system; no buffers, no memory: what the numbers are in Linux, macOS and Windows. */
const OUT_OF_RESOURCES = /\(os error (?:24|23|105|55|12|10024|10055)\)/;

/**
 * Whether the process lacks something that accepting takes. Everything else that `accept` reports is about one connection,
 * as accept(2) says: a client that hung up while it was queued, for instance, and the next one is waiting behind it. To wait
 * then would let any client stop the service.
 */
export function isOutOfResources(error: unknown): boolean {
  return error instanceof Error && OUT_OF_RESOURCES.test(error.message);
}
