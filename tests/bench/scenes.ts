// What is measured in a way of its own, and is no row of processor time. Each has a file.

import { lostConnections } from "./closings.ts";
import { idleCrowd, idleMemory } from "./crowd.ts";
import { fairness } from "./fairness.ts";
import { logging } from "./logging.ts";
import { overload } from "./overload.ts";
import { LOSSES_OF_WORKERS, recovery } from "./recovery.ts";
import type { RoundOptions } from "./rounds.ts";
import { scaling } from "./scaling.ts";
import { startTimes } from "./start.ts";
import { stormOfPanics } from "./storm.ts";
import { tailUnderTrouble } from "./tail.ts";
import {
  webSocketBroadcast,
  webSocketEcho,
  webSocketFairness,
  webSocketMemory,
} from "./websockets.ts";

/** One of them. */
export interface Scene {
  readonly name: string;
  /** Gives the text of its table. */
  readonly run: (options: RoundOptions, tell: (line: string) => void) => Promise<string>;
}

export const SCENES: readonly Scene[] = [
  { name: "idle-memory", run: idleMemory },
  { name: "start", run: startTimes },
  { name: "closings", run: lostConnections },
  ...LOSSES_OF_WORKERS.map((loss): Scene => ({
    name: loss.name,
    run: (options, tell) => recovery(loss, options, tell),
  })),
  { name: "storm", run: stormOfPanics },
  { name: "fairness", run: fairness },
  { name: "idle-crowd", run: idleCrowd },
  { name: "tail", run: tailUnderTrouble },
  { name: "overload", run: overload },
  { name: "scaling", run: scaling },
  { name: "logging", run: logging },
  { name: "websocket-echo", run: webSocketEcho },
  { name: "websocket-broadcast", run: webSocketBroadcast },
  { name: "websocket-memory", run: webSocketMemory },
  { name: "websocket-fairness", run: webSocketFairness },
];
