// The parts of a frame's first two bytes (RFC 6455, section 5.2).

/** What a frame is. */
export const Opcode = {
  Continuation: 0x0,
  Text: 0x1,
  Binary: 0x2,
  Close: 0x8,
  Ping: 0x9,
  Pong: 0xa,
} as const;
export type Opcode = typeof Opcode[keyof typeof Opcode];

/** The frame is the last one of its message. */
export const FIN = 0x80;
/**
 * The first frame of a message says with this bit that the message is compressed (RFC 7692, section
 * 6).
 */
export const RSV1 = 0x40;
/** Bits for which no extension is negotiated. */
export const RSV2_AND_RSV3 = 0x30;
/** The opcodes of control frames have this bit. */
export const CONTROL = 0x08;
export const OPCODE = 0x0f;

/**
 * The payload is masked: so are all frames of clients, and none of a server (RFC 6455, section
 * 5.1).
 */
export const MASK = 0x80;
export const MASK_BYTES = 4;

/** The length, or one of two values that stand for a longer form. */
export const SHORT_LENGTH = 0x7f;
/** The length follows in two bytes. */
export const LENGTH_16 = 126;
/** The length follows in eight bytes. */
export const LENGTH_64 = 127;

/**
 * The longest payload of a control frame (RFC 6455, section 5.5), and of a frame whose length needs
 * no more bytes.
 */
export const MAX_SHORT_LENGTH = 125;
/** The longest payload whose length needs two bytes. */
export const MAX_LENGTH_16 = 0xffff;
