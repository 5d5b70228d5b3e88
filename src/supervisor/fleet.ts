// Which worker is in which state, and what to do next.
// `after(input, now)` takes what has happened and the time, and gives actions; supervisor.ts performs them. At every turn
// it compares what is wanted with what is there, so that a death nobody heard of is mended all the same. The order is
// always replacement first: whoever has to go serves on until somebody else accepts. No workers, no timers, no clock.

import { type DrainOrder, MAX_OVERTIME_MS, type ShutdownReason } from "../ipc/drain_order.ts";
import type { FleetEvent, HangOutcome, WorkerEndCause } from "../telemetry/fleet_event.ts";
import { FIRST_GAP_DELAY_MS, FIRST_PANIC_DELAY_MS, RestartPolicy } from "./restart_policy.ts";

/** What the fleet has to keep to. Times are numbers of milliseconds; 0 switches a limit off. */
export interface FleetSettings {
  readonly workers: number;
  readonly startTimeoutMs: number;
  /** How long to wait for a first sign that the workers' module loads this library at all; `Infinity` where it is known. */
  readonly loadTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly hangTimeoutMs: number;
  readonly hangOutcome: HangOutcome;
  readonly shutdownDelayMs: number;
  readonly maxRequests: number;
  readonly maxAgeMs: number;
  readonly maxHeapBytes: number;
}

/** What has happened. */
export type FleetInput =
  | { readonly kind: "start" }
  /** `slot` is where it is going to listen; nobody else who is to stay has it. */
  | { readonly kind: "loaded"; readonly worker: number; readonly slot?: number }
  | { readonly kind: "accepting"; readonly worker: number }
  | {
    readonly kind: "heartbeat";
    readonly worker: number;
    readonly requests: number;
    readonly heapBytes: number;
  }
  | { readonly kind: "panicked"; readonly worker: number; readonly error: string }
  | {
    readonly kind: "failed";
    readonly worker: number;
    readonly message: string;
    readonly isFinal: boolean;
  }
  /** It has been told to drain, and accepts no more. */
  | { readonly kind: "draining"; readonly worker: number }
  | { readonly kind: "ended"; readonly worker: number }
  | {
    readonly kind: "gone";
    readonly worker: number;
    readonly hasThrown: boolean;
    readonly detail: string;
  }
  | { readonly kind: "reload" }
  | { readonly kind: "resize"; readonly by: 1 | -1 }
  | { readonly kind: "shutdown"; readonly reason: string }
  /** The process has received a signal to stop. The first one stops the fleet, a later one cuts short. */
  | { readonly kind: "stop_signal"; readonly signal: string }
  | { readonly kind: "cut_short" }
  /** A debugger may stop any worker for any time, from now on: neither a hang nor a slow start can be told from that. */
  | { readonly kind: "inspected" }
  /** Whether there are descriptors for another worker; there are until it is said that there are not. */
  | { readonly kind: "room"; readonly hasRoom: boolean }
  | { readonly kind: "tick" };

/** What is to be done. */
export type FleetAction =
  | { readonly kind: "spawn"; readonly worker: number }
  | { readonly kind: "drain"; readonly worker: number; readonly order: DrainOrder }
  | { readonly kind: "terminate"; readonly worker: number }
  | { readonly kind: "tell"; readonly event: FleetEvent }
  /** Every worker accepts for the first time. */
  | { readonly kind: "ready" }
  /** Readiness ends here; workers may go on serving for a while. */
  | { readonly kind: "stop" }
  /** Nobody accepts any more; what was accepted is still being answered. */
  | { readonly kind: "stop_listening" }
  | { readonly kind: "reloaded" }
  | { readonly kind: "reload_failed"; readonly reason: string }
  /** No worker can start; nothing is left running. */
  | { readonly kind: "give_up"; readonly reason: string }
  /** The last worker is gone, as was wanted; or, with a reason, because a hung one could not be stopped. */
  | { readonly kind: "finished"; readonly failure: string | undefined };

/** What one worker does. A worker that is gone has no state: it is no longer there. */
export type WorkerState =
  | { readonly kind: "starting"; readonly hasLoaded: boolean }
  | { readonly kind: "accepting"; readonly since: number; readonly lastHeartbeat: number }
  /** It serves, and is to be drained as soon as its replacement accepts. */
  | {
    readonly kind: "retiring";
    readonly since: number;
    readonly lastHeartbeat: number;
    readonly cause: WorkerEndCause;
  }
  | {
    readonly kind: "draining";
    readonly cause: WorkerEndCause;
    readonly deadline: number;
    /** Whether it has said that it accepts no more. */
    readonly hasStoppedAccepting: boolean;
  };

interface Member {
  readonly worker: number;
  readonly spawnedAt: number;
  state: WorkerState;
  slot: number | undefined;
  /** Its share of the limits at which it is recycled: a little below, so that workers of one age do not go together. */
  readonly recycleShare: number;
}

type Phase =
  | { readonly kind: "serving" }
  /** The stop has begun, and the fleet serves on until `until`. Signals before `nextSignalFrom` are the one that asked for it. */
  | { readonly kind: "leaving"; readonly nextSignalFrom: number; readonly until: number }
  | { readonly kind: "stopping"; readonly nextSignalFrom: number }
  | { readonly kind: "over" };

/**
 * Signals to stop within this time of the first are one signal. One Ctrl-C arrives twice within milliseconds under `deno task`:
 * the terminal signals the whole process group, and the task runner forwards its own signal. A person who wants to cut short
 * needs longer than this for a second Ctrl-C.
 */
export const STOP_SIGNAL_WINDOW_MS = 500;

/** Connections have this share less than the drain time, to say farewell in: then they are answered with 503. */
const FAREWELL_SHARE = 0.1;
const MAX_FAREWELL_MS = 1_000;

/**
 * How long a fleet may try to be complete for the first time while its workers come up and die: then whoever waits for it
 * hears why, rather than nothing.
 */
const MAX_UNREADY_MS = 10_000;
/** In so many rounds they must have died, for it to be a crash loop and not a slow start. */
const MIN_UNREADY_ROUNDS = 3;

/** The limits of a fleet whose workers a debugger may stop. */
const NO_LIMITS = { startTimeoutMs: 0, loadTimeoutMs: Infinity, hangTimeoutMs: 0 };

/** How far the limits of recycling are spread. */
const RECYCLE_JITTER = 0.1;

/** The state of all workers. */
export class Fleet {
  readonly #settings: FleetSettings;
  /** For deaths that leave a gap: crashes, hangs, and starts that fail. */
  readonly #gaps: RestartPolicy;
  readonly #panics: RestartPolicy;
  readonly #random: () => number;
  readonly #members = new Map<number, Member>();
  #desired: number;
  #lastWorker: number;
  #phase: Phase = { kind: "serving" };
  #hasBeenReady = false;
  #startedAt = 0;
  /** Whether a worker has failed just now, before the fleet was ever complete. */
  #hasJustFailed = false;
  #hasEverLoaded = false;
  /** The workers that a reload has still to replace; undefined when there is none. */
  #reload: number[] | undefined;
  #firstFailure: string | undefined;
  /** Why the fleet has to end that was not asked to. */
  #failure: string | undefined;
  #toldDelayUntil = -Infinity;
  #hasRoom = true;
  #isInspected = false;
  #hasToldNoRoom = false;
  #actions: FleetAction[] = [];

  /** `lastWorker` is the highest number in use so far; `random` gives numbers from 0 up to, but not including, 1. */
  constructor(settings: FleetSettings, lastWorker: number, random: () => number) {
    this.#settings = settings;
    this.#desired = settings.workers;
    this.#lastWorker = lastWorker;
    this.#random = random;
    this.#gaps = new RestartPolicy(FIRST_GAP_DELAY_MS, random);
    this.#panics = new RestartPolicy(FIRST_PANIC_DELAY_MS, random);
  }

  /** The state of each worker that is there, by its number. */
  states(): ReadonlyMap<number, WorkerState> {
    return new Map([...this.#members.values()].map(({ worker, state }) => [worker, state]));
  }

  /** How many workers there are to be. */
  get desired(): number {
    return this.#desired;
  }

  /** How long the next replacement still has to wait. */
  delayMs(now: number): number {
    return Math.max(0, this.#gaps.notBefore - now, this.#panics.notBefore - now);
  }

  /** Takes what has happened, and says what to do. */
  after(input: FleetInput, now: number): FleetAction[] {
    this.#actions = [];
    this.#hasJustFailed = false;
    if (this.#phase.kind === "over") return [];
    this.#take(input, now);
    this.#enforceTimes(now);
    this.#compare(now);
    return this.#actions;
  }

  #take(input: FleetInput, now: number): void {
    switch (input.kind) {
      case "start":
        this.#startedAt = now;
        return;
      case "tick":
        return;
      case "loaded":
        return this.#noteLoaded(input.worker, input.slot);
      case "accepting":
        return this.#noteAccepting(input.worker, now);
      case "heartbeat":
        return this.#noteHeartbeat(input.worker, input.requests, input.heapBytes, now);
      case "panicked":
        this.#noteFailure(input.error);
        this.#tell({ kind: "panicked", worker: input.worker, error: input.error });
        return this.#retire(input.worker, "panic", now);
      case "failed":
        return this.#noteStartFailure(
          input.worker,
          "start_failed",
          input.message,
          input.isFinal,
          now,
        );
      case "draining":
        return this.#noteDraining(input.worker);
      case "ended":
        this.#act({ kind: "terminate", worker: input.worker });
        return this.#noteGone(input.worker, false, "", now);
      case "gone":
        return this.#noteGone(input.worker, input.hasThrown, input.detail, now);
      case "reload":
        return this.#beginReload();
      case "resize":
        this.#desired = Math.max(1, this.#desired + input.by);
        return this.#tell({ kind: "resized", workers: this.#desired });
      case "shutdown":
        return this.#beginShutdown(input.reason, now);
      case "stop_signal":
        return this.#noteStopSignal(input.signal, now);
      case "cut_short":
        return this.#terminateAll("shutdown", now);
      case "inspected":
        this.#isInspected = true;
        return;
      case "room":
        this.#hasRoom = input.hasRoom;
        this.#hasToldNoRoom = false;
        return;
    }
  }

  #noteLoaded(worker: number, slot: number | undefined): void {
    this.#hasEverLoaded = true;
    const member = this.#members.get(worker);
    if (member?.state.kind !== "starting") return;
    member.state = { kind: "starting", hasLoaded: true };
    member.slot = slot;
  }

  #noteAccepting(worker: number, now: number): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "starting") return;
    member.state = { kind: "accepting", since: now, lastHeartbeat: now };
    this.#gaps.noteAccepting();
    this.#panics.noteAccepting();
    this.#tell({ kind: "accepting", worker, startMs: now - member.spawnedAt });
  }

  #noteHeartbeat(worker: number, requests: number, heapBytes: number, now: number): void {
    const member = this.#members.get(worker);
    if (member === undefined) return;
    const { state } = member;
    if (state.kind === "starting" || state.kind === "draining") return;
    member.state = { ...state, lastHeartbeat: now };
    const cause = this.#recycleCause(member, state.since, requests, heapBytes, now);
    if (cause !== undefined) this.#retire(worker, cause, now);
  }

  #noteDraining(worker: number): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "draining") return;
    member.state = { ...member.state, hasStoppedAccepting: true };
    this.#tell({ kind: "draining", worker, cause: member.state.cause });
  }

  #recycleCause(
    member: Member,
    since: number,
    requests: number,
    heapBytes: number,
    now: number,
  ): WorkerEndCause | undefined {
    const { maxRequests, maxAgeMs, maxHeapBytes } = this.#settings;
    if (maxRequests > 0 && requests >= maxRequests * member.recycleShare) return "max_requests";
    if (maxAgeMs > 0 && now - since >= maxAgeMs * member.recycleShare) return "max_age";
    if (maxHeapBytes > 0 && heapBytes > maxHeapBytes) return "max_heap";
    return undefined;
  }

  /** Marks a worker that serves for replacement. A failure counts against the restart policy, housekeeping does not. */
  #retire(worker: number, cause: WorkerEndCause, now: number): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "accepting") return;
    const { since, lastHeartbeat } = member.state;
    member.state = { kind: "retiring", since, lastHeartbeat, cause };
    if (cause === "panic") this.#panics.noteDeath(member.spawnedAt, now - since, now);
    if (cause === "hang") this.#gaps.noteDeath(member.spawnedAt, now - since, now);
    this.#tell({ kind: "replacing", worker, cause });
  }

  /** A worker hangs: it is replaced, or the fleet ends for its sake. */
  #noteHang({ worker }: Member, now: number): void {
    const outcome = this.#settings.hangOutcome;
    // What it was handling is known to whoever can read it.
    this.#tell({ kind: "hung", worker, outcome, handling: [] });
    if (outcome !== "exit") return this.#retire(worker, "hang", now);
    this.#terminate(worker, "hang");
    if (this.#phase.kind !== "serving") return;
    this.#failure = `worker ${worker} hangs and cannot be stopped`;
    this.#beginShutdown(this.#failure, now);
    // Whoever comes now may wait for the one that answers nobody, so there is no delay.
    this.#phase = { kind: "leaving", nextSignalFrom: now, until: now };
  }

  #noteStartFailure(
    worker: number,
    cause: "start_failed" | "start_timeout",
    reason: string,
    isFinal: boolean,
    now: number,
  ): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "starting") return;
    this.#members.delete(worker);
    this.#act({ kind: "terminate", worker });
    this.#noteFailure(reason);
    this.#gaps.noteDeath(member.spawnedAt, 0, now);
    this.#tell({ kind: "ended", worker, cause, detail: reason });
    if (this.#reload !== undefined) this.#endReload(reason);
    const isHopeless = this.#gaps.isHopeless || (isFinal && !this.#hasBeenReady);
    if (isHopeless && this.#phase.kind === "serving") this.#giveUp(now);
  }

  #noteGone(worker: number, hasThrown: boolean, detail: string, now: number): void {
    const member = this.#members.get(worker);
    if (member === undefined) return;
    const { state } = member;
    switch (state.kind) {
      case "starting": {
        const isUnknownModule = !hasThrown && !this.#hasEverLoaded;
        const reason = isUnknownModule ? NOT_LOADED : detail;
        return this.#noteStartFailure(worker, "start_failed", reason, isUnknownModule, now);
      }
      case "accepting":
        this.#noteFailure(detail);
        this.#members.delete(worker);
        this.#gaps.noteDeath(member.spawnedAt, now - state.since, now);
        return this.#tell({ kind: "ended", worker, cause: "crash", detail });
      case "retiring":
        // It was to serve until another one does, and has left a gap like any other that dies.
        this.#gaps.noteDeath(member.spawnedAt, now - state.since, now);
        this.#members.delete(worker);
        return this.#tell({ kind: "ended", worker, cause: state.cause, detail });
      case "draining":
        this.#members.delete(worker);
        return this.#tell({ kind: "ended", worker, cause: state.cause, detail });
    }
  }

  /** All that are there now have older code, those too that a reload which is still under way has brought. */
  #beginReload(): void {
    if (this.#phase.kind !== "serving") return;
    this.#reload = [...this.#members.values()]
      .filter(({ state }) => state.kind === "accepting" || state.kind === "starting")
      .map(({ worker }) => worker);
    // Whoever has mended the code must not wait for what the old one did.
    this.#gaps.forgetDeaths();
    this.#panics.forgetDeaths();
    this.#tell({ kind: "reloading" });
  }

  /** Ends a reload: for good, or because a new worker could not start; then the old ones stay. */
  #endReload(failure: string | undefined): void {
    this.#reload = undefined;
    if (failure === undefined) {
      this.#tell({ kind: "reloaded" });
      this.#act({ kind: "reloaded" });
      return;
    }
    for (const member of this.#members.values()) {
      const { state } = member;
      if (state.kind !== "retiring" || state.cause !== "reload") continue;
      member.state = { kind: "accepting", since: state.since, lastHeartbeat: state.lastHeartbeat };
    }
    this.#tell({ kind: "reload_failed", reason: failure });
    this.#act({ kind: "reload_failed", reason: failure });
  }

  #beginShutdown(reason: string, now: number): void {
    if (this.#phase.kind !== "serving") return;
    this.#phase = {
      kind: "leaving",
      nextSignalFrom: now + STOP_SIGNAL_WINDOW_MS,
      until: now + this.#settings.shutdownDelayMs,
    };
    this.#tell({ kind: "stopping", reason });
    this.#act({ kind: "stop" });
    if (this.#reload !== undefined) this.#endReload("the server is stopping");
  }

  #noteStopSignal(signal: string, now: number): void {
    switch (this.#phase.kind) {
      case "serving":
        return this.#beginShutdown(signal, now);
      case "leaving":
      case "stopping":
        if (now < this.#phase.nextSignalFrom) return;
        return this.#terminateAll("shutdown", now);
      case "over":
        return;
    }
  }

  /** Keeps the first cause of all that goes wrong until the fleet is complete. */
  #noteFailure(reason: string): void {
    if (this.#hasBeenReady) return;
    this.#hasJustFailed = true;
    if (reason !== "") this.#firstFailure ??= reason;
  }

  #giveUp(now: number): void {
    this.#terminateAll("start_failed", now);
    this.#phase = { kind: "over" };
    this.#act({ kind: "give_up", reason: this.#firstFailure ?? "its workers end without a word" });
  }

  #terminateAll(cause: WorkerEndCause, now: number): void {
    if (this.#phase.kind === "serving" || this.#phase.kind === "leaving") {
      this.#phase = { kind: "stopping", nextSignalFrom: now };
    }
    for (const worker of [...this.#members.keys()]) this.#terminate(worker, cause);
  }

  /** A worker that is told to end at once counts as gone: one that spins in a Web Worker would never say so. */
  #terminate(worker: number, cause: WorkerEndCause): void {
    this.#members.delete(worker);
    this.#act({ kind: "terminate", worker });
    this.#tell({ kind: "ended", worker, cause, detail: "terminated" });
  }

  #enforceTimes(now: number): void {
    const { startTimeoutMs, loadTimeoutMs, hangTimeoutMs } = this.#isInspected
      ? NO_LIMITS
      : this.#settings;
    for (const member of [...this.#members.values()]) {
      const { worker, spawnedAt, state } = member;
      switch (state.kind) {
        case "starting": {
          const isUnknownModule = !this.#hasEverLoaded && now - spawnedAt >= loadTimeoutMs;
          if (isUnknownModule) {
            this.#noteStartFailure(worker, "start_timeout", NOT_LOADED, true, now);
          } else if (startTimeoutMs > 0 && now - spawnedAt >= startTimeoutMs) {
            const reason = `a worker did not accept within startTimeout (${startTimeoutMs} ms)`;
            this.#noteStartFailure(worker, "start_timeout", reason, false, now);
          }
          break;
        }
        case "accepting":
          if (hangTimeoutMs > 0 && now - state.lastHeartbeat >= hangTimeoutMs) {
            this.#noteHang(member, now);
          }
          break;
        case "retiring":
          // It was to go for another reason, and hangs on top of it: it must not be counted among those that serve.
          if (
            hangTimeoutMs > 0 && state.cause !== "hang" &&
            now - state.lastHeartbeat >= hangTimeoutMs
          ) {
            member.state = { ...state, cause: "hang" };
            this.#noteHang(member, now);
          }
          break;
        case "draining":
          if (now >= state.deadline) this.#terminate(worker, state.cause);
          break;
      }
    }
  }

  #compare(now: number): void {
    switch (this.#phase.kind) {
      case "leaving":
        if (now < this.#phase.until) return this.#compareWithDesired(now);
        this.#phase = { kind: "stopping", nextSignalFrom: this.#phase.nextSignalFrom };
        this.#act({ kind: "stop_listening" });
        this.#drainAll(now);
        return this.#finishIfEmpty();
      case "stopping":
        this.#drainAll(now);
        return this.#finishIfEmpty();
      case "serving":
        return this.#isNeverReady(now) ? this.#giveUp(now) : this.#compareWithDesired(now);
      case "over":
        return;
    }
  }

  #compareWithDesired(now: number): void {
    this.#drainSurplus(now);
    this.#continueReload(now);
    this.#spawnMissing(now);
    if (!this.#hasBeenReady && this.#count("accepting") >= this.#desired) {
      this.#hasBeenReady = true;
      this.#act({ kind: "ready" });
    }
  }

  /** Whether one more worker has died that had come up, after so long that the fleet is not going to be complete. */
  #isNeverReady(now: number): boolean {
    const rounds = this.#gaps.consecutiveFailures + this.#panics.consecutiveFailures;
    return this.#hasJustFailed && rounds >= MIN_UNREADY_ROUNDS &&
      now - this.#startedAt >= MAX_UNREADY_MS;
  }

  #continueReload(now: number): void {
    if (this.#reload === undefined) return;
    const members = [...this.#members.values()];
    if (members.some(({ state }) => state.kind === "starting" || state.kind === "retiring")) {
      return;
    }
    for (;;) {
      const next = this.#reload.shift();
      if (next === undefined) {
        // Until it has stopped, an old worker may still take a connection and answer it with the old code.
        const oldAccepts = members.some(({ state }) =>
          state.kind === "draining" && !state.hasStoppedAccepting
        );
        return oldAccepts ? undefined : this.#endReload(undefined);
      }
      if (this.#members.get(next)?.state.kind !== "accepting") continue;
      return this.#retire(next, "reload", now);
    }
  }

  /** Fills gaps, and spawns for those that are to be replaced and serve on, which has more time. */
  #spawnMissing(now: number): void {
    const missing = this.#desired - this.#count("starting") - this.#count("accepting");
    if (missing <= 0) return;
    if (!this.#hasRoom) return this.#tellNoRoom();
    const serving = [...this.#members.values()]
      .filter((member) => member.state.kind === "retiring" && !isHung(member)).length;
    const gaps = Math.max(0, missing - serving);
    this.#spawnUpTo(gaps, this.#gaps.isProbing, [this.#gaps], now);
    this.#spawnUpTo(missing - gaps, this.#panics.isRecurring, [this.#gaps, this.#panics], now);
  }

  /** Spawns that many, or one at a time, as soon as the policies allow it. */
  #spawnUpTo(
    count: number,
    isOneAtATime: boolean,
    policies: readonly RestartPolicy[],
    now: number,
  ): void {
    if (count === 0) return;
    const delaying = policies.find(({ notBefore }) => now < notBefore);
    if (delaying !== undefined) return this.#tellDelay(delaying, now);
    const starting = this.#count("starting");
    const mayStart = isOneAtATime ? Math.max(0, 1 - starting) : count;
    for (let i = 0; i < Math.min(count, mayStart); i++) this.#spawn(now);
  }

  #spawn(now: number): void {
    const worker = ++this.#lastWorker;
    const recycleShare = 1 - RECYCLE_JITTER * this.#random();
    this.#members.set(worker, {
      worker,
      spawnedAt: now,
      state: { kind: "starting", hasLoaded: false },
      recycleShare,
      slot: undefined,
    });
    this.#act({ kind: "spawn", worker });
  }

  #tellNoRoom(): void {
    if (this.#hasToldNoRoom) return;
    this.#hasToldNoRoom = true;
    this.#tell({ kind: "out_of_descriptors" });
  }

  #tellDelay({ notBefore, consecutiveFailures }: RestartPolicy, now: number): void {
    if (notBefore === this.#toldDelayUntil) return;
    this.#toldDelayUntil = notBefore;
    this.#tell({ kind: "delaying", delayMs: notBefore - now, consecutiveFailures });
  }

  /** Lets go of as many workers as serve beyond what is wanted: the retiring first, and of these the hung ones first. */
  #drainSurplus(now: number): void {
    const retiring = [...this.#members.values()].filter(({ state }) => state.kind === "retiring");
    let surplus = this.#count("accepting") + retiring.length - this.#desired;
    // A hung one first; then those whose slot has been taken over: to let go of another would leave a slot with nobody.
    const taken = new Set(
      [...this.#members.values()].filter(({ state }) => state.kind === "accepting").map((
        { slot },
      ) => slot),
    );
    const rank = (member: Member) => Number(isHung(member)) * 2 + Number(taken.has(member.slot));
    retiring.sort((left, right) => rank(right) - rank(left));
    for (const member of retiring) {
      if (surplus <= 0) return;
      if (isHung(member)) this.#terminate(member.worker, "hang");
      else {this.#drain(
          member,
          member.state.kind === "retiring" ? member.state.cause : "resize",
          now,
        );}
      surplus--;
    }
    const newestFirst = [...this.#members.values()].reverse();
    for (const member of newestFirst) {
      if (surplus <= 0) return;
      if (member.state.kind !== "accepting") continue;
      this.#drain(member, "resize", now);
      surplus--;
    }
  }

  #drainAll(now: number): void {
    for (const member of [...this.#members.values()]) {
      switch (member.state.kind) {
        case "starting":
          this.#terminate(member.worker, "shutdown");
          break;
        case "retiring":
        case "accepting":
          this.#drain(member, "shutdown", now);
          break;
        case "draining":
          break;
      }
    }
  }

  #drain(member: Member, cause: WorkerEndCause, now: number): void {
    const { drainTimeoutMs } = this.#settings;
    const deadline = now + drainTimeoutMs + MAX_OVERTIME_MS;
    member.state = { kind: "draining", cause, deadline, hasStoppedAccepting: false };
    const order: DrainOrder = {
      reason: shutdownReason(cause),
      connectionsMs: drainTimeoutMs - Math.min(drainTimeoutMs * FAREWELL_SHARE, MAX_FAREWELL_MS),
      workMs: drainTimeoutMs,
    };
    this.#act({ kind: "drain", worker: member.worker, order });
  }

  #finishIfEmpty(): void {
    if (this.#members.size > 0) return;
    this.#phase = { kind: "over" };
    this.#tell({ kind: "stopped" });
    this.#act({ kind: "finished", failure: this.#failure });
  }

  #count(kind: WorkerState["kind"]): number {
    let count = 0;
    for (const { state } of this.#members.values()) if (state.kind === kind) count++;
    return count;
  }

  #act(action: FleetAction): void {
    this.#actions.push(action);
  }

  #tell(event: FleetEvent): void {
    this.#act({ kind: "tell", event });
  }
}

/** What a worker is told of the cause for which it has to end. */
function shutdownReason(cause: WorkerEndCause): ShutdownReason {
  switch (cause) {
    case "shutdown":
    case "reload":
      return cause;
    case "max_requests":
    case "max_age":
    case "max_heap":
    case "resize":
      return "recycling";
    case "panic":
    case "crash":
    case "hang":
    case "start_failed":
    case "start_timeout":
      return "panic";
  }
}

function isHung({ state }: Member): boolean {
  return state.kind === "retiring" && state.cause === "hang";
}

const NOT_LOADED =
  "the workers' module does not load @mudpie/server: pass as entry the module that builds the WebServer and calls run(), " +
  "or a longer startTimeout if it only takes long to load";
