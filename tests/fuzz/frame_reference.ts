// A second reading of RFC 6455, slow and plain, for the fuzzer of frames: all bytes at once, from the
// first frame on, with nothing of `src/`. A text is checked by the platform's decoder.

import type { MessageLimits } from "../../src/websocket/frame_parser.ts";
import { bytesOf } from "../http1/reading.ts";
import type { FailureName, Reading } from "../websocket/reading.ts";

/** The head of a frame, as far as it is there. */
interface Head {
  readonly isLast: boolean;
  readonly reserved: number;
  readonly opcode: number;
  readonly isMasked: boolean;
  readonly shortLength: number;
  /** Undefined while bytes of it are missing. */
  readonly length: bigint | undefined;
  /** Undefined while bytes of it are missing. */
  readonly mask: string | undefined;
  readonly bytes: number;
}

/** The message whose frames are being read. */
interface Message {
  readonly kind: "text" | "binary";
  readonly isCompressed: boolean;
  readonly fragments: readonly string[];
}

function numberOf(text: string): bigint {
  return [...text].reduce((value, byte) => value * 256n + BigInt(byte.charCodeAt(0)), 0n);
}

function readHead(bytes: string): Head {
  const [first, second] = [bytes.charCodeAt(0), bytes.charCodeAt(1)];
  const shortLength = second % 128;
  const lengthBytes = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0;
  const longLength = bytes.slice(2, 2 + lengthBytes);
  const mask = bytes.slice(2 + lengthBytes, 6 + lengthBytes);
  const isWhole = longLength.length === lengthBytes;
  return {
    isLast: first >= 128,
    reserved: Math.floor(first / 16) % 8,
    opcode: first % 16,
    isMasked: second >= 128,
    shortLength,
    length: !isWhole ? undefined : lengthBytes === 0 ? BigInt(shortLength) : numberOf(longLength),
    mask: mask.length === 4 ? mask : undefined,
    bytes: 6 + lengthBytes,
  };
}

/** Section 5.2 and 5.4: what the first two bytes show. */
function faultOfBeginning(
  head: Head,
  message: Message | undefined,
  isCompressing: boolean,
): FailureName | undefined {
  const { opcode, reserved } = head;
  const mayBeCompressed = isCompressing && (opcode === 1 || opcode === 2);
  if (reserved !== 0 && !(reserved === 4 && mayBeCompressed)) return "reservedBits";
  if (![0, 1, 2, 8, 9, 10].includes(opcode)) return "reservedOpcode";
  if (opcode >= 8 && !head.isLast) return "fragmentedControl";
  if (opcode >= 8 && head.shortLength > 125) return "longControl";
  if (opcode === 0 && message === undefined) return "strayContinuation";
  if ((opcode === 1 || opcode === 2) && message !== undefined) return "interruptedMessage";
  return head.isMasked ? undefined : "unmasked";
}

function faultOfLength(
  { shortLength, length, opcode }: Head,
  message: Message | undefined,
  limits: MessageLimits,
): FailureName | undefined {
  if (length === undefined) return undefined;
  if (length >= 1n << 63n) return "lengthTooLarge";
  const smallest = shortLength === 127 ? 65_536n : shortLength === 126 ? 126n : 0n;
  if (length < smallest) return "lengthNotMinimal";
  if (opcode >= 8) return undefined;
  const before = message?.fragments ?? [];
  const total = BigInt(before.join("").length) + length;
  if (total > BigInt(limits.maxMessageBytes)) return "messageTooLarge";
  return before.length + 1 > limits.maxFragments ? "tooManyFragments" : undefined;
}

function unmask(payload: string, mask: string): string {
  const codes = [...payload].map((byte, i) => byte.charCodeAt(0) ^ mask.charCodeAt(i % 4));
  return codes.map((code) => String.fromCharCode(code)).join("");
}

/** Whether bytes are UTF-8, or the beginning of something that is. */
function isUtf8(bytes: string, isWhole: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(bytes), { stream: !isWhole });
    return true;
  } catch {
    return false;
  }
}

/** Sections 5.5.1 and 7.4. */
function readClose(payload: string): Reading {
  if (payload === "") return { close: [1005, ""] };
  if (payload.length === 1) return { failure: "shortClose" };
  const code = Number(numberOf(payload.slice(0, 2)));
  const reason = payload.slice(2);
  const isRegistered = /^10(?:0[0-37-9]|1[0-4])$/.test(String(code));
  if (!isRegistered && !/^[34]\d{3}$/.test(String(code))) return { failure: "badCloseCode" };
  return isUtf8(reason, true) ? { close: [code, reason] } : { failure: "badCloseReason" };
}

/** The extension of the fuzzer: a compressed message is what it is without its first byte, a "z". */
function endMessage({ kind, isCompressed, fragments }: Message, limits: MessageLimits): Reading {
  let bytes = fragments.join("");
  if (isCompressed) {
    if (!bytes.startsWith("z")) return { failure: "badCompression" };
    bytes = bytes.slice(1);
    if (bytes.length > limits.maxMessageBytes) return { failure: "messageTooLarge" };
  }
  if (kind === "binary") return { binary: bytes };
  return isUtf8(bytes, true) ? { text: bytes } : { failure: "badText" };
}

/** Reads the frames of a client. A frame that is not whole counts for what it shows already. */
export function readReferenceFrames(
  bytes: string,
  limits: MessageLimits,
  isCompressing: boolean,
): Reading[] {
  const readings: Reading[] = [];
  let rest = bytes;
  let message: Message | undefined;
  while (rest.length >= 2) {
    const head = readHead(rest);
    const fault = faultOfBeginning(head, message, isCompressing) ??
      faultOfLength(head, message, limits);
    if (fault !== undefined) return [...readings, { failure: fault }];
    const { length, mask, opcode } = head;
    if (length === undefined || mask === undefined) return readings;
    const end = head.bytes + Number(length);
    const payload = unmask(rest.slice(head.bytes, end), mask);
    const isWhole = rest.length >= end;
    rest = rest.slice(end);
    if (opcode >= 8) {
      if (!isWhole) return readings;
      if (opcode === 8) return [...readings, readClose(payload)];
      readings.push(opcode === 9 ? { ping: payload } : { pong: payload });
      continue;
    }
    message = {
      kind: message?.kind ?? (opcode === 1 ? "text" : "binary"),
      isCompressed: message?.isCompressed ?? head.reserved === 4,
      fragments: [...message?.fragments ?? [], payload],
    };
    const isChecked = message.kind === "text" && !message.isCompressed;
    if (isChecked && !isUtf8(message.fragments.join(""), false)) {
      return [...readings, { failure: "badText" }];
    }
    if (!isWhole) return readings;
    if (!head.isLast) continue;
    const reading = endMessage(message, limits);
    readings.push(reading);
    if ("failure" in reading) return readings;
    message = undefined;
  }
  return readings;
}
