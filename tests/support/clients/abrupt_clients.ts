// Clients that reset their connections, by the thousand, each at one of several points.

import { within } from "../deadline.ts";
import { AbruptClient } from "./attackers.ts";

/** A point in the life of a connection at which its client resets it. */
export interface Point {
  readonly what: string;
  /** Comes to the point. The reset follows. */
  readonly reach: (client: AbruptClient) => Promise<void>;
}

/** How many clients there are at a time. */
export const LANES = 100;

/**
 * Resets the connections of `count` clients, each at the next of the points. Each client has a
 * deadline of its own, since a busy machine takes long for all of them.
 */
export async function resetMany(
  port: number,
  count: number,
  points: readonly Point[],
): Promise<void> {
  let begun = 0;
  const resetNext = async ({ reach }: Point) => {
    const client = await AbruptClient.connect(port);
    await reach(client);
    await client.reset();
  };
  const lane = async () => {
    while (begun < count) {
      const point = points[begun++ % points.length];
      await within(resetNext(point), `a reset ${point.what}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
