// Removes the mask of a client's frame (RFC 6455, section 5.3), in place, four bytes at a time.

/** The mask after one more byte: its bytes are used in turn, the lowest first. */
function rotate(mask: number): number {
  return (mask >>> 8) | (mask << 24);
}

/** The mask for a byte that is `count` bytes further on. */
export function rotateMask(mask: number, count: number): number {
  const bits = (count & 3) << 3;
  return bits === 0 ? mask : (mask >>> bits) | (mask << (32 - bits));
}

/** If a result of {@linkcode unmask} has none of these bits, all bytes are ASCII. */
export const NOT_ASCII = 0x80808080 | 0;

/**
 * Unmasks the bytes from `start` to `end`. `words` is the same memory as `bytes`, from its first
 * byte on. The lowest byte of `mask` belongs to the first of the bytes. Returns the union of the
 * unmasked bytes: see {@linkcode NOT_ASCII}.
 */
export function unmask(
  bytes: Uint8Array,
  words: Int32Array,
  start: number,
  end: number,
  mask: number,
): number {
  let union = 0;
  let at = start;
  for (; (at & 3) !== 0 && at < end; at++) {
    const byte = bytes[at] ^ (mask & 0xff);
    bytes[at] = byte;
    union |= byte;
    mask = rotate(mask);
  }
  // Little-endian, as every processor that Deno runs on.
  const wordEnd = end >> 2;
  for (let i = at >> 2; i < wordEnd; i++) {
    const word = words[i] ^ mask;
    words[i] = word;
    union |= word;
  }
  for (at = Math.max(at, wordEnd << 2); at < end; at++) {
    const byte = bytes[at] ^ (mask & 0xff);
    bytes[at] = byte;
    union |= byte;
    mask = rotate(mask);
  }
  return union;
}
