// RFC 6455, sections 5.2 and 5.8: reserved bits and opcodes mean nothing without an extension, so
// both fail.

import { binary, close, firstText, frame, more, ping, text } from "../frames.ts";
import type { WireCase, WireGroup } from "./types.ts";

const OPCODES = [
  { kind: "text", opcode: 1 },
  { kind: "binary", opcode: 2 },
  { kind: "Close", opcode: 8 },
  { kind: "Ping", opcode: 9 },
  { kind: "Pong", opcode: 10 },
];

/** RSV1, RSV2 and RSV3 are 4, 2 and 1. */
const BITS = [1, 2, 3, 4, 5, 6, 7];

export const reservedBits: WireGroup = {
  about: "reserved bits without an extension (RFC 6455, section 5.2)",
  cases: [
    ...OPCODES.flatMap(({ kind, opcode }) =>
      BITS.map((reserved): WireCase => ({
        what: `a ${kind} frame with the reserved bits ${reserved}`,
        bytes: frame(opcode, "", { reserved }),
        reads: [{ failure: "reservedBits" }],
        after: 2,
      }))
    ),
    ...BITS.map((reserved): WireCase => ({
      what: `a continuation frame with the reserved bits ${reserved}`,
      bytes: firstText("a") + frame(0, "b", { reserved }),
      reads: [{ failure: "reservedBits" }],
      after: 7 + 2,
    })),
    {
      what: "a reserved bit after a message and a Ping",
      bytes: text("a") + ping("b") + binary("c", { reserved: 2 }) + text("d"),
      reads: [{ text: "a" }, { ping: "b" }, { failure: "reservedBits" }],
      after: 7 + 7 + 2,
    },
  ],
};

const RESERVED_OPCODES = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

export const reservedOpcodes: WireGroup = {
  about: "reserved opcodes (RFC 6455, section 5.2)",
  cases: [
    ...RESERVED_OPCODES.flatMap((opcode): WireCase[] => [
      {
        what: `the opcode ${opcode}`,
        bytes: frame(opcode),
        reads: [{ failure: "reservedOpcode" }],
        after: 2,
      },
      {
        what: `the opcode ${opcode} with a payload, after a message`,
        bytes: text("a") + frame(opcode, "b") + ping(),
        reads: [{ text: "a" }, { failure: "reservedOpcode" }],
        after: 7 + 2,
      },
      {
        what: `the opcode ${opcode} between two fragments`,
        bytes: firstText("a") + frame(opcode, "b") + more("c", true),
        reads: [{ failure: "reservedOpcode" }],
        after: 7 + 2,
      },
    ]),
    {
      what: "the opcode 3 without FIN",
      bytes: frame(3, "", { fin: false }),
      reads: [{ failure: "reservedOpcode" }],
      after: 2,
    },
    {
      what: "a reserved opcode after a Close frame, which is not read",
      bytes: close(1000) + frame(3),
      reads: [{ close: [1000, ""] }],
      after: 8,
    },
  ],
};
