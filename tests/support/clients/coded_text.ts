// The text of a body that came with a content coding, for clients that decode nothing themselves.

import { brotliDecompressSync, gunzipSync } from "node:zlib";

/** Decodes a body in one of the codings that `automaticCompression` uses, or in none. */
export function textOfCoded(bytes: Uint8Array, coding: string | null): string {
  const plain = coding === "gzip"
    ? gunzipSync(bytes)
    : coding === "br"
    ? brotliDecompressSync(bytes)
    : bytes;
  return new TextDecoder().decode(plain);
}
