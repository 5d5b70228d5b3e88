// The log lines of fleet events, and the choice of events that get a line.
// An event is a value; its words for the log are made here and nowhere else.

import type { FleetEvent, HandledRequest, HangOutcome, WorkerEndCause } from "./fleet_event.ts";
import { escapeForLog } from "./log.ts";

/** Advice on how to avoid the rare resets of listen mode "reuseport". */
export const QUEUE_ADVICE =
  "a connection that comes in the moment in which a worker closes its socket is reset; " +
  'sysctl net.ipv4.tcp_migrate_req=1, or listen mode "shared", keeps it';

/** Makes the line of an event of the fleet. */
export function fleetLine(event: FleetEvent): string {
  return escapeForLog(describeEvent(event));
}

function describeEvent(event: FleetEvent): string {
  switch (event.kind) {
    case "listening":
      return describeListening(event);
    case "listen_fallback":
      return `listen mode ${event.listenMode}: ${event.reason}`;
    case "accepting":
      return `worker ${event.worker}: accepting after ${Math.round(event.startMs)} ms${
        event.isPromoted ? " (it was a standby)" : ""
      }`;
    case "standby":
      return `worker ${event.worker}: a standby after ${Math.round(event.loadMs)} ms`;
    case "panicked":
      return `worker ${event.worker}: panicked`;
    case "postponing":
      return `worker ${event.worker}: has open WebSockets (${event.webSocketsOpen}), so it is replaced in ` +
        `${(event.delayMs / 1_000).toFixed(1)} s, or when they are closed (socketPanicInterval)`;
    case "hung":
      return `worker ${event.worker}: hung${describeHandling(event.handling)}; ${
        HANG_CONSEQUENCES[event.outcome]
      }`;
    case "replacing":
      return `worker ${event.worker}: to be replaced (${inWords(event.cause)})${
        event.detail === undefined ? "" : `: ${event.detail}`
      }`;
    case "draining":
      return `worker ${event.worker}: draining (${inWords(event.cause)})`;
    case "ended":
      return `worker ${event.worker}: ended (${inWords(event.cause)})${
        event.detail === "" ? "" : `: ${event.detail}`
      }${describeHandling(event.handling ?? [])}`;
    case "delaying":
      return `waiting ${
        Math.round(event.delayMs)
      } ms before the next worker: ${event.consecutiveFailures} in a row died young`;
    case "out_of_descriptors":
      return "no worker can be started while the process is out of file descriptors (raise ulimit -n); the others serve on";
    case "reloading":
      return "reloading: every worker is replaced, one at a time";
    case "reloaded":
      return "reloaded";
    case "reload_failed":
      return `reload failed, the old workers go on serving: ${event.reason}`;
    case "resized":
      return `the fleet is to have ${event.workers} workers`;
    case "stopping":
      return `stopping (${event.reason})${
        event.reason.startsWith("SIG") ? "; send it again to cut short" : ""
      }`;
    case "stopped":
      return "stopped";
  }
}

/** The log is written for people: it has the words of a cause, not its label. */
function inWords(cause: WorkerEndCause): string {
  return cause.replaceAll("_", " ");
}

function describeListening(event: FleetEvent & { readonly kind: "listening" }): string {
  const workers = event.workers === 1 ? "1 worker" : `${event.workers} workers`;
  const isolation = event.isolation === "web" ? "Web Workers" : "node:worker_threads";
  const sharing = event.listenMode === "unix"
    ? "a Unix socket for each"
    : `listen mode ${event.listenMode}`;
  return `listening on ${event.url} with ${workers} (${event.workersSource}), ` +
    `${sharing}, isolation ${event.isolation} (${isolation})` +
    (event.addressSource === undefined ? "" : `, address ${event.addressSource}`) +
    (event.adminUrl === undefined ? "" : `, operator's port ${event.adminUrl}`);
}

const HANG_CONSEQUENCES: Record<HangOutcome, string> = {
  "stopped": "it is replaced, and its thread ended",
  "spins_on": "it is replaced, but its thread cannot be ended and goes on taking a core: " +
    'isolation "thread" would have cured it',
  "exit":
    "its thread cannot be ended and its socket goes on drawing connections, so the others are drained and the process " +
    'ends (onHang): isolation "thread" would have cured it',
};

/** How many requests one line names. The worker hangs in one of them; the others wait for it. */
const MAX_NAMED_REQUESTS = 8;

/**
 * Names the requests, the newest first: a handler that blocks the thread is the last one that was
 * called.
 */
function describeHandling(requests: readonly HandledRequest[]): string {
  if (requests.length === 0) return "";
  const named = requests.toReversed()
    .slice(0, MAX_NAMED_REQUESTS)
    .map(({ method, path, ageMs }) => `${method} ${path} (${(ageMs / 1_000).toFixed(1)} s)`);
  const others = requests.length - named.length;
  return ` while handling ${named.join(", ")}${others === 0 ? "" : ` and ${others} more`}`;
}

/** What the fleet as a whole does. */
export type FleetPhase = "starting" | "serving" | "stopping";

/**
 * Returns whether an event gets a line of its own. The worker itself logs a panic, with the whole
 * error. A fleet that starts or stops has one line, not one for each worker. A fleet that cannot
 * start ends with an error that has the cause in it.
 */
export function isWorthALine(event: FleetEvent, phase: FleetPhase): boolean {
  switch (event.kind) {
    case "panicked":
      return false;
    case "replacing":
      // The event "hung" has had a line, which says that the worker is replaced.
      return event.cause !== "hang";
    case "accepting":
    case "draining":
      return phase === "serving";
    case "ended":
      // A worker that the supervisor had to terminate has a line even at the end.
      return phase === "serving" || (phase === "stopping" && event.detail !== "");
    default:
      return true;
  }
}
