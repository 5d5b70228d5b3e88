// A quantile out of a histogram: what Prometheus' histogram_quantile() says, so that the page and a dashboard agree.

import { DURATION_BUCKETS } from "../telemetry/request_metrics.ts";

/**
 * The duration, in seconds, that a share `q` of the requests in these buckets did not pass; within a bucket they are taken to be
 * spread evenly. The highest bound where it is beyond that; null where there are none.
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
