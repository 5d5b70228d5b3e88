// Keeps descriptors free for workers that have to be replaced: what is left may be connections.
// A shortage lowers the number of connections; after some time without another one it is restored.

import { ConnectionBudget } from "../ipc/connection_budget.ts";
import {
  connectionsThatFit,
  DESCRIPTORS_PER_WORKER,
  descriptorsForObserver,
} from "./system_limits.ts";

/** What took the descriptors may be over after this time without a shortage. */
const SHORTAGE_MS = 60_000;

/** What takes descriptors beside the connections. */
export interface DescriptorUsers {
  readonly workers: number;
  readonly standby: number;
  readonly hasObserver: boolean;
}

/** The file descriptors of the process, as far as its workers share them. */
export class DescriptorBudget {
  readonly connections: ConnectionBudget;
  /** How many descriptors the observer may take. */
  readonly forObserver: number;
  readonly #maxConnections: number | undefined;
  #shortages = 0;
  #shortageAt = 0;

  /** Counts the descriptors that are free now, and keeps some for each that needs them. */
  static measure({ workers, standby, hasObserver }: DescriptorUsers): DescriptorBudget {
    const forObserver = hasObserver ? descriptorsForObserver() : 0;
    const reserved = forObserver + standby * DESCRIPTORS_PER_WORKER;
    return new DescriptorBudget(workers, connectionsThatFit(workers, reserved), forObserver);
  }

  /** Makes a budget of at most `maxConnections`; undefined where the limit is not known. */
  constructor(workers: number, maxConnections: number | undefined, forObserver = 0) {
    this.#maxConnections = maxConnections;
    this.forObserver = forObserver;
    this.connections = ConnectionBudget.of(maxConnections, workers);
  }

  /**
   * Whether another worker has descriptors to start with. Without them it would end the process.
   */
  get hasRoom(): boolean {
    return this.connections.excess === 0;
  }

  /** Restores the number of connections when the last shortage is long over. Called often. */
  renew(now: number): void {
    const { shortages } = this.connections;
    if (shortages !== this.#shortages) {
      this.#shortages = shortages;
      this.#shortageAt = now;
    } else if (shortages > 0 && now - this.#shortageAt > SHORTAGE_MS) {
      this.connections.setLimit(this.#maxConnections);
    }
  }
}
