// The one timer of a worker. Each tick renews the times that others read, enforces time limits,
// beats the heartbeat, and writes the logs. A timer for each purpose would cost more.

import type { ConnectionContext } from "../connection/connection_context.ts";
import { tickFor, type TimeLimited } from "../connection/deadlines.ts";
import type { ServerSettings } from "../options/server_options.ts";
import { DateField } from "./date_field.ts";
import type { EventLoopLag } from "./event_loop_lag.ts";
import { Heartbeat } from "./heartbeat.ts";

/** The part of a connection context that the clock moves. */
export type ClockedContext = Pick<
  ConnectionContext,
  "deadlines" | "encoder" | "inFlightRequests" | "accessLog" | "reasonLog" | "scoreboard"
>;

/** What a worker's clock drives. */
export interface ClockOptions {
  readonly tickMs: number;
  readonly heartbeatMs: number;
  readonly context: ClockedContext;
  /** Measures the lag of the event loop more often than the clock ticks. Undefined if nothing needs that. */
  readonly lag?: EventLoopLag;
  /** Returns the connections, whose deadlines each tick enforces. */
  readonly members: () => Iterable<TimeLimited>;
  /** Called before everything else in a tick. */
  readonly beforeTick: () => void;
  /** Called after the deadlines, before the access log is written. */
  readonly afterTick: () => void;
}

/** Returns the time between two ticks, which suits the time limits and the heartbeat. */
export function tickMsFor(settings: ServerSettings, heartbeatMs: number): number {
  const limits = [
    settings.headTimeout,
    settings.bodyTimeout,
    settings.keepAliveTimeout,
    settings.writeTimeout,
    settings.handlerTimeout,
    settings.lingerReadTimeout,
    settings.lingerTimeout,
    settings.pingInterval,
    settings.pongTimeout,
  ];
  return Math.min(tickFor(limits), heartbeatMs);
}

/** The clock of a worker. */
export class WorkerClock {
  readonly #options: ClockOptions;
  readonly #date = new DateField();
  readonly #heartbeat: Heartbeat;
  #expectedAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: ClockOptions) {
    const { context, heartbeatMs } = options;
    this.#options = options;
    this.#heartbeat = new Heartbeat(context.scoreboard, heartbeatMs, performance.now());
  }

  /** Ticks once now, then at each interval. */
  start(): void {
    this.#expectedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), this.#options.tickMs);
    this.#tick();
  }

  /** Stops ticking. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { tickMs, context, lag, members, beforeTick, afterTick } = this.#options;
    beforeTick();
    const now = performance.now();
    const wall = new Date();
    context.inFlightRequests.now = wall.getTime();
    const date = this.#date.renew(context.inFlightRequests.now);
    if (date !== undefined) context.encoder.setDate(date);
    this.#heartbeat.tick(now, Math.max(now - this.#expectedAt, lag?.takeWorst() ?? 0, 0));
    this.#expectedAt = now + tickMs;
    context.deadlines.tick(now, members());
    afterTick();
    context.accessLog?.tick(wall);
    context.reasonLog.tick(now);
  }
}
