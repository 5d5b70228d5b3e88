// What the tests of request metrics share: the metrics of a worker, and what they say.

import { createMetricsMemory } from "../../src/telemetry/metrics_memory.ts";
import { RequestMetrics } from "../../src/telemetry/request_metrics.ts";
import { type RequestRow, RequestTotals } from "../../src/telemetry/request_totals.ts";

export const METHODS = ["GET", "POST"];
export const ROUTES = ["/hello", "/users/:id"];
export const [HELLO, USERS] = [0, 1];

/** Metrics of a worker with these routes, their memory, and their rows. */
export function metricsOf(routes: readonly string[] = ROUTES): {
  readonly memory: SharedArrayBuffer;
  readonly metrics: RequestMetrics;
  readonly rows: () => readonly RequestRow[];
} {
  const memory = createMetricsMemory();
  const metrics = new RequestMetrics(memory, routes, METHODS);
  const rows = () => rowsIn(memory);
  return { memory, metrics, rows };
}

/** The rows of several workers together. */
export function rowsIn(...memories: SharedArrayBuffer[]): readonly RequestRow[] {
  const totals = new RequestTotals();
  for (const memory of memories) totals.add(memory);
  return totals.rows();
}

/** Method, route and the classes of status that are not 0. */
export function counts(rows: readonly RequestRow[]): [string, string, Record<string, number>][] {
  return rows.map(({ method, route, statuses }) => [
    method,
    route,
    Object.fromEntries(
      statuses.map((count, i) => [`${i + 1}xx`, count] as const).filter(([, count]) => count > 0),
    ),
  ]);
}

/** The sum of some numbers. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
