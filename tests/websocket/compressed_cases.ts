// Compressed messages of a client, and what must come of them (RFC 7692): the offers, the sizes and the
// fragments that the public suites of cases have in their groups for compression, and faults.

import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { bytesOf, numbersFrom, textOf } from "../http1/reading.ts";
import { frame, ping, utf8 } from "./frames.ts";
import type { FailureName, Reading } from "./reading.ts";

/** An offer of a client, and what the server answers. */
export const OFFERS: readonly [offer: string, answer: string | undefined][] = [
  ["permessage-deflate", ""],
  ["permessage-deflate; client_no_context_takeover", ""],
  ["permessage-deflate; server_no_context_takeover", ""],
  ["permessage-deflate; client_max_window_bits", ""],
  ["permessage-deflate; client_max_window_bits=9", ""],
  ["permessage-deflate; client_max_window_bits=15", ""],
  ["permessage-deflate; server_max_window_bits=9", "; server_max_window_bits=9"],
  ["permessage-deflate; server_max_window_bits=15", ""],
  [
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
    "; server_max_window_bits=9",
  ],
  ["permessage-deflate; server_max_window_bits=7, permessage-deflate", ""],
  ["x-other, permessage-deflate; client_max_window_bits", ""],
  ["permessage-deflate; server_max_window_bits=7", undefined],
  ["permessage-deflate; unknown", undefined],
  ["x-other", undefined],
];

/** What a client sends, and the message that the server sends back, or how it fails. */
export interface CompressedCase {
  readonly what: string;
  readonly bytes: string;
  /** The message before it is compressed. */
  readonly reads: Reading;
}

const SIZES = [0, 1, 16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];

/** The payloads of a size: what compresses well, what does as text does, and what does not. */
function payloadsOf(size: number): [what: string, kind: "text" | "binary", payload: string][] {
  const random = numbersFrom(size + 1);
  const record = () =>
    JSON.stringify({ id: Math.floor(random() * 1e6), name: "Zoë", at: random(), tags: ["a", "b"] });
  let json = "";
  while (json.length < size) json += record();
  const noise = Uint8Array.from({ length: size }, () => random() * 256);
  return [
    ["letters", "text", "a".repeat(size)],
    ["JSON", "text", utf8(json.slice(0, size).replace(/[\ud800-\udfff]/g, "?"))],
    ["zeros", "binary", "\0".repeat(size)],
    ["noise", "binary", textOf(noise)],
  ];
}

/** Compresses as a client may, without what ends a flush. */
export function deflated(
  payload: string,
  options: { level?: number; windowBits?: number } = {},
): string {
  const all = deflateRawSync(bytesOf(payload), { ...options, finishFlush: constants.Z_SYNC_FLUSH });
  return textOf(Uint8Array.from(all)).slice(0, -4);
}

/** Decompresses what a server has compressed. */
export function inflated(payload: string): string {
  const bytes = bytesOf(payload + "\x00\x00\xff\xff");
  return textOf(Uint8Array.from(inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })));
}

const OPCODES = { text: 1, binary: 2 };
const COMPRESSED = { reserved: 4 };

/** A compressed message in frames of so many bytes, with a ping before the last of several. */
function compressed(kind: "text" | "binary", payload: string, frameBytes = Infinity): string {
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += frameBytes) {
    parts.push(payload.slice(at, at + frameBytes));
  }
  return parts.map((part, i) => {
    const fin = i === parts.length - 1;
    const opcode = i === 0 ? OPCODES[kind] : 0;
    const bytes = frame(opcode, part, { fin, ...i === 0 ? COMPRESSED : {} });
    return fin && i > 0 ? ping("between") + bytes : bytes;
  }).join("");
}

function goodCases(): CompressedCase[] {
  const cases: CompressedCase[] = [];
  for (const size of SIZES) {
    for (const [name, kind, payload] of payloadsOf(size)) {
      const reads = { [kind]: payload } as unknown as Reading;
      const small = deflated(payload);
      const what = `${size} bytes of ${name}`;
      cases.push({ what, bytes: compressed(kind, small), reads });
      const frameBytes = Math.max(1, Math.ceil(small.length / 7));
      cases.push({ what: `${what} in frames`, bytes: compressed(kind, small, frameBytes), reads });
      const stored = deflated(payload, { level: 0, windowBits: 9 });
      cases.push({ what: `${what}, stored`, bytes: compressed(kind, stored), reads });
      cases.push({
        what: `${what}, not compressed`,
        bytes: frame(OPCODES[kind], payload),
        reads,
      });
    }
  }
  return cases;
}

const HELLO = deflated("Hello");

function fails(what: string, bytes: string, failure: FailureName): CompressedCase {
  return { what, bytes, reads: { failure } };
}

/** Every case there is. */
export const COMPRESSED_CASES: readonly CompressedCase[] = [
  ...goodCases(),
  fails("bytes that are no DEFLATE", frame(1, "\x07", COMPRESSED), "badCompression"),
  fails("a text that is not UTF-8", frame(1, deflated("\xc3"), COMPRESSED), "badText"),
  fails(
    "a continuation with the bit of compression",
    frame(1, HELLO.slice(0, 2), { ...COMPRESSED, fin: false }) +
      frame(0, HELLO.slice(2), COMPRESSED),
    "reservedBits",
  ),
  fails("a compressed ping", frame(9, HELLO, COMPRESSED), "reservedBits"),
  fails("a compressed Close frame", frame(8, HELLO, COMPRESSED), "reservedBits"),
  fails("another reserved bit", frame(1, HELLO, { reserved: 5 }), "reservedBits"),
  fails(
    "a message that is too large after decompression",
    frame(2, deflated("\0".repeat(16_777_217)), COMPRESSED),
    "messageTooLarge",
  ),
];
