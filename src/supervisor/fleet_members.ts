// The workers of a fleet and their states. It answers questions about them and changes nothing
// itself.

import type { WorkerEndCause } from "../telemetry/fleet_event.ts";
import type { WorkerState } from "./fleet_protocol.ts";

/** A worker, as the fleet knows it. */
export interface Member {
  readonly worker: number;
  /** When it was spawned; for a standby that was promoted, when that happened. */
  startedAt: number;
  state: WorkerState;
  /** Where it listens; undefined until it has loaded. */
  slot: number | undefined;
  /** The share of the limits at which it is recycled. Workers of one age get different shares. */
  readonly recycleShare: number;
  /** Its open WebSockets, as far as the fleet knows. */
  webSocketsOpen: number;
  /** Whether a panic has happened in it, and its replacement waits because of its WebSockets. */
  isPostponed: boolean;
  /** Whether it was a standby. */
  isPromoted: boolean;
}

/** The workers that exist, in the order in which they were spawned. */
export class FleetMembers {
  readonly #members = new Map<number, Member>();

  get size(): number {
    return this.#members.size;
  }

  get(worker: number): Member | undefined {
    return this.#members.get(worker);
  }

  add(member: Member): void {
    this.#members.set(member.worker, member);
  }

  /** Removes a worker. Returns whether it was a member. */
  remove(worker: number): boolean {
    return this.#members.delete(worker);
  }

  /** Returns a list that stays as it is when workers come and go. */
  list(): Member[] {
    return [...this.#members.values()];
  }

  /** Returns the state of each worker, by its number. */
  states(): ReadonlyMap<number, WorkerState> {
    return new Map(this.list().map(({ worker, state }) => [worker, state]));
  }

  /** Returns how many workers are in a state. */
  count(kind: WorkerState["kind"]): number {
    let count = 0;
    for (const { state } of this.#members.values()) if (state.kind === kind) count++;
    return count;
  }

  /** Returns how many workers start that will accept as soon as they can. */
  countStartingToServe(): number {
    return this.list().filter(({ state }) => state.kind === "starting" && !state.isStandby).length;
  }

  /** Returns the standbys, also those that still load: those that wait first, the oldest first. */
  standbys(): Member[] {
    const members = this.list();
    const waiting = members.filter(({ state }) => state.kind === "standby");
    return [...waiting, ...members.filter(isLoadingStandby)];
  }

  /**
   * Returns how many workers serve until their replacement accepts, and can: those that hang
   * cannot.
   */
  countRetiringThatServe(): number {
    return this.list().filter((member) => member.state.kind === "retiring" && !isHung(member))
      .length;
  }

  /** Returns the workers that serve, in the order in which a surplus of them is drained. */
  inDrainOrder(): Member[] {
    const newestFirst = this.list().filter(({ state }) => state.kind === "accepting").reverse();
    return [...this.#retiringInOrder(), ...newestFirst];
  }

  /**
   * Returns the retiring workers: first those that hang, then those whose slot has been taken over.
   * To drain another one would leave its slot empty.
   */
  #retiringInOrder(): Member[] {
    const members = this.list();
    const taken = new Set(
      members.filter(({ state }) => state.kind === "accepting").map(({ slot }) => slot),
    );
    const rank = (member: Member) => Number(isHung(member)) * 2 + Number(taken.has(member.slot));
    return members.filter(({ state }) => state.kind === "retiring")
      .sort((left, right) => rank(right) - rank(left));
  }
}

/** Whether a worker accepts connections. */
export function isServing({ state }: Member): boolean {
  return state.kind === "accepting" || state.kind === "retiring";
}

/** Whether a worker loads the program to wait then. */
export function isLoadingStandby({ state }: Member): boolean {
  return state.kind === "starting" && state.isStandby;
}

/** Whether a worker is replaced because it hangs. */
export function isHung({ state }: Member): boolean {
  return state.kind === "retiring" && state.cause === "hang";
}

/** Returns why a worker ends that is drained because it is more than desired. */
export function surplusCause({ state }: Member): WorkerEndCause {
  return state.kind === "retiring" ? state.cause : "resize";
}
