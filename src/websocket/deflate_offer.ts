// Chooses among the offers of permessage-deflate (RFC 7692, section 7.1). Neither side keeps a
// context from one message to the next: a socket that is idle holds no memory for compression. A
// client cannot refuse that, so each sound offer is accepted. Compression itself is in
// message_deflate.ts, which loads more.

import type { ExtensionOffer } from "./extension_offers.ts";

/** What both sides have agreed on. */
export interface DeflateAgreement {
  /** The value of `Sec-WebSocket-Extensions` in the 101. */
  readonly response: string;
  /** How large the window of the server's compressor may be, as a power of two: 8 to 15. */
  readonly windowBits: number;
}

const NAME = "permessage-deflate";

const MAX_WINDOW_BITS = 15;

/** RFC 7692, section 7.1.2: decimal, without zeros before it. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/**
 * Accepts the first sound offer. Returns undefined if there is none: then nothing is compressed.
 */
export function agreeOnDeflate(offers: readonly ExtensionOffer[]): DeflateAgreement | undefined {
  for (const { name, parameters } of offers) {
    const windowBits = name === NAME ? serverWindowBits(parameters) : undefined;
    if (windowBits === undefined) continue;
    const response = `${NAME}; server_no_context_takeover; client_no_context_takeover` +
      (windowBits < MAX_WINDOW_BITS ? `; server_max_window_bits=${windowBits}` : "");
    return { response, windowBits };
  }
  return undefined;
}

/** Returns what the server's window may have; undefined if the offer has to be declined. */
function serverWindowBits(parameters: ExtensionOffer["parameters"]): number | undefined {
  const values = new Map(parameters);
  if (values.size < parameters.length) return undefined;
  for (const [name, value] of values) if (!isSound(name, value)) return undefined;
  return Number(values.get("server_max_window_bits") ?? MAX_WINDOW_BITS);
}

/** RFC 7692, section 7.1: an offer with another parameter, or with another value, is declined. */
function isSound(name: string, value: string | undefined): boolean {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === undefined;
    case "server_max_window_bits":
      return value !== undefined && WINDOW_BITS.test(value);
    case "client_max_window_bits":
      // The client's window is its own affair: each message is decompressed at once.
      return value === undefined || WINDOW_BITS.test(value);
    default:
      return false;
  }
}
