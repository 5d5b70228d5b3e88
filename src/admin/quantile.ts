// Estimates a quantile from a histogram, as Prometheus' histogram_quantile() does: the page and a
// dashboard agree.

import { DURATION_BUCKETS } from "../telemetry/metrics_memory.ts";

/**
 * Returns the duration, in seconds, within which a share `q` of the requests in these buckets
 * ended. Assumes that durations are spread evenly within a bucket. Returns the highest bound for
 * anything above it, and null without requests.
 */
export function quantile(buckets: readonly number[], q: number): number | null {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  let rank = q * total;
  for (const [bucket, upper] of DURATION_BUCKETS.entries()) {
    const count = buckets[bucket];
    if (count > 0 && rank <= count) {
      const lower = bucket === 0 ? 0 : DURATION_BUCKETS[bucket - 1];
      return lower + (upper - lower) * (rank / count);
    }
    rank -= count;
  }
  return DURATION_BUCKETS[DURATION_BUCKETS.length - 1];
}
