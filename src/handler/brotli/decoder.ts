// Decodes brotli data (RFC 7932), for bodies of requests. Deno 2.9 has two decoders, and neither can be given data of a client: both keep
// memory for good when it is damaged, and neither has a limit for what it decodes to. This one keeps to a limit, knows whole data
// from a part of it, and can be stopped between two commands. Bytes come in, bytes go out; it knows no clock.

import { BitReader, BrotliError } from "./bit_reader.ts";
import {
  BLOCK_COUNTS,
  COPY_LENGTHS,
  FIRST_COMMAND_WITH_DISTANCE,
  FIRST_COPY_CODES,
  FIRST_INSERT_CODES,
  INSERT_LENGTHS,
  LAST_DISTANCE,
  LAST_DISTANCE_PLUS,
  literalContext,
  type Ranges,
} from "./commands.ts";
import type { Dictionary } from "./dictionary.ts";
import { type PrefixCode, readPrefixCode } from "./prefix_code.ts";

/** What has come of a step. */
export type Progress = "more" | "done" | "too large";

/** The largest numbers of a length and a distance that are read together. */
const DISTANCE_CONTEXTS = 4;
const LITERAL_CONTEXTS = 64;
const COMMAND_SYMBOLS = 704;

/** How much room there is for decoded bytes at first. */
const FIRST_ROOM_BYTES = 16_384;

/**
 * The most bytes that are inserted, or copied, at once. A command of a few bits may stand for 16 MB
 * of either.
 */
const MAX_RUN_BYTES = 65_536;

/** After so many decoded bytes a step ends, whatever number of commands it has run. */
const STEP_BYTES = 65_536;

function readRange(reader: BitReader, { bases, extraBits }: Ranges, symbol: number): number {
  return bases[symbol] + reader.read(extraBits[symbol]);
}

/** A number from 1 to 256, as the numbers of types and of trees are written (section 9.2). */
function readSmallNumber(reader: BitReader): number {
  if (reader.read(1) === 0) return 1;
  const bits = reader.read(3);
  return 1 + (1 << bits) + reader.read(bits);
}

/** The blocks of one of the three kinds of symbols: which type the present one is of, and how much of it is left (section 6). */
class Blocks {
  readonly typeCount: number;
  readonly #typeCode: PrefixCode | undefined;
  readonly #countCode: PrefixCode | undefined;
  #last = 1;
  type = 0;
  /** Of one type there is one block, which no meta-block is longer than. */
  left = 1 << 24;

  constructor(reader: BitReader) {
    this.typeCount = readSmallNumber(reader);
    if (this.typeCount === 1) return;
    this.#typeCode = readPrefixCode(reader, this.typeCount + 2);
    this.#countCode = readPrefixCode(reader, BLOCK_COUNTS.bases.length);
    this.left = this.#readCount(reader);
  }

  #readCount(reader: BitReader): number {
    return readRange(reader, BLOCK_COUNTS, this.#countCode!.read(reader));
  }

  /** Goes on to the next block. */
  next(reader: BitReader): void {
    const symbol = this.#typeCode!.read(reader);
    const type = symbol === 0
      ? this.#last
      : symbol === 1
      ? (this.type + 1) % this.typeCount
      : symbol - 2;
    this.#last = this.type;
    this.type = type;
    this.left = this.#readCount(reader);
  }
}

/** Which of the codes belongs to which context (section 7.3). */
class ContextMap {
  readonly codeCount: number;
  readonly codes: Uint8Array;

  constructor(reader: BitReader, length: number) {
    this.codeCount = readSmallNumber(reader);
    this.codes = new Uint8Array(length);
    if (this.codeCount > 1) this.#read(reader);
  }

  #read(reader: BitReader): void {
    const { codes, codeCount } = this;
    const maxRun = reader.read(1) === 0 ? 0 : reader.read(4) + 1;
    const code = readPrefixCode(reader, codeCount + maxRun);
    for (let at = 0; at < codes.length;) {
      reader.checkEnd();
      const symbol = code.read(reader);
      if (symbol === 0) at++;
      else if (symbol > maxRun) codes[at++] = symbol - maxRun;
      else at += (1 << symbol) + reader.read(symbol);
      if (at > codes.length) throw new BrotliError("A run in a context map is too long");
    }
    if (reader.read(1) === 1) undoMoveToFront(codes);
  }
}

/** The most bytes that are moved one by one: for more of them copyWithin() is faster. */
const MAX_MOVED_BY_HAND = 16;

function undoMoveToFront(codes: Uint8Array): void {
  const order = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let at = 0; at < codes.length; at++) {
    const index = codes[at];
    const value = order[index];
    codes[at] = value;
    // Few bytes can ask for thousands of small moves, for which copyWithin() is ten times as slow.
    if (index > MAX_MOVED_BY_HAND) order.copyWithin(1, 0, index);
    else for (let i = index; i > 0; i--) order[i] = order[i - 1];
    order[0] = value;
  }
}

/** What is said at the beginning of a meta-block about how its commands are read (section 9.2). */
class MetaBlock {
  readonly literals: Blocks;
  readonly commands: Blocks;
  readonly distances: Blocks;
  readonly postfixBits: number;
  readonly directCount: number;
  readonly literalModes: Uint8Array;
  readonly literalMap: ContextMap;
  readonly distanceMap: ContextMap;
  readonly literalCodes: readonly PrefixCode[];
  readonly commandCodes: readonly PrefixCode[];
  readonly distanceCodes: readonly PrefixCode[];
  /** How many of its bytes are still to come. */
  left: number;

  constructor(reader: BitReader, length: number) {
    this.left = length;
    this.literals = new Blocks(reader);
    this.commands = new Blocks(reader);
    this.distances = new Blocks(reader);
    this.postfixBits = reader.read(2);
    this.directCount = reader.read(4) << this.postfixBits;
    this.literalModes = Uint8Array.from(
      { length: this.literals.typeCount },
      () => reader.read(2),
    );
    this.literalMap = new ContextMap(reader, this.literals.typeCount * LITERAL_CONTEXTS);
    this.distanceMap = new ContextMap(reader, this.distances.typeCount * DISTANCE_CONTEXTS);
    const read = (count: number, alphabetSize: number) =>
      Array.from({ length: count }, () => {
        reader.checkEnd();
        return readPrefixCode(reader, alphabetSize);
      });
    this.literalCodes = read(this.literalMap.codeCount, 256);
    this.commandCodes = read(this.commands.typeCount, COMMAND_SYMBOLS);
    const distanceSymbols = 16 + this.directCount + (48 << this.postfixBits);
    this.distanceCodes = read(this.distanceMap.codeCount, distanceSymbols);
  }
}

/** Decodes one piece of brotli data. */
export class BrotliDecoder {
  readonly #reader: BitReader;
  readonly #maxBytes: number;
  readonly #dictionary: Dictionary;
  readonly #window: number;
  #output: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** The last distances, the newest first. */
  readonly #distances = [4, 11, 15, 16];
  #metaBlock: MetaBlock | undefined;
  #isLast = false;
  #isTooLarge = false;
  /** The symbol of the present command. */
  #symbol = 0;
  /** How many literals of the present command are still to be inserted. */
  #insertLeft = 0;
  /** How many bytes the present command copies after its literals. */
  #copyLength = 0;
  /** How many bytes of the present command are still to be copied, and from how far back. */
  #copyLeft = 0;
  #copyDistance = 0;

  /**
   * Makes a decoder for data that may decode to so many bytes.
   *
   * @throws {BrotliError} when it is no brotli data
   */
  constructor(bytes: Uint8Array, maxBytes: number, dictionary: Dictionary) {
    this.#reader = new BitReader(bytes);
    this.#maxBytes = maxBytes;
    this.#dictionary = dictionary;
    this.#output = new Uint8Array(Math.min(maxBytes, FIRST_ROOM_BYTES));
    this.#window = (1 << readWindowBits(this.#reader)) - 16;
  }

  /** What has been decoded. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#output.subarray(0, this.#length);
  }

  /**
   * Decodes on, until some commands are done, or so many bytes that these have taken long enough, or the head of a meta-block, which
   * may take as long as many commands.
   *
   * @throws {BrotliError} when the data is damaged or cut off
   */
  step(commands: number): Progress {
    const reader = this.#reader;
    const block = this.#metaBlock;
    if (block === undefined) {
      if (this.#isLast) return this.#finish();
      this.#beginMetaBlock();
      reader.checkEnd();
      return this.#isTooLarge ? "too large" : "more";
    }
    const enough = this.#length + STEP_BYTES;
    for (let i = 0; i < commands && this.#length < enough; i++) {
      const isOver = this.#runCommand(block);
      reader.checkEnd();
      if (this.#isTooLarge) return "too large";
      if (!isOver) continue;
      this.#metaBlock = undefined;
      break;
    }
    return "more";
  }

  #finish(): Progress {
    this.#reader.alignToByte();
    if (!this.#reader.isAtEnd) throw new BrotliError("There is more after the end");
    return "done";
  }

  /** Reads the head of a meta-block, or all of one without commands. */
  #beginMetaBlock(): void {
    const reader = this.#reader;
    this.#isLast = reader.read(1) === 1;
    if (this.#isLast && reader.read(1) === 1) return;
    const nibbles = reader.read(2) + 4;
    if (nibbles === 7) return this.#skipMetadata();
    const length = readLength(reader, nibbles, 4);
    if (!this.#isLast && reader.read(1) === 1) {
      reader.alignToByte();
      this.#append(reader.readBytes(length));
    } else this.#metaBlock = new MetaBlock(reader, length);
  }

  #append(bytes: Uint8Array): void {
    if (!this.#makeRoom(bytes.length)) return;
    this.#output.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #skipMetadata(): void {
    const reader = this.#reader;
    if (this.#isLast || reader.read(1) === 1) throw new BrotliError("A reserved bit is set");
    const length = readLength(reader, reader.read(2), 8);
    reader.alignToByte();
    reader.readBytes(length);
  }

  /** Makes room for so many more bytes; false where that would be more than the limit. */
  #makeRoom(length: number): boolean {
    const needed = this.#length + length;
    if (needed <= this.#output.length) return true;
    if (needed > this.#maxBytes) {
      this.#isTooLarge = true;
      return false;
    }
    const output = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#length * 2)));
    output.set(this.bytes);
    this.#output = output;
    return true;
  }

  /**
   * Inserts literals and copies what was there before, or a word of the dictionary; true at the end of the meta-block. What is too
   * long for one call is left to the next one.
   */
  #runCommand(block: MetaBlock): boolean {
    if (this.#copyLeft > 0) return this.#copyOn(block);
    if (this.#insertLeft === 0) this.#readCommand(block);
    this.#insert(block);
    if (this.#isTooLarge) return true;
    if (this.#insertLeft > 0) return false;
    // The last command may end with its literals; what it would copy counts for nothing.
    if (block.left === 0) return true;
    const symbol = this.#symbol;
    const distanceSymbol = symbol < FIRST_COMMAND_WITH_DISTANCE
      ? 0
      : readDistanceSymbol(this.#reader, block, this.#copyLength);
    return this.#copy(block, this.#copyLength, distanceSymbol);
  }

  #readCommand(block: MetaBlock): void {
    const reader = this.#reader;
    const { commands } = block;
    if (commands.left === 0) commands.next(reader);
    commands.left--;
    const symbol = block.commandCodes[commands.type].read(reader);
    const cell = symbol >> 6;
    const insertCode = FIRST_INSERT_CODES[cell] + ((symbol >> 3) & 7);
    const copyCode = FIRST_COPY_CODES[cell] + (symbol & 7);
    this.#symbol = symbol;
    this.#insertLeft = readRange(reader, INSERT_LENGTHS, insertCode);
    this.#copyLength = readRange(reader, COPY_LENGTHS, copyCode);
    if (this.#insertLeft > block.left) throw new BrotliError("A meta-block is longer than it says");
  }

  #insert(block: MetaBlock): void {
    // As many as may be are read, to know data that is cut off from data that is too large.
    const room = this.#maxBytes - this.#length;
    const count = Math.min(this.#insertLeft, MAX_RUN_BYTES, room);
    this.#makeRoom(count);
    const reader = this.#reader;
    const output = this.#output;
    const { literals, literalModes, literalCodes } = block;
    const map = block.literalMap.codes;
    let length = this.#length;
    let last = output[length - 1] ?? 0;
    let before = output[length - 2] ?? 0;
    for (let i = 0; i < count; i++) {
      if (literals.left === 0) literals.next(reader);
      literals.left--;
      const { type } = literals;
      const context = literalContext(literalModes[type], last, before);
      before = last;
      last = literalCodes[map[type * LITERAL_CONTEXTS + context]].read(reader);
      output[length++] = last;
    }
    this.#length = length;
    this.#insertLeft -= count;
    block.left -= count;
    this.#isTooLarge = count === room && this.#insertLeft > 0;
  }

  /** Returns whether the meta-block is over. */
  #copy(block: MetaBlock, copyLength: number, symbol: number): boolean {
    const distance = this.#readDistance(block, symbol);
    const reach = Math.min(this.#window, this.#length);
    if (distance > reach) {
      this.#addWord(block, copyLength, distance - reach - 1);
      return block.left === 0;
    }
    // The last distance itself is the newest already.
    if (symbol !== 0) {
      this.#distances.pop();
      this.#distances.unshift(distance);
    }
    if (copyLength > block.left) throw new BrotliError("A meta-block is longer than it says");
    if (!this.#makeRoom(copyLength)) return true;
    this.#copyLeft = copyLength;
    this.#copyDistance = distance;
    return this.#copyOn(block);
  }

  /** Copies what is left to copy, or as much as one call may. Returns whether the meta-block is over. */
  #copyOn(block: MetaBlock): boolean {
    const output = this.#output;
    const distance = this.#copyDistance;
    const start = this.#length;
    const count = Math.min(this.#copyLeft, MAX_RUN_BYTES);
    const end = start + count;
    if (distance >= count) output.copyWithin(start, start - distance, end - distance);
    else if (distance === 1) output.fill(output[start - 1], start, end);
    else for (let at = start; at < end; at++) output[at] = output[at - distance];
    this.#length = end;
    this.#copyLeft -= count;
    block.left -= count;
    return block.left === 0;
  }

  /** The distance that a symbol stands for (section 4). */
  #readDistance({ postfixBits, directCount }: MetaBlock, symbol: number): number {
    if (symbol < 16) {
      const distance = this.#distances[LAST_DISTANCE[symbol]] + LAST_DISTANCE_PLUS[symbol];
      if (distance <= 0) throw new BrotliError("A distance is not positive");
      return distance;
    }
    const index = symbol - 16 - directCount;
    if (index < 0) return symbol - 15;
    const high = index >> postfixBits;
    const bits = 1 + (high >> 1);
    const offset = ((2 + (high & 1)) << bits) - 4 + this.#reader.read(bits);
    return (offset << postfixBits) + (index & ((1 << postfixBits) - 1)) + directCount + 1;
  }

  #addWord(block: MetaBlock, wordLength: number, reference: number): void {
    const word = this.#dictionary.word(wordLength, reference);
    if (word === undefined) throw new BrotliError("There is no such word in the dictionary");
    // No encoder makes use of these, and codes of no bits could have one come back for ever.
    if (word.length === 0) throw new BrotliError("A word is empty");
    if (word.length > block.left) throw new BrotliError("A meta-block is longer than it says");
    this.#append(word);
    block.left -= word.length;
  }
}

function readDistanceSymbol(reader: BitReader, block: MetaBlock, copyLength: number): number {
  const { distances, distanceMap, distanceCodes } = block;
  if (distances.left === 0) distances.next(reader);
  distances.left--;
  const context = Math.min(copyLength, 5) - 2;
  return distanceCodes[distanceMap.codes[distances.type * DISTANCE_CONTEXTS + context]].read(
    reader,
  );
}

/** The size of the window, as a power of two (section 9.1). */
function readWindowBits(reader: BitReader): number {
  if (reader.read(1) === 0) return 16;
  const first = reader.read(3);
  if (first !== 0) return 17 + first;
  const second = reader.read(3);
  if (second === 1) throw new BrotliError("The window is too large");
  return second === 0 ? 17 : 8 + second;
}

/** A length less one, in so many digits of some bits. The last digit may not be 0 where fewer would do. */
function readLength(reader: BitReader, digits: number, bits: number): number {
  if (digits === 0) return 0;
  let length = 0;
  for (let i = 0; i < digits; i++) {
    const digit = reader.read(bits);
    const isNeeded = digit !== 0 || i < digits - 1 || digits === (bits === 4 ? 4 : 1);
    if (!isNeeded) throw new BrotliError("A length has too many digits");
    length |= digit << (bits * i);
  }
  return length + 1;
}
