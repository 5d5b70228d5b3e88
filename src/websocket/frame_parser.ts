// The machine: bytes of a client in; messages, control frames and a failure out (RFC 6455, sections
// 5 to 8). One for each socket. It owns the memory that the session reads into, as
// ../http1/request_parser.ts does: `space` returns where the next bytes go, `received` counts them,
// and `next` returns what they make, one thing a call, until it returns `FrameEvent.Incomplete`.
// The fields have the rest, so a frame costs no object. What breaks the protocol fails as early as
// its bytes show it.

import type { BufferPool } from "../http1/buffer_pool.ts";
import { CloseCode, isReceivableCloseCode } from "./close_code.ts";
import { type Failure, FAILURES } from "./failure.ts";
import {
  CONTROL,
  FIN,
  LENGTH_16,
  MASK,
  MASK_BYTES,
  MAX_LENGTH_16,
  MAX_SHORT_LENGTH,
  OPCODE,
  Opcode,
  RSV1,
  RSV2_AND_RSV3,
  SHORT_LENGTH,
} from "./frame.ts";
import { NOT_ASCII, unmask } from "./masking.ts";
import { IncomingMessage, MessageKind, type MessageLimits } from "./message.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { decodeAscii, decodeUtf8 } from "./utf8.ts";

export type { MessageLimits } from "./message.ts";

/** What the bytes so far make. */
export const FrameEvent = {
  /** More bytes are needed. */
  Incomplete: 0,
  /** A whole text message: `text` has it. */
  Text: 1,
  /** A whole binary message: `binary` has it. */
  Binary: 2,
  /** A Ping frame: `payload` has its bytes, for the Pong. */
  Ping: 3,
  /** A Pong frame: `payload` has its bytes. */
  Pong: 4,
  /**
   * A Close frame: `closeCode` and `closeReason` have its contents. What follows it is discarded.
   */
  Close: 5,
  /**
   * The client broke the protocol or a limit: `failure` has the contents of the Close frame. What
   * follows is discarded.
   */
  Failure: 6,
} as const;
export type FrameEvent = typeof FrameEvent[keyof typeof FrameEvent];

/** A frame is read that makes nothing yet: the next one may be there. */
const NEXT_FRAME = 7;

/** Decompresses the messages of one client: a half of a negotiated extension. */
export interface MessageInflater {
  /**
   * Decompresses a message to memory of its own, at most `maxBytes`. Returns the failure if there
   * are more, or if the message is malformed. It does not keep `bytes`.
   */
  inflate(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer> | Failure;
}

const TWO_TO_THE_32 = 2 ** 32;

/** The first byte of a message that comes in one frame and is not compressed. */
const WHOLE_TEXT = FIN | Opcode.Text;
const WHOLE_BINARY = FIN | Opcode.Binary;

/** Reads the frames of one client. */
export class FrameParser {
  readonly #maxMessageBytes: number;
  readonly #inflater: MessageInflater | undefined;
  readonly #buffer: ReadBuffer;
  readonly #message: IncomingMessage;
  #isOver = false;
  /** Whether the head of a data frame has been read, and its payload not yet. */
  #isInPayload = false;
  #isLastFrame = false;
  /** How many bytes of that payload have not come. */
  #left = 0;
  /** The mask, turned so that its lowest byte belongs to the next byte of that payload. */
  #mask = 0;
  #payloadStart = 0;
  #payloadEnd = 0;

  /** The last text message. */
  text = "";
  /**
   * The last binary message. It is memory of its own, exactly as long as the message, and belongs
   * to the receiver.
   */
  binary: Uint8Array<ArrayBuffer> | undefined;
  /** How many bytes the last message has: of a compressed one, after decompression. */
  messageBytes = 0;
  /** The code of the Close frame; 1005 if it had none. */
  closeCode: number = CloseCode.NoStatus;
  /** The reason of the Close frame; empty if it had none. */
  closeReason = "";
  /** Why the connection fails. */
  failure: Failure | undefined;

  /** `inflater` is there if compression was negotiated. */
  constructor(limits: MessageLimits, pool: BufferPool, inflater?: MessageInflater) {
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#inflater = inflater;
    this.#buffer = new ReadBuffer(pool);
    this.#message = new IncomingMessage(limits);
  }

  /** The bytes of the last Ping or Pong frame, until the next call of `next` or `space`. */
  get payload(): Uint8Array<ArrayBuffer> {
    return this.#buffer.bytes.subarray(this.#payloadStart, this.#payloadEnd);
  }

  /**
   * Where the next bytes go; never empty. `next` must have returned `Incomplete` for those before
   * them.
   */
  get space(): Uint8Array<ArrayBuffer> {
    return this.#isInPayload ? this.#message.space(this.#left) : this.#buffer.space;
  }

  /** Counts bytes that were put where `space` points. */
  received(count: number): void {
    if (this.#isInPayload) {
      this.#message.received(count);
      this.#left -= count;
    } else this.#buffer.end += count;
  }

  /**
   * Copies bytes that came in another way to where `space` points. Returns how many there was room
   * for.
   */
  receive(bytes: Uint8Array): number {
    const { space } = this;
    const count = Math.min(space.length, bytes.length);
    space.set(bytes.subarray(0, count));
    this.received(count);
    return count;
  }

  /**
   * Returns the memory to the pool. No read may be under way, and the parser is not used
   * afterwards.
   */
  release(): void {
    this.#message.clear();
    this.#buffer.release();
  }

  /** Returns what the bytes so far make. */
  next(): FrameEvent {
    if (this.#isOver) {
      this.#buffer.clear();
      return FrameEvent.Incomplete;
    }
    for (;;) {
      const event = this.#isInPayload ? this.#readPayload() : this.#readFrame();
      if (event !== NEXT_FRAME) return event;
    }
  }

  #readFrame(): FrameEvent | typeof NEXT_FRAME {
    const { bytes, start, end } = this.#buffer;
    if (end - start < 2) return FrameEvent.Incomplete;
    const first = bytes[start];
    const second = bytes[start + 1];
    const isPlain = (first === WHOLE_TEXT || first === WHOLE_BINARY) && second >= MASK &&
      this.#message.kind === MessageKind.None;
    if (!isPlain) {
      const failure = this.#faultOf(first, second);
      if (failure !== undefined) return this.#fail(failure);
    }
    let length = second & SHORT_LENGTH;
    let at = start + 2;
    if (length >= LENGTH_16) {
      at += length === LENGTH_16 ? 2 : 8;
      if (at > end) return FrameEvent.Incomplete;
      if (length === LENGTH_16) length = bytes[at - 2] * 256 + bytes[at - 1];
      else if (bytes[at - 8] >= 0x80) return this.#fail(FAILURES.lengthTooLarge);
      else length = uint32(bytes, at - 8) * TWO_TO_THE_32 + uint32(bytes, at - 4);
      const shorter = at === start + 4 ? MAX_SHORT_LENGTH : MAX_LENGTH_16;
      if (length <= shorter) return this.#fail(FAILURES.lengthNotMinimal);
    }
    if ((first & CONTROL) !== 0) return this.#readControl(first & OPCODE, at, length);
    const broken = this.#message.limitBrokenBy(length);
    if (broken !== undefined) return this.#fail(broken);
    const payload = at + MASK_BYTES;
    if (payload > end) return FrameEvent.Incomplete;
    const mask = maskAt(bytes, at);
    this.#buffer.noteFrame(payload - start + length);
    if (isPlain && end - payload >= length) {
      return this.#readWhole(first, payload, payload + length, mask);
    }
    this.#beginPayload(first, payload, length, mask);
    return NEXT_FRAME;
  }

  /** Returns how the first two bytes of a frame break the protocol. */
  #faultOf(first: number, second: number): Failure | undefined {
    const opcode = first & OPCODE;
    const beginsMessage = opcode === Opcode.Text || opcode === Opcode.Binary;
    if ((first & RSV2_AND_RSV3) !== 0) return FAILURES.reservedBits;
    if ((first & RSV1) !== 0 && (this.#inflater === undefined || !beginsMessage)) {
      return FAILURES.reservedBits;
    }
    if ((opcode & CONTROL) !== 0) {
      if (opcode > Opcode.Pong) return FAILURES.reservedOpcode;
      if ((first & FIN) === 0) return FAILURES.fragmentedControl;
      if ((second & SHORT_LENGTH) > MAX_SHORT_LENGTH) return FAILURES.longControl;
    } else {
      if (opcode > Opcode.Binary) return FAILURES.reservedOpcode;
      const isInMessage = this.#message.kind !== MessageKind.None;
      if (!beginsMessage && !isInMessage) return FAILURES.strayContinuation;
      if (beginsMessage && isInMessage) return FAILURES.interruptedMessage;
    }
    return (second & MASK) === 0 ? FAILURES.unmasked : undefined;
  }

  /**
   * The fast path: a message in one frame that is whole in the buffer. It must read what the
   * general way reads.
   */
  #readWhole(first: number, start: number, end: number, mask: number): FrameEvent {
    const buffer = this.#buffer;
    buffer.start = end;
    const union = unmask(buffer.bytes, buffer.words, start, end, mask);
    if (first === WHOLE_BINARY) return this.#giveBinary(buffer.bytes.slice(start, end));
    const text = (union & NOT_ASCII) === 0
      ? decodeAscii(buffer.bytes, start, end)
      : decodeUtf8(buffer.bytes, start, end);
    return this.#giveText(text, end - start);
  }

  #giveText(text: string | undefined, bytes: number): FrameEvent {
    if (text === undefined) return this.#fail(FAILURES.badText);
    this.text = text;
    this.messageBytes = bytes;
    return FrameEvent.Text;
  }

  #giveBinary(binary: Uint8Array<ArrayBuffer>): FrameEvent {
    this.binary = binary;
    this.messageBytes = binary.length;
    return FrameEvent.Binary;
  }

  #beginPayload(first: number, payload: number, length: number, mask: number): void {
    const opcode = first & OPCODE;
    if (opcode !== Opcode.Continuation) {
      this.#message.begin(opcode as MessageKind, (first & RSV1) !== 0);
    }
    this.#message.addFrame(length);
    this.#buffer.start = payload;
    this.#isInPayload = true;
    this.#isLastFrame = (first & FIN) !== 0;
    this.#left = length;
    this.#mask = mask;
  }

  /**
   * Reads what has come of a payload: in the buffer after its head, then in the memory of the
   * message.
   */
  #readPayload(): FrameEvent | typeof NEXT_FRAME {
    const { bytes, start, end } = this.#buffer;
    const count = Math.min(this.#left, end - start);
    if (count > 0) {
      this.#buffer.start += count;
      this.#left -= count;
      this.#message.append(bytes, start, start + count, this.#left);
    }
    const mask = this.#message.unmask(this.#mask);
    if (mask === undefined) return this.#fail(FAILURES.badText);
    this.#mask = mask;
    if (this.#left > 0) return FrameEvent.Incomplete;
    this.#isInPayload = false;
    return this.#isLastFrame ? this.#endMessage() : NEXT_FRAME;
  }

  #endMessage(): FrameEvent {
    const { kind, isCompressed, length } = this.#message;
    if (!isCompressed) {
      if (kind === MessageKind.Text) return this.#giveText(this.#message.takeText(), length);
      return this.#giveBinary(this.#message.takeBytes());
    }
    const inflated = this.#inflater!.inflate(this.#message.takeBytes(), this.#maxMessageBytes);
    if (!(inflated instanceof Uint8Array)) return this.#fail(inflated);
    if (kind !== MessageKind.Text) return this.#giveBinary(inflated);
    return this.#giveText(decodeUtf8(inflated, 0, inflated.length), inflated.length);
  }

  /**
   * Reads a control frame, of which the head up to the mask has come. It is whole in the buffer, or
   * waits there.
   */
  #readControl(opcode: number, at: number, length: number): FrameEvent {
    const buffer = this.#buffer;
    const start = at + MASK_BYTES;
    const end = start + length;
    if (end > buffer.end) return FrameEvent.Incomplete;
    buffer.start = end;
    unmask(buffer.bytes, buffer.words, start, end, maskAt(buffer.bytes, at));
    if (opcode === Opcode.Close) return this.#readClose(start, end);
    this.#payloadStart = start;
    this.#payloadEnd = end;
    return opcode === Opcode.Ping ? FrameEvent.Ping : FrameEvent.Pong;
  }

  #readClose(start: number, end: number): FrameEvent {
    const { bytes } = this.#buffer;
    if (end - start === 1) return this.#fail(FAILURES.shortClose);
    if (end > start) {
      const code = bytes[start] * 256 + bytes[start + 1];
      if (!isReceivableCloseCode(code)) return this.#fail(FAILURES.badCloseCode);
      const reason = decodeUtf8(bytes, start + 2, end);
      if (reason === undefined) return this.#fail(FAILURES.badCloseReason);
      this.closeCode = code;
      this.closeReason = reason;
    }
    this.#stop();
    return FrameEvent.Close;
  }

  #fail(failure: Failure): FrameEvent {
    this.failure = failure;
    this.#stop();
    return FrameEvent.Failure;
  }

  /** Ends the reading of frames: what follows is discarded. */
  #stop(): void {
    this.#isOver = true;
    this.#isInPayload = false;
    this.#message.clear();
    this.#buffer.clear();
  }
}

/** The mask in the head of a frame; its lowest byte is the first one. */
function maskAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function uint32(bytes: Uint8Array, at: number): number {
  return bytes[at] * 0x1000000 + (bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]);
}
