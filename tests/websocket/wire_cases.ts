// The wire cases: what a client sends, and what must come of it. Read down, they are a manual of
// what the server accepts. The expectations are those of RFC 6455, whatever the code does. This
// file has the order of the groups: that of the RFC.

import { closeCodes, closing } from "./wire/close.ts";
import { controlFrames, pings } from "./wire/control.ts";
import { fragments } from "./wire/fragments.ts";
import { lengths } from "./wire/lengths.ts";
import { messageLimits } from "./wire/limits.ts";
import { masks } from "./wire/masks.ts";
import { reservedBits, reservedOpcodes } from "./wire/reserved.ts";
import { badText, goodText } from "./wire/text.ts";
import type { WireGroup } from "./wire/types.ts";

export type { WireCase, WireGroup } from "./wire/types.ts";

/** Every case there is, group by group. */
export const WIRE_GROUPS: readonly WireGroup[] = [
  lengths,
  reservedBits,
  reservedOpcodes,
  masks,
  fragments,
  controlFrames,
  pings,
  closing,
  closeCodes,
  goodText,
  badText,
  messageLimits,
];
