// What a peer gets that breaks the protocol: a Close frame with a code and a reason (RFC 6455,
// section 7.1.7). A failure is a value, as a refusal is in http1/. After it, no more frames are
// read.

import { CloseCode } from "./close_code.ts";

/** Why the connection fails: the contents of the Close frame. */
export interface Failure {
  /** The close code. */
  readonly code: number;
  /** What the peer did wrong, in one sentence of ASCII that fits a Close frame. */
  readonly reason: string;
}

function failure(code: number, reason: string): Failure {
  return Object.freeze({ code, reason });
}

const { InvalidPayload, MessageTooBig, PolicyViolation, ProtocolError } = CloseCode;

/** Every failure that the parser knows, by the fault that leads to it. */
export const FAILURES = {
  reservedBits: failure(ProtocolError, "A frame has a reserved bit set"),
  reservedOpcode: failure(ProtocolError, "A frame has a reserved opcode"),
  unmasked: failure(ProtocolError, "A frame from a client is not masked"),
  fragmentedControl: failure(ProtocolError, "A control frame is fragmented"),
  longControl: failure(ProtocolError, "A control frame is longer than 125 bytes"),
  strayContinuation: failure(ProtocolError, "A continuation frame has no message to continue"),
  interruptedMessage: failure(
    ProtocolError,
    "A message begins before the previous one has ended",
  ),
  lengthNotMinimal: failure(
    ProtocolError,
    "The length of a frame has more bytes than it needs",
  ),
  lengthTooLarge: failure(ProtocolError, "The length of a frame has its highest bit set"),
  shortClose: failure(ProtocolError, "A Close frame has half of a close code"),
  badCloseCode: failure(ProtocolError, "A Close frame has a code that must not be sent"),
  badCloseReason: failure(InvalidPayload, "The reason of a Close frame is not UTF-8"),
  badText: failure(InvalidPayload, "A text message is not UTF-8"),
  badCompression: failure(InvalidPayload, "A compressed message cannot be decompressed"),
  messageTooLarge: failure(MessageTooBig, "A message is larger than this server accepts"),
  tooManyFragments: failure(
    PolicyViolation,
    "A message has more fragments than this server accepts",
  ),
} as const satisfies Record<string, Failure>;
