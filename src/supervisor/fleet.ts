// Decides what to do next from the states of the workers. `after(input, now)` takes what happened
// and the time, and returns actions for supervisor.ts. At every input it compares the desired
// workers with those that exist, so it mends a death that was never reported. Replacement first: a
// worker that has to go serves until another one accepts. No workers, no timers, no clock.

import type { FleetEvent, WorkerEndCause } from "../telemetry/fleet_event.ts";
import type { FleetPhase } from "../telemetry/fleet_log.ts";
import { planDrain } from "./drain_plan.ts";
import {
  FleetMembers,
  isHung,
  isLoadingStandby,
  isServing,
  type Member,
  surplusCause,
} from "./fleet_members.ts";
import type { FleetAction, FleetInput, FleetSettings, WorkerState } from "./fleet_protocol.ts";
import { RollingReload } from "./rolling_reload.ts";
import { SocketPanicLimit } from "./socket_panics.ts";
import { SpawnPace } from "./spawn_pace.ts";

/** What the fleet as a whole does. */
type Phase =
  /** Not every worker has accepted yet. `firstFailure` is reported if none ever can. */
  | {
    readonly kind: "starting";
    readonly since: number;
    readonly firstFailure: string | undefined;
  }
  | { readonly kind: "serving" }
  /** The stop has begun, and the fleet serves until `until`. */
  | {
    readonly kind: "leaving";
    readonly until: number;
    /** Signals before this time are the one that asked for the stop. */
    readonly nextSignalFrom: number;
    /** Whether every worker has accepted once. */
    readonly hasBeenReady: boolean;
    readonly failure: string | undefined;
  }
  | {
    readonly kind: "stopping";
    readonly nextSignalFrom: number;
    readonly failure: string | undefined;
  }
  /** No worker is left. `failure` is why the fleet had to stop by itself. */
  | { readonly kind: "over"; readonly failure: string | undefined };

/** Whether another worker has descriptors to start with. A shortage is reported once. */
type Room = "free" | "short" | "short_reported";

/**
 * Signals to stop within this time of the first are one signal. One Ctrl-C arrives twice within
 * milliseconds under `deno task`: the terminal signals the whole process group, and the task runner
 * forwards its own signal. A person who wants to cut short needs longer for a second Ctrl-C.
 */
export const STOP_SIGNAL_WINDOW_MS = 500;

/**
 * How long a fleet may try to be complete for the first time while its workers come up and die.
 * Then it gives up, so that the program receives the cause.
 */
const MAX_UNREADY_MS = 10_000;
/** Fewer rounds of deaths are a slow start, not a crash loop. */
const MIN_UNREADY_ROUNDS = 3;

/** The limits of a fleet whose workers a debugger may stop. */
const NO_LIMITS = { startTimeoutMs: 0, loadTimeoutMs: Infinity, hangTimeoutMs: 0 };

/** How far the limits of recycling are spread. */
const RECYCLE_JITTER = 0.1;

const NOT_LOADED =
  "the workers' module does not load @mudpie/server: pass as entry the module that builds the WebServer and calls run(), " +
  "or a longer startTimeout if it only takes long to load";

/** A worker that could not start. */
interface StartFailure {
  readonly worker: number;
  readonly cause: "start_failed" | "start_timeout";
  readonly reason: string;
  /** Whether another try would fail in the same way. */
  readonly isFinal: boolean;
}

type Heartbeat = Extract<FleetInput, { kind: "heartbeat" }>;
type Panicked = Extract<FleetInput, { kind: "panicked" }>;
type ThreadGone = Omit<Extract<FleetInput, { kind: "gone" }>, "kind">;

/** What a fleet takes from outside, so that tests can choose it. */
export interface FleetSources {
  /** Returns a number for a new worker, which no other worker of the process has or had. */
  readonly nextWorker: () => number;
  /** Returns a number from 0 up to, but not including, 1. */
  readonly random: () => number;
}

/** The state of all workers. */
export class Fleet {
  readonly #settings: FleetSettings;
  readonly #sources: FleetSources;
  readonly #pace: SpawnPace;
  readonly #members = new FleetMembers();
  readonly #socketPanics: SocketPanicLimit;
  #desired: number;
  #phase: Phase = { kind: "starting", since: 0, firstFailure: undefined };
  /** Whether the input of this turn was a failure, before the fleet was ever complete. */
  #hasJustFailed = false;
  #hasEverLoaded = false;
  #reload: RollingReload | undefined;
  #reportedDelayUntil = -Infinity;
  #room: Room = "free";
  #isInspected = false;
  #actions: FleetAction[] = [];

  /** Makes a fleet that has no workers before its first input. */
  constructor(settings: FleetSettings, sources: FleetSources) {
    this.#settings = settings;
    this.#sources = sources;
    this.#desired = settings.workers;
    this.#pace = new SpawnPace(sources.random);
    this.#socketPanics = new SocketPanicLimit(settings.socketPanicIntervalMs);
  }

  /** Returns the state of each worker that exists, by its number. */
  states(): ReadonlyMap<number, WorkerState> {
    return this.#members.states();
  }

  /** How many workers the fleet is to have. */
  get desired(): number {
    return this.#desired;
  }

  /** What the fleet as a whole does. A fleet that has ended is stopping. */
  get phase(): FleetPhase {
    const { kind } = this.#phase;
    return kind === "starting" || kind === "serving" ? kind : "stopping";
  }

  /** Whether the fleet has begun to stop, or has ended. */
  get isStopping(): boolean {
    return this.phase === "stopping";
  }

  /**
   * Whether the fleet should get requests: from when every worker accepts until it begins to stop.
   */
  get isReady(): boolean {
    return this.#phase.kind === "serving";
  }

  /** Whether the fleet has to stop because a worker hangs that cannot be stopped. */
  get hasHung(): boolean {
    return "failure" in this.#phase && this.#phase.failure !== undefined;
  }

  /** Whether the process has descriptors for another worker, as far as the fleet knows. */
  get hasRoom(): boolean {
    return this.#room === "free";
  }

  /** How long the next replacement has to wait. */
  delayMs(now: number): number {
    return this.#pace.delayMs(now);
  }

  /** Whether a worker with open WebSockets stays after a panic. */
  holdsSocketPanics(now: number): boolean {
    return this.#socketPanics.delayMs(now) > 0;
  }

  /** Takes what has happened, and returns what to do. */
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
        this.#phase = { kind: "starting", since: now, firstFailure: undefined };
        return;
      case "tick":
        return;
      case "loaded":
        return this.#noteLoaded(input.worker, input.slot);
      case "placed":
        return this.#notePlaced(input.worker, input.slot);
      case "standby":
        return this.#noteStandby(input.worker, now);
      case "accepting":
        return this.#noteAccepting(input.worker, now);
      case "heartbeat":
        return this.#noteHeartbeat(input, now);
      case "panicked":
        return this.#notePanic(input, now);
      case "closing":
        return this.#noteClosing(input.worker, input.call, now);
      case "failed":
        return this.#noteStartFailure(startFailureOf(input), now);
      case "draining":
        return this.#noteDraining(input.worker);
      case "ended":
        this.#act({ kind: "terminate", worker: input.worker });
        return this.#noteGone({ worker: input.worker, hasThrown: false, detail: "" }, now);
      case "gone":
        return this.#noteGone(input, now);
      case "reload":
        return this.#beginReload(now);
      case "resize":
        this.#desired = Math.max(1, this.#desired + input.by);
        return this.#report({ kind: "resized", workers: this.#desired });
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
        this.#room = input.hasRoom ? "free" : "short";
        return;
    }
  }

  #noteLoaded(worker: number, slot: number | undefined): void {
    this.#hasEverLoaded = true;
    const member = this.#members.get(worker);
    if (member?.state.kind !== "starting") return;
    member.state = { ...member.state, hasLoaded: true };
    member.slot = slot;
  }

  #notePlaced(worker: number, slot: number): void {
    const member = this.#members.get(worker);
    if (member !== undefined) member.slot = slot;
  }

  #noteStandby(worker: number, now: number): void {
    const member = this.#members.get(worker);
    if (member === undefined || !isLoadingStandby(member)) return;
    member.state = { kind: "standby", since: now };
    this.#report({ kind: "standby", worker, loadMs: now - member.startedAt });
  }

  #noteAccepting(worker: number, now: number): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "starting" || member.state.isStandby) return;
    member.state = { kind: "accepting", since: now, lastHeartbeat: now };
    this.#pace.noteAccepting();
    this.#report({
      kind: "accepting",
      worker,
      startMs: now - member.startedAt,
      ...(member.isPromoted && { isPromoted: true }),
    });
  }

  #noteHeartbeat(heartbeat: Heartbeat, now: number): void {
    const member = this.#members.get(heartbeat.worker);
    if (member === undefined) return;
    const { state, recycleShare } = member;
    member.webSocketsOpen = heartbeat.webSocketsOpen;
    if (state.kind !== "accepting" && state.kind !== "retiring") return;
    member.state = { ...state, lastHeartbeat: now };
    const cause = this.#recycleCause(heartbeat, recycleShare, now - state.since);
    if (cause !== undefined) this.#retire(heartbeat.worker, cause, now);
  }

  #notePanic({ worker, error, webSocketsOpen }: Panicked, now: number): void {
    this.#noteFailure(error);
    this.#report({ kind: "panicked", worker, error });
    const member = this.#members.get(worker);
    if (member?.state.kind !== "accepting") return;
    member.webSocketsOpen = webSocketsOpen;
    this.#replaceAfterPanic(member, now);
  }

  /** Replaces a worker in which a panic has happened, at once or when its WebSockets allow it. */
  #replaceAfterPanic(member: Member, now: number): void {
    const { worker, webSocketsOpen, isPostponed } = member;
    if (webSocketsOpen > 0) {
      const delayMs = this.#socketPanics.delayMs(now);
      if (delayMs > 0) {
        member.isPostponed = true;
        if (isPostponed) return;
        return this.#report({ kind: "postponing", worker, webSocketsOpen, delayMs });
      }
      this.#socketPanics.noteReplacement(now);
    }
    member.isPostponed = false;
    this.#retire(worker, "panic", now);
  }

  /** Replaces a worker whose application has closed its server: as a panic does, it comes again. */
  #noteClosing(worker: number, call: string, now: number): void {
    const detail = `the program closed its server by ${call}`;
    this.#noteFailure(detail);
    this.#retire(worker, "closed_by_program", now, detail);
  }

  #noteDraining(worker: number): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "draining") return;
    member.state = { ...member.state, hasStoppedAccepting: true };
    this.#report({ kind: "draining", worker, cause: member.state.cause });
  }

  #recycleCause(
    { requests, heapBytes }: Heartbeat,
    share: number,
    ageMs: number,
  ): WorkerEndCause | undefined {
    const { maxRequests, maxAgeMs, maxHeapBytes } = this.#settings;
    if (maxRequests > 0 && requests >= maxRequests * share) return "max_requests";
    if (maxAgeMs > 0 && ageMs >= maxAgeMs * share) return "max_age";
    if (maxHeapBytes > 0 && heapBytes > maxHeapBytes) return "max_heap";
    return undefined;
  }

  /**
   * Marks a worker that serves for replacement. A failure counts against the restart policy,
   * housekeeping does not.
   */
  #retire(worker: number, cause: WorkerEndCause, now: number, detail?: string): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "accepting") return;
    const { since, lastHeartbeat } = member.state;
    member.state = { kind: "retiring", since, lastHeartbeat, cause };
    if (cause === "panic" || cause === "closed_by_program") {
      this.#pace.notePanic(member.startedAt, now - since, now);
    }
    if (cause === "hang") this.#pace.noteGap(member.startedAt, now - since, now);
    this.#report({ kind: "replacing", worker, cause, ...(detail !== undefined && { detail }) });
  }

  /** Replaces a worker that hangs, or ends the fleet because of it. */
  #noteHang({ worker }: Member, now: number): void {
    const outcome = this.#settings.hangOutcome;
    // The supervisor adds the requests that it was handling.
    this.#report({ kind: "hung", worker, outcome, handling: [] });
    if (outcome !== "exit") return this.#retire(worker, "hang", now);
    this.#terminate(worker, "hang");
    if (this.isStopping) return;
    const failure = `worker ${worker} hangs and cannot be stopped`;
    // New connections may wait for the worker that hangs, so the stop is not delayed.
    this.#stop(failure, { nextSignalFrom: now, until: now, failure });
  }

  #noteStartFailure({ worker, cause, reason, isFinal }: StartFailure, now: number): void {
    const member = this.#members.get(worker);
    if (member?.state.kind !== "starting") return;
    this.#members.remove(worker);
    this.#act({ kind: "terminate", worker });
    this.#noteFailure(reason);
    if (member.state.isStandby) this.#pace.noteStandbyDeath(member.startedAt, 0, now);
    else this.#pace.noteGap(member.startedAt, 0, now);
    this.#report({ kind: "ended", worker, cause, detail: reason });
    if (this.#reload !== undefined) this.#endReload(reason);
    if (this.#phase.kind === "starting" && (isFinal || this.#pace.isHopeless)) this.#giveUp();
  }

  #noteGone({ worker, hasThrown, detail, handling = [] }: ThreadGone, now: number): void {
    const member = this.#members.get(worker);
    if (member === undefined) return;
    const { state } = member;
    switch (state.kind) {
      case "starting": {
        const isFinal = !hasThrown && !this.#hasEverLoaded;
        const reason = isFinal ? NOT_LOADED : detail;
        return this.#noteStartFailure({ worker, cause: "start_failed", reason, isFinal }, now);
      }
      case "standby":
        this.#members.remove(worker);
        this.#pace.noteStandbyDeath(member.startedAt, now - state.since, now);
        return this.#report({ kind: "ended", worker, cause: "crash", detail });
      case "accepting":
        this.#noteFailure(detail);
        this.#members.remove(worker);
        this.#pace.noteGap(member.startedAt, now - state.since, now);
        return this.#report({
          kind: "ended",
          worker,
          cause: "crash",
          detail,
          ...(handling.length > 0 ? { handling } : {}),
        });
      case "retiring":
        // It was to serve until another one does, so it leaves a gap like any other worker.
        this.#pace.noteGap(member.startedAt, now - state.since, now);
        this.#members.remove(worker);
        return this.#report({ kind: "ended", worker, cause: state.cause, detail });
      case "draining":
        this.#members.remove(worker);
        return this.#report({ kind: "ended", worker, cause: state.cause, detail });
    }
  }

  #beginReload(now: number): void {
    if (this.isStopping) return;
    // They have the code of before, which no worker is to begin with now.
    this.#endStandbys("reload", now);
    this.#reload = new RollingReload(this.states());
    // New code must not wait for what the old code did.
    this.#pace.forget();
    this.#report({ kind: "reloading" });
  }

  /** Ends a reload: completely, or because a new worker could not start. Then the old ones stay. */
  #endReload(failure: string | undefined): void {
    this.#reload = undefined;
    if (failure === undefined) {
      this.#report({ kind: "reloaded" });
      this.#act({ kind: "reloaded" });
      return;
    }
    for (const member of this.#members.list()) {
      const { state } = member;
      if (state.kind !== "retiring" || state.cause !== "reload") continue;
      member.state = { kind: "accepting", since: state.since, lastHeartbeat: state.lastHeartbeat };
    }
    this.#report({ kind: "reload_failed", reason: failure });
    this.#act({ kind: "reload_failed", reason: failure });
  }

  #beginShutdown(reason: string, now: number): void {
    if (this.isStopping) return;
    this.#stop(reason, {
      nextSignalFrom: now + STOP_SIGNAL_WINDOW_MS,
      until: now + this.#settings.shutdownDelayMs,
      failure: undefined,
    });
  }

  #stop(
    reason: string,
    times: { nextSignalFrom: number; until: number; failure: string | undefined },
  ): void {
    this.#phase = { kind: "leaving", hasBeenReady: this.isReady, ...times };
    this.#report({ kind: "stopping", reason });
    this.#act({ kind: "stop" });
    if (this.#reload !== undefined) this.#endReload("the server is stopping");
  }

  #noteStopSignal(signal: string, now: number): void {
    switch (this.#phase.kind) {
      case "starting":
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

  /** Keeps the first cause of all that fails before the fleet is complete. */
  #noteFailure(reason: string): void {
    if (this.#phase.kind !== "starting") return;
    this.#hasJustFailed = true;
    const firstFailure = this.#phase.firstFailure ?? (reason === "" ? undefined : reason);
    this.#phase = { ...this.#phase, firstFailure };
  }

  #giveUp(): void {
    if (this.#phase.kind !== "starting") return;
    const reason = this.#phase.firstFailure ?? "its workers end without a word";
    this.#terminateMembers("start_failed");
    this.#phase = { kind: "over", failure: undefined };
    this.#act({ kind: "give_up", reason });
  }

  #terminateAll(cause: WorkerEndCause, now: number): void {
    const phase = this.#phase;
    if (phase.kind === "leaving") {
      this.#phase = { kind: "stopping", nextSignalFrom: now, failure: phase.failure };
    } else if (!this.isStopping) {
      this.#phase = { kind: "stopping", nextSignalFrom: now, failure: undefined };
    }
    this.#terminateMembers(cause);
  }

  #terminateMembers(cause: WorkerEndCause): void {
    for (const { worker } of this.#members.list()) this.#terminate(worker, cause);
  }

  /** Terminates a worker, which counts as gone: one that spins in a Web Worker never reports it. */
  #terminate(worker: number, cause: WorkerEndCause): void {
    if (!this.#members.remove(worker)) return;
    this.#act({ kind: "terminate", worker });
    this.#report({ kind: "ended", worker, cause, detail: "terminated" });
  }

  #enforceTimes(now: number): void {
    const limits = this.#isInspected ? NO_LIMITS : this.#settings;
    for (const member of this.#members.list()) {
      const { state } = member;
      switch (state.kind) {
        case "starting":
          this.#enforceStart(member, limits, now);
          break;
        case "standby":
          break;
        case "accepting":
          if (isSilent(state, limits, now)) this.#noteHang(member, now);
          else if (member.isPostponed) this.#replaceAfterPanic(member, now);
          break;
        case "retiring":
          // It hangs, too, so it must not count among those that serve.
          if (state.cause === "hang" || !isSilent(state, limits, now)) break;
          member.state = { ...state, cause: "hang" };
          this.#noteHang(member, now);
          break;
        case "draining":
          if (now >= state.deadline) this.#terminate(member.worker, state.cause);
          break;
      }
    }
  }

  #enforceStart(
    { worker, startedAt }: Member,
    { loadTimeoutMs, startTimeoutMs }: { loadTimeoutMs: number; startTimeoutMs: number },
    now: number,
  ): void {
    const cause = "start_timeout";
    const ageMs = now - startedAt;
    if (!this.#hasEverLoaded && ageMs >= loadTimeoutMs) {
      this.#noteStartFailure({ worker, cause, reason: NOT_LOADED, isFinal: true }, now);
    } else if (startTimeoutMs > 0 && ageMs >= startTimeoutMs) {
      const reason = `a worker did not accept within startTimeout (${startTimeoutMs} ms)`;
      this.#noteStartFailure({ worker, cause, reason, isFinal: false }, now);
    }
  }

  #compare(now: number): void {
    switch (this.#phase.kind) {
      case "starting":
        return this.#isNeverReady(this.#phase.since, now)
          ? this.#giveUp()
          : this.#compareWithDesired(now);
      case "serving":
        return this.#compareWithDesired(now);
      case "leaving": {
        const { until, nextSignalFrom, failure } = this.#phase;
        if (now < until) return this.#compareWithDesired(now);
        this.#phase = { kind: "stopping", nextSignalFrom, failure };
        this.#act({ kind: "stop_listening" });
        return this.#drainAll(failure, now);
      }
      case "stopping":
        return this.#drainAll(this.#phase.failure, now);
      case "over":
        return;
    }
  }

  #compareWithDesired(now: number): void {
    this.#drainSurplus(now);
    this.#continueReload(now);
    this.#spawnMissing(now);
    this.#spawnStandby(now);
    if (this.#members.count("accepting") >= this.#desired) this.#becomeReady();
  }

  /**
   * Notes that every worker accepts, the first time. A fleet that stops already goes on stopping.
   */
  #becomeReady(): void {
    const phase = this.#phase;
    if (phase.kind === "starting") this.#phase = { kind: "serving" };
    else if (phase.kind === "leaving" && !phase.hasBeenReady) {
      this.#phase = { ...phase, hasBeenReady: true };
    } else return;
    this.#act({ kind: "ready" });
  }

  /**
   * Whether a worker that had come up has died again, so long after the start that it is a crash
   * loop.
   */
  #isNeverReady(startedAt: number, now: number): boolean {
    return this.#hasJustFailed && this.#pace.consecutiveFailures >= MIN_UNREADY_ROUNDS &&
      now - startedAt >= MAX_UNREADY_MS;
  }

  #continueReload(now: number): void {
    const step = this.#reload?.next(this.states());
    if (step?.kind === "retire") this.#retire(step.worker, "reload", now);
    else if (step?.kind === "done") this.#endReload(undefined);
  }

  /** Fills gaps, and replaces retiring workers, which have more time. */
  #spawnMissing(now: number): void {
    const serving = this.#members.countRetiringThatServe();
    // A gap waits for nothing while there is a standby: what may have to wait is the next standby.
    const gaps = this.#countMissing(now) - serving;
    for (let i = 0; i < gaps && this.#promote(now); i++);
    const missing = this.#countMissing(now);
    if (missing <= 0) return;
    const starting = this.#members.countStartingToServe();
    const { count, delaying } = this.#pace.allow({ missing, serving, starting }, now);
    for (let i = 0; i < count; i++) {
      if (this.#promote(now)) continue;
      if (!this.hasRoom) return this.#reportNoRoom();
      this.#spawn(now, false);
    }
    if (delaying !== undefined) this.#reportDelay(delaying, now);
  }

  /** Returns how many workers have to start, so that as many accept as are desired. */
  #countMissing(now: number): number {
    return this.#mostWorkers(now) - this.#members.countStartingToServe() -
      this.#members.count("accepting");
  }

  /** Has a standby serve, if there is one. Returns whether there is. */
  #promote(now: number): boolean {
    const [member] = this.#members.standbys();
    if (member === undefined) return false;
    const hasLoaded = member.state.kind !== "starting" || member.state.hasLoaded;
    member.state = { kind: "starting", hasLoaded, isStandby: false };
    member.startedAt = now;
    member.isPromoted = true;
    this.#act({ kind: "promote", worker: member.worker });
    return true;
  }

  /**
   * Loads a standby, if one is missing. One at a time, and only while no worker that is to serve
   * loads: these need the processors more.
   */
  #spawnStandby(now: number): void {
    if (this.#phase.kind !== "serving" || this.#reload !== undefined) return;
    if (this.#countMissing(now) > 0 || this.#members.count("starting") > 0) return;
    if (this.#members.count("standby") >= this.#settings.standby) return;
    if (!this.hasRoom) return this.#reportNoRoom();
    const { isAllowed, delaying } = this.#pace.allowStandby(now);
    if (isAllowed) this.#spawn(now, true);
    if (delaying !== undefined) this.#reportDelay(delaying, now);
  }

  /** Ends the standbys: in order, if they have loaded the program. */
  #endStandbys(cause: "reload" | "shutdown", now: number): void {
    for (const member of this.#members.standbys()) {
      if (member.state.kind === "standby") this.#drain(member, cause, now);
      else this.#terminate(member.worker, cause);
    }
  }

  /** Returns how many workers there may be now: at the start of the fleet, one goes ahead. */
  #mostWorkers(now: number): number {
    const phase = this.#phase;
    const isAlone = phase.kind === "starting" && this.#members.count("accepting") === 0 &&
      now - phase.since < this.#settings.firstAloneMs;
    return isAlone ? 1 : this.#desired;
  }

  #spawn(now: number, isStandby: boolean): void {
    const worker = this.#sources.nextWorker();
    this.#members.add({
      worker,
      startedAt: now,
      state: { kind: "starting", hasLoaded: false, isStandby },
      slot: undefined,
      recycleShare: 1 - RECYCLE_JITTER * this.#sources.random(),
      webSocketsOpen: 0,
      isPostponed: false,
      isPromoted: false,
    });
    this.#act({ kind: "spawn", worker, isStandby });
  }

  #reportNoRoom(): void {
    if (this.#room !== "short") return;
    this.#room = "short_reported";
    this.#report({ kind: "out_of_descriptors" });
  }

  #reportDelay(
    { notBefore, consecutiveFailures }: { notBefore: number; consecutiveFailures: number },
    now: number,
  ): void {
    if (notBefore === this.#reportedDelayUntil) return;
    this.#reportedDelayUntil = notBefore;
    this.#report({ kind: "delaying", delayMs: notBefore - now, consecutiveFailures });
  }

  /**
   * Drains as many workers as serve beyond the desired number: the retiring first, then the newest.
   */
  #drainSurplus(now: number): void {
    const serving = this.#members.inDrainOrder();
    for (const member of serving.slice(0, Math.max(0, serving.length - this.#desired))) {
      if (isHung(member)) this.#terminate(member.worker, "hang");
      else this.#drain(member, surplusCause(member), now);
    }
  }

  /**
   * Drains all workers that serve, terminates those that start, and ends the fleet after the last.
   */
  #drainAll(failure: string | undefined, now: number): void {
    this.#endStandbys("shutdown", now);
    for (const member of this.#members.list()) {
      if (member.state.kind === "starting") this.#terminate(member.worker, "shutdown");
      else if (isServing(member)) this.#drain(member, "shutdown", now);
    }
    if (this.#members.size > 0) return;
    this.#report({ kind: "stopped" });
    this.#phase = { kind: "over", failure };
    this.#act({ kind: "finished", failure });
  }

  #drain(member: Member, cause: WorkerEndCause, now: number): void {
    const { order, deadline } = planDrain(cause, this.#settings.drainTimeoutMs, now);
    const hasStoppedAccepting = member.state.kind === "standby";
    member.state = { kind: "draining", cause, deadline, hasStoppedAccepting };
    this.#act({ kind: "drain", worker: member.worker, order });
  }

  #act(action: FleetAction): void {
    this.#actions.push(action);
  }

  #report(event: FleetEvent): void {
    this.#act({ kind: "report", event, phase: this.phase });
  }
}

function startFailureOf(
  { worker, message, isFinal }: Extract<FleetInput, { kind: "failed" }>,
): StartFailure {
  return { worker, cause: "start_failed", reason: message, isFinal };
}

/** Whether a worker has sent no heartbeat for so long that it hangs. */
function isSilent(
  { lastHeartbeat }: { lastHeartbeat: number },
  { hangTimeoutMs }: { hangTimeoutMs: number },
  now: number,
): boolean {
  return hangTimeoutMs > 0 && now - lastHeartbeat >= hangTimeoutMs;
}
