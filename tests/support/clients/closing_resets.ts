// What a listening socket of its own loses when it is closed: a connection that comes in that moment is reset by the kernel,
// where `net.ipv4.tcp_migrate_req` is 0. Everything else that fails is a fault.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { losesQueueOnClose } from "../../../src/supervisor/system_limits.ts";
import { assertNoFailures, type LoadCounts } from "./load.ts";
import type { Way } from "../servers/started_app.ts";

/**
 * How many connections may come between a worker's last look at its queue and the closing, on the average. On a quiet machine
 * there is one in a hundred closings; where the thread loses the processor in between, it is whoever comes meanwhile.
 */
const MAX_RESETS_PER_CLOSING = 4;

/**
 * Sees to it that no request failed but those that the kernel has reset with the sockets that were closed, so many of them,
 * while others went on listening.
 */
export function assertOnlyResetsOfClosing(
  counts: LoadCounts,
  closings: number,
  { listen }: Way,
): void {
  if (!losesQueueOnClose(listen)) return assertNoFailures(counts);
  assertOnlyResets(counts, closings);
}

/** The same where nobody goes on listening: then the kernel resets what comes in that moment in either listen mode. */
export function assertOnlyResets(counts: LoadCounts, closings: number): void {
  const others = counts.failures.filter(({ kind }) => kind !== "reset" && kind !== "not connected");
  assertEquals(others, []);
  assertLessOrEqual(
    counts.failures.length,
    MAX_RESETS_PER_CLOSING * closings,
    `connections that were reset in ${closings} closings: ${JSON.stringify(counts.failures)}`,
  );
}
