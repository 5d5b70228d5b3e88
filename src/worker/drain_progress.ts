// Describes what a draining worker still waits for, at intervals: which requests, streams, sockets
// and background work, and when they are cut off. A drain that is over before the first interval
// has no line. No timer and no clock of its own.

import type { BackgroundTasks } from "../connection/background_tasks.ts";
import type { Connection, ConnectionWork } from "../connection/connection.ts";
import type { DrainOrder } from "../ipc/drain_order.ts";

/** How often a draining worker logs what it waits for. */
export const PROGRESS_INTERVAL_MS = 5_000;

/** How many names of one kind a line has, the most frequent ones first. */
const MAX_NAMES = 8;

/** What a draining worker may wait for. */
export interface DrainedWork {
  readonly connections: Iterable<Pick<Connection, "work">>;
  readonly background: Pick<BackgroundTasks, "pending">;
}

/** How kinds of work are named, in one and in several. */
const NAMES: Readonly<Record<ConnectionWork["kind"], readonly [one: string, several: string]>> = {
  request: ["request", "requests"],
  stream: ["stream", "streams"],
  socket: ["WebSocket or other upgraded connection", "WebSockets or other upgraded connections"],
  client: ["client that sends or receives", "clients that send or receive"],
};

/** The progress of one drain. */
export class DrainProgress {
  readonly #startedAt: number;
  readonly #connectionsEndAt: number;
  readonly #workEndsAt: number;
  #nextAt: number;

  /** `startedAt` is the time of the order. */
  constructor(
    { connectionsMs, workMs }: Pick<DrainOrder, "connectionsMs" | "workMs">,
    startedAt: number,
  ) {
    this.#startedAt = startedAt;
    this.#connectionsEndAt = startedAt + connectionsMs;
    this.#workEndsAt = startedAt + workMs;
    this.#nextAt = startedAt + PROGRESS_INTERVAL_MS;
  }

  /** Returns the line that is due; undefined if none is. `work` is called only if one is. */
  after(now: number, work: () => DrainedWork): string | undefined {
    if (now < this.#nextAt) return undefined;
    this.#nextAt += PROGRESS_INTERVAL_MS *
      Math.ceil((now - this.#nextAt + 1) / PROGRESS_INTERVAL_MS);
    const { connections, background } = work();
    const waits = [
      ...describeConnections(connections, this.#inTime(this.#connectionsEndAt, now)),
      ...describeBackground(background, this.#inTime(this.#workEndsAt, now)),
    ];
    const what = waits.length === 0
      ? "the program's own end: onShutdown callbacks and listeners to signals, " +
        this.#inTime(this.#workEndsAt, now)
      : waits.join("; ");
    return `draining for ${seconds(now - this.#startedAt)}, waits for ${what}`;
  }

  #inTime(end: number, now: number): string {
    return end > now ? `cut off in ${seconds(end - now)}` : "about to be cut off";
  }
}

function describeConnections(
  connections: DrainedWork["connections"],
  cutOff: string,
): string[] {
  const named = new Map<ConnectionWork["kind"], string[]>();
  for (const { work } of connections) {
    if (work === undefined) continue;
    const names = named.get(work.kind) ?? [];
    names.push("name" in work ? work.name : "");
    named.set(work.kind, names);
  }
  const kinds = Object.keys(NAMES) as ConnectionWork["kind"][];
  const parts = kinds.flatMap((kind) => {
    const names = named.get(kind);
    return names === undefined ? [] : [describeKind(NAMES[kind], names)];
  });
  return parts.length === 0 ? [] : [`${parts.join(", ")}, ${cutOff}`];
}

function describeBackground({ pending }: DrainedWork["background"], cutOff: string): string[] {
  const parts: string[] = [];
  const of = (kind: "work" | "ending") =>
    pending.filter((task) => task.kind === kind).map(({ name }) => name);
  const [work, endings] = [of("work"), of("ending")];
  if (work.length > 0) {
    parts.push(describeKind(["promise of waitUntil()", "promises of waitUntil()"], work));
  }
  if (endings.length > 0) {
    parts.push(describeKind(["source of a stream", "sources of streams"], endings));
  }
  return parts.length === 0 ? [] : [`${parts.join(", ")}, ${cutOff}`];
}

/** Describes what there is of one kind: `3 requests (GET /report 2, POST /orders)`. */
function describeKind(
  [one, several]: readonly [one: string, several: string],
  names: readonly string[],
): string {
  const counted = `${names.length} ${names.length === 1 ? one : several}`;
  const counts = new Map<string, number>();
  for (const name of names) if (name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 0) return counted;
  const sorted = [...counts].sort(([, left], [, right]) => right - left);
  const shown = sorted.slice(0, MAX_NAMES)
    .map(([name, count]) => count === 1 ? name : `${name} ${count}`);
  const rest = sorted.length - shown.length;
  return `${counted} (${shown.join(", ")}${rest === 0 ? "" : ` and ${rest} more`})`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
