// The operator's port. The main thread answers, so the port works even when every worker hangs. It
// uses the parser of `http1/`, not `Deno.serve`, which stops listening for good when the process
// runs out of file descriptors (seen on Deno 2.9). The number of connections is limited; a new one
// beyond the limit ends the oldest, so neither idle nor slow clients keep a probe from its
// response.

import { listenAlone } from "../net/listener.ts";
import { isOutOfResources } from "../net/socket_errors.ts";
import type { FleetEvent } from "../telemetry/fleet_event.ts";
import type { AdminSettings } from "../options/run_options.ts";
import type { FleetObserver, ObservedFleet } from "../supervisor/fleet_observer.ts";
import { AdminConnection } from "./admin_connection.ts";
import {
  type AdminResponse,
  type AdminView,
  mayBeForeignPage,
  refusal,
  responseTo,
} from "./endpoints.ts";
import { EventStreams } from "./event_streams.ts";
import { prometheusText } from "./prometheus.ts";
import { FleetHistory } from "./fleet_history.ts";
import { type Readiness, readinessOf } from "./readiness.ts";

/** How often the history, and with it the page, receives a sample. */
const SAMPLE_MS = 1_000;

/** How long to wait before another try when the process is out of descriptors. */
const ACCEPT_PAUSE_MS = 100;

/**
 * Each other error is about one connection, which was reset in the queue. This many in a row are
 * not.
 */
const MAX_FAILURES_IN_A_ROW = 1_000;

/** The operator's port of one fleet. */
export class AdminPort implements FleetObserver {
  readonly addr: Deno.NetAddr;
  readonly #listener: Deno.TcpListener;
  /** The open connections, the oldest first, each with the promise of its end. */
  readonly #connections = new Map<AdminConnection, Promise<void>>();
  readonly #history = new FleetHistory();
  readonly #streams = new EventStreams();
  #maxConnections = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  private constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
    this.addr = listener.addr as Deno.NetAddr;
  }

  /**
   * Listens on the port. Requests wait there until `watch()` is called.
   *
   * @throws what `Deno.listen` throws, with a message that says what to do
   */
  static open({ hostname, port }: AdminSettings): AdminPort {
    return new AdminPort(listenAlone(hostname, port, " for the operator's port"));
  }

  watch(fleet: ObservedFleet, maxDescriptors: number): void {
    this.#maxConnections = maxDescriptors;
    this.#streams.limitTo(Math.floor(maxDescriptors / 2));
    const view: AdminView = {
      readiness: () => readiness(fleet),
      stats: () => ({ ...describeProcess(), ready: readiness(fleet).isReady, ...fleet.stats() }),
      metrics: () => {
        const totals = fleet.requestTotals();
        return prometheusText({
          stats: fleet.stats(),
          requests: totals.rows(),
          queueTimes: totals.queueTimes,
          isReady: readiness(fleet).isReady,
          startedAtSeconds: performance.timeOrigin / 1_000,
          denoVersion: Deno.version.deno,
        });
      },
    };
    this.#sample(fleet);
    this.#timer = setInterval(() => this.#sample(fleet), SAMPLE_MS);
    this.#accept(fleet, view);
  }

  note(event: FleetEvent): void {
    this.#streams.send("fleet", this.#history.note(event, Date.now()));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#listener.close();
    for (const connection of this.#connections.keys()) connection.close();
  }

  #sample(fleet: ObservedFleet): void {
    const totals = fleet.requestTotals();
    const counted = {
      stats: fleet.stats(),
      buckets: totals.buckets(),
      queueBuckets: totals.queueTimes.buckets,
    };
    const sample = this.#history.take(counted, performance.now(), Date.now());
    this.#streams.send("sample", { sample, now: this.#now(fleet) });
  }

  #now(fleet: ObservedFleet) {
    return {
      ...this.#history.now(fleet.stats()),
      ...describeProcess(),
      readiness: readiness(fleet),
    };
  }

  async #accept(fleet: ObservedFleet, view: AdminView): Promise<void> {
    for (let failures = 0; !this.#isClosed;) {
      try {
        const conn = await this.#listener.accept();
        failures = 0;
        if (this.#connections.size >= this.#maxConnections) await this.#makeRoom();
        this.#serve(conn, fleet, view);
      } catch (error) {
        if (this.#isClosed) return;
        const isShortage = isOutOfResources(error);
        if (!isShortage && ++failures < MAX_FAILURES_IN_A_ROW) continue;
        failures = 0;
        // This port makes room first: the workers need their descriptors more.
        if (isShortage) await this.#makeRoom();
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  /**
   * Ends the oldest connection that is not a stream; streams have a limit of their own. Waits for
   * its end: the runtime frees a descriptor only after the pending read has ended, and until then a
   * crowd of clients would use up the workers' descriptors.
   */
  async #makeRoom(): Promise<void> {
    for (const [connection, served] of this.#connections) {
      if (connection.isStream) continue;
      connection.close();
      return await served;
    }
  }

  #serve(conn: Deno.TcpConn, fleet: ObservedFleet, view: AdminView): void {
    // The port may have closed while it made room.
    if (this.#isClosed) return conn.close();
    const connection = new AdminConnection(conn);
    const served = connection.serve({
      answer: (method, path, host) => this.#answer(method, path, host, view),
      onStream: (stream) => {
        // Another stream may have opened since the response.
        if (!this.#streams.hasRoom) return stream.close();
        const { samples, events } = this.#history;
        this.#streams.add(stream, "history", { samples, events, now: this.#now(fleet) });
      },
    });
    this.#connections.set(connection, served.then(() => void this.#connections.delete(connection)));
  }

  #answer(method: string, path: string, host: string | undefined, view: AdminView): AdminResponse {
    if (isLoopback(this.addr) && mayBeForeignPage(path, host)) {
      return refusal(421, "on this machine's own address, ask for localhost or for an IP address");
    }
    const answer = responseTo(method, path, view);
    if (answer.kind === "whole" || this.#streams.hasRoom) return answer;
    return refusal(503, "as many look at this fleet already as may");
  }
}

function isLoopback({ hostname }: Deno.NetAddr): boolean {
  return hostname.startsWith("127.") || hostname === "::1";
}

function readiness(fleet: ObservedFleet): Readiness {
  return readinessOf(fleet.phase, fleet.ready, fleet.stats().workers, fleet.hangTimeoutMs);
}

function describeProcess() {
  return {
    pid: Deno.pid,
    deno: Deno.version.deno,
    uptimeMs: performance.now(),
  };
}
