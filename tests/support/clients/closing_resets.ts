// What may fail when listening sockets close under load: the kernel resets the connections that no worker has accepted. What a
// worker has accepted, it answers.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { losesQueueOnClose } from "../../../src/supervisor/system_limits.ts";
import { assertNoFailures, type LoadCounts } from "./load.ts";
import type { StartedApp, Way } from "../servers/started_app.ts";

/**
 * Asserts that no request failed but those that the kernel may have reset with the sockets that were closed, while others went on
 * listening (`net.ipv4.tcp_migrate_req`).
 */
export function assertOnlyResetsOfClosing(
  counts: LoadCounts,
  closings: number,
  { listen }: Way,
): void {
  if (!losesQueueOnClose(listen)) return assertNoFailures(counts);
  assertOnlyResets(counts, closings);
}

/**
 * Asserts the same where nobody goes on listening: then the kernel resets what waits in either listen mode.
 *
 * How much a worker leaves in its queue depends on when its thread has a processor. So the bound is what the kernel can reset at
 * all: a closing is one moment, at which each client has one connection at most. That a worker empties its queue before, is what
 * the tests of the accept loop are for.
 */
export function assertOnlyResets(counts: LoadCounts, closings: number): void {
  const others = counts.failures.filter(({ kind }) => kind !== "reset" && kind !== "not connected");
  assertEquals(others, []);
  assertLessOrEqual(
    counts.failures.length,
    counts.clients * closings,
    `connections that were reset in ${closings} closings: ${JSON.stringify(counts.failures)}`,
  );
}

/**
 * Asserts that each connection that a worker has accepted got an answer, so that those which were reset were in a queue.
 *
 * @param others how many connections the test itself has made beside the load
 */
export function assertAcceptedWereAnswered(
  { running }: StartedApp,
  { answeredConnections, failures }: LoadCounts,
  others = 0,
): void {
  const { connectionsAccepted } = running.stats().total;
  assertEquals(connectionsAccepted - others, answeredConnections, JSON.stringify(failures));
}
