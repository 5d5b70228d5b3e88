// The operator's port: what runs here, told over HTTP by the main thread, and therefore even when every worker is stuck.
// It reads with the parser of `http1/`, as the workers do, and not with `Deno.serve`: that stops listening, for good and without a word,
// at the first connection for which the process has no file descriptor left (seen on Deno 2.9). Here what may be open at
// once has a bound, within what the supervisor keeps free for it; who comes beyond it takes the place of whoever has been at it
// longest, so neither idle connections nor slow clients keep a probe from its answer.

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

/** How often the history gets a sample, and the page with it. */
const SAMPLE_MS = 1_000;

/** How long to wait where the process has no descriptors left before trying again. */
const ACCEPT_PAUSE_MS = 100;

/** Errors other than that are each of one connection, which was reset while it waited. So many in a row are not. */
const MAX_FAILURES_IN_A_ROW = 1_000;

/** The operator's port of one fleet. */
export class AdminPort implements FleetObserver {
  readonly addr: Deno.NetAddr;
  readonly #listener: Deno.TcpListener;
  /** Those that are open, the oldest first, each with its end. */
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
   * Takes the port. What is asked there waits until there is a fleet to tell of.
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
      metrics: () =>
        prometheusText({
          stats: fleet.stats(),
          requests: fleet.requestTotals().rows(),
          isReady: readiness(fleet).isReady,
          startedAtSeconds: performance.timeOrigin / 1_000,
          denoVersion: Deno.version.deno,
        }),
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
    const counted = { stats: fleet.stats(), buckets: fleet.requestTotals().buckets() };
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
        // It is for ours to make room first.
        if (isShortage) await this.#makeRoom();
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  /**
   * Ends the connection that has been there longest without its answer; streams have a bound of their own. Waits until it is gone:
   * the runtime lets go of a descriptor only when it has told whoever waits at it, and a crowd that comes all at once would
   * have taken those of the workers by then.
   */
  async #makeRoom(): Promise<void> {
    for (const [connection, served] of this.#connections) {
      if (connection.isStream) continue;
      connection.close();
      return await served;
    }
  }

  #serve(conn: Deno.TcpConn, fleet: ObservedFleet, view: AdminView): void {
    // It may have been closed while there was being made room.
    if (this.#isClosed) return conn.close();
    const connection = new AdminConnection(conn);
    const served = connection.serve({
      answer: (method, path, host) => this.#answer(method, path, host, view),
      onStream: (stream) => {
        // Somebody may have been faster since it was answered.
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
