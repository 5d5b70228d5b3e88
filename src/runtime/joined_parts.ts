// Bytes that have come in parts.

/** Returns the bytes of all parts, whose lengths make `length`, in memory of their own. */
export function joinedParts(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
