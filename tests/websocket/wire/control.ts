// RFC 6455, section 5.5: a control frame is never fragmented, and has at most 125 bytes.

import { close, frame, ping, pong, text } from "../frames.ts";
import type { WireCase, WireGroup } from "./types.ts";

const KINDS = [
  { kind: "Close", opcode: 8 },
  { kind: "Ping", opcode: 9 },
  { kind: "Pong", opcode: 10 },
];

const PAYLOADS = [
  { what: "no payload", payload: "" },
  { what: "a text", payload: "Hello" },
  { what: "bytes that are not UTF-8", payload: "\0\xff\xfe\xfd\x80" },
  { what: "124 bytes", payload: "\xfe".repeat(124) },
  { what: "125 bytes", payload: "\xfe".repeat(125) },
];

export const controlFrames: WireGroup = {
  about: "control frames (RFC 6455, section 5.5)",
  cases: KINDS.flatMap(({ kind, opcode }): WireCase[] => [
    ...[126, 127, 128, 65_535, 65_536].map((length): WireCase => ({
      what: `a ${kind} frame of ${length} bytes`,
      bytes: frame(opcode, "", { length }),
      reads: [{ failure: "longControl" }],
      after: 2,
    })),
    ...["", "\x03\xe8"].map((payload): WireCase => ({
      what: `a ${kind} frame of ${payload.length} bytes without FIN`,
      bytes: frame(opcode, payload, { fin: false }),
      reads: [{ failure: "fragmentedControl" }],
      after: 2,
    })),
    {
      what: `a ${kind} frame without FIN between messages`,
      bytes: text("a") + frame(opcode, "", { fin: false }) + text("b"),
      reads: [{ text: "a" }, { failure: "fragmentedControl" }],
      after: 7 + 2,
    },
  ]),
};

export const pings: WireGroup = {
  about: "Ping and Pong (RFC 6455, sections 5.5.2 and 5.5.3)",
  cases: [
    ...PAYLOADS.flatMap(({ what, payload }): WireCase[] => [
      { what: `a Ping with ${what}`, bytes: ping(payload), reads: [{ ping: payload }] },
      { what: `a Pong with ${what}`, bytes: pong(payload), reads: [{ pong: payload }] },
    ]),
    {
      what: "ten Pings in a row",
      bytes: Array.from({ length: 10 }, (_, i) => ping(`ping ${i}`)).join(""),
      reads: Array.from({ length: 10 }, (_, i) => ({ ping: `ping ${i}` })),
    },
    {
      what: "more Pings than a buffer has room for",
      bytes: ping("p".repeat(125)).repeat(200),
      reads: Array.from({ length: 200 }, () => ({ ping: "p".repeat(125) })),
    },
    {
      what: "a Pong and a Ping between two messages",
      bytes: text("a") + pong("b") + ping("c") + text("d"),
      reads: [{ text: "a" }, { pong: "b" }, { ping: "c" }, { text: "d" }],
    },
    { what: "a Ping that has not come whole", bytes: ping("hello").slice(0, -1), reads: [] },
    {
      what: "a Ping after a Close frame, which is not read",
      bytes: close() + ping("a"),
      reads: [{ close: [1005, ""] }],
      after: 6,
    },
  ],
};
