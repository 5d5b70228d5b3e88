// Why a worker sheds a request: it answers 503 at once and calls no handler.

/** Why a worker sheds a request, named after the option that sets the limit. */
export type ShedReason = "max_requests_in_flight" | "max_event_loop_lag";

/** All reasons. */
export const SHED_REASONS: readonly ShedReason[] = ["max_requests_in_flight", "max_event_loop_lag"];

/** How many requests were shed, by reason. */
export type ShedCounts = Readonly<Record<ShedReason, number>>;

/** The counts of a worker that has shed no request. */
export const NOTHING_SHED: ShedCounts = { max_requests_in_flight: 0, max_event_loop_lag: 0 };

/** Adds up the counts of several workers. */
export function sumShed(counts: readonly ShedCounts[]): ShedCounts {
  const sums = { ...NOTHING_SHED };
  for (const each of counts) {
    for (const reason of SHED_REASONS) sums[reason] += each[reason];
  }
  return sums;
}
