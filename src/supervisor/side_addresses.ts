// The addresses of a program's further servers. The first worker that asks for one has it reserved;
// all others get the same, also where the program asks for any free port.

import type { Reservation } from "../ipc/address_answer.ts";
import type { SidePlace } from "../ipc/messages.ts";
import { reserveAddress, type ReservedAddress } from "../net/listener.ts";
import { type ListenMode, platformAddress, type PortAddress } from "../net/worker_address.ts";

/** How side addresses are listened on. */
export interface SideAddressOptions {
  readonly listen: ListenMode;
  readonly backlog: number;
  /** The address of the fleet itself, which no further server can have; port 0 for none. */
  readonly own: { readonly hostname: string; readonly port: number };
  /** Called once for each address. */
  readonly onReserved: (url: string) => void;
}

interface SideAddress {
  readonly address: ReservedAddress;
  /** The workers that listen there. */
  readonly workers: Set<number>;
}

/** The addresses of one fleet, beside its own. */
export class SideAddresses {
  readonly #options: SideAddressOptions;
  readonly #addresses = new Map<string, SideAddress>();
  #isReady = false;

  constructor(options: SideAddressOptions) {
    this.#options = options;
  }

  /** Returns the address that a worker asks for, or why it cannot be listened on. */
  reserve(worker: number, place: SidePlace): Reservation {
    try {
      const port = this.#reserve(worker, place);
      return { kind: "reserved", address: platformAddress(port), port };
    } catch (error) {
      const { name, message } = error as Error;
      return { kind: "failed", name, message };
    }
  }

  #reserve(worker: number, { call, hostname, port }: SidePlace): PortAddress {
    const { listen, backlog, own, onReserved } = this.#options;
    // Calls for any port differ by their order in the program.
    const key = port === 0 ? `${call} ${hostname}` : `${hostname} ${port}`;
    const known = this.#addresses.get(key);
    // Sockets of one process could share the port, and connections would come to either.
    const isOwn = port === own.port && mayOverlap(hostname, own.hostname);
    if (port !== 0 && (isOwn || known?.workers.has(worker))) {
      const message = `Cannot listen on ${hostname}:${port}: the program listens there already`;
      throw new Deno.errors.AddrInUse(message);
    }
    const side = known ??
      { address: reserveAddress({ listen, hostname, port, backlog }), workers: new Set() };
    side.workers.add(worker);
    if (known === undefined) {
      this.#addresses.set(key, side);
      if (this.#isReady) side.address.workersAccept();
      onReserved(side.address.url);
    }
    // What reserves a port has one address for all workers.
    return side.address.addressOf(1) as PortAddress;
  }

  /** Called when every worker accepts. */
  workersAccept(): void {
    this.#isReady = true;
    for (const { address } of this.#addresses.values()) address.workersAccept();
  }

  /** Releases what holds the addresses. */
  release(): void {
    for (const { address } of this.#addresses.values()) address.release();
  }
}

const WILDCARDS: readonly string[] = ["0.0.0.0", "::"];

/** An IP address, as far as it differs from the name of a host. */
const IP_ADDRESS = /^[\d.]+$|:/;

/** Whether two hostnames may stand for one address: only two different IP addresses do not. */
function mayOverlap(one: string, other: string): boolean {
  if (one === other || !IP_ADDRESS.test(one) || !IP_ADDRESS.test(other)) return true;
  return WILDCARDS.includes(one) || WILDCARDS.includes(other);
}
