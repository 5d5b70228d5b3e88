// How many workers have served at once, as the events of the fleet tell it.

import type { FleetEvent } from "../../../mod.ts";

/** The fewest workers that took connections at any time from when all did until the server began to stop. */
export function fewestServing(events: readonly FleetEvent[]): number {
  const serving = new Set<number>();
  let fewest = Infinity;
  let isServing = false;
  for (const event of events) {
    switch (event.kind) {
      case "listening":
        isServing = true;
        break;
      case "stopping":
        return fewest;
      case "accepting":
        serving.add(event.worker);
        break;
      // One that is to be replaced serves on until then.
      case "draining":
      case "ended":
        serving.delete(event.worker);
        break;
    }
    if (isServing) fewest = Math.min(fewest, serving.size);
  }
  return fewest;
}

/** How many events of that kind there are. */
export function countEvents(events: readonly FleetEvent[], kind: FleetEvent["kind"]): number {
  return events.filter((event) => event.kind === kind).length;
}
