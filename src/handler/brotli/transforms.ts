// What can be made of a word of the dictionary: something before it, something after it, and capitals or a part of it
// (RFC 7932, section 8 and appendix B).

/** Makes the bytes that stand in the text of those of a word. */
export type Transform = (word: Uint8Array) => Uint8Array;

type Change = (word: Uint8Array) => Uint8Array;

const asItIs: Change = (word) => word;

const capitalized: Change = (word) => {
  const changed = word.slice();
  capitalizeAt(changed, 0);
  return changed;
};

const inCapitals: Change = (word) => {
  const changed = word.slice();
  for (let at = 0; at < changed.length;) at += capitalizeAt(changed, at);
  return changed;
};

const withoutFirst = (count: number): Change => (word) => word.subarray(count);
const withoutLast = (count: number): Change => (word) =>
  word.subarray(0, Math.max(0, word.length - count));

/** Makes a capital of one character in the way of the format, which is right for many letters; how many bytes the character has. */
function capitalizeAt(word: Uint8Array, at: number): number {
  const first = word[at];
  if (first < 0xc0) {
    if (first >= 0x61 && first <= 0x7a) word[at] ^= 0x20;
    return 1;
  }
  // Beyond the end of the word nothing is written.
  if (first < 0xe0) {
    word[at + 1] ^= 0x20;
    return 2;
  }
  word[at + 2] ^= 5;
  return 3;
}

/** All of them, by their numbers: what comes before, what is made of the word, what comes after. */
const TABLE: readonly (readonly [prefix: string, change: Change, suffix: string])[] = [
  ["", asItIs, ""],
  ["", asItIs, " "],
  [" ", asItIs, " "],
  ["", withoutFirst(1), ""],
  ["", capitalized, " "],
  ["", asItIs, " the "],
  [" ", asItIs, ""],
  ["s ", asItIs, " "],
  ["", asItIs, " of "],
  ["", capitalized, ""],
  ["", asItIs, " and "],
  ["", withoutFirst(2), ""],
  ["", withoutLast(1), ""],
  [", ", asItIs, " "],
  ["", asItIs, ", "],
  [" ", capitalized, " "],
  ["", asItIs, " in "],
  ["", asItIs, " to "],
  ["e ", asItIs, " "],
  ["", asItIs, '"'],
  ["", asItIs, "."],
  ["", asItIs, '">'],
  ["", asItIs, "\n"],
  ["", withoutLast(3), ""],
  ["", asItIs, "]"],
  ["", asItIs, " for "],
  ["", withoutFirst(3), ""],
  ["", withoutLast(2), ""],
  ["", asItIs, " a "],
  ["", asItIs, " that "],
  [" ", capitalized, ""],
  ["", asItIs, ". "],
  [".", asItIs, ""],
  [" ", asItIs, ", "],
  ["", withoutFirst(4), ""],
  ["", asItIs, " with "],
  ["", asItIs, "'"],
  ["", asItIs, " from "],
  ["", asItIs, " by "],
  ["", withoutFirst(5), ""],
  ["", withoutFirst(6), ""],
  [" the ", asItIs, ""],
  ["", withoutLast(4), ""],
  ["", asItIs, ". The "],
  ["", inCapitals, ""],
  ["", asItIs, " on "],
  ["", asItIs, " as "],
  ["", asItIs, " is "],
  ["", withoutLast(7), ""],
  ["", withoutLast(1), "ing "],
  ["", asItIs, "\n\t"],
  ["", asItIs, ":"],
  [" ", asItIs, ". "],
  ["", asItIs, "ed "],
  ["", withoutFirst(9), ""],
  ["", withoutFirst(7), ""],
  ["", withoutLast(6), ""],
  ["", asItIs, "("],
  ["", capitalized, ", "],
  ["", withoutLast(8), ""],
  ["", asItIs, " at "],
  ["", asItIs, "ly "],
  [" the ", asItIs, " of "],
  ["", withoutLast(5), ""],
  ["", withoutLast(9), ""],
  [" ", capitalized, ", "],
  ["", capitalized, '"'],
  [".", asItIs, "("],
  ["", inCapitals, " "],
  ["", capitalized, '">'],
  ["", asItIs, '="'],
  [" ", asItIs, "."],
  [".com/", asItIs, ""],
  [" the ", asItIs, " of the "],
  ["", capitalized, "'"],
  ["", asItIs, ". This "],
  ["", asItIs, ","],
  [".", asItIs, " "],
  ["", capitalized, "("],
  ["", capitalized, "."],
  ["", asItIs, " not "],
  [" ", asItIs, '="'],
  ["", asItIs, "er "],
  [" ", inCapitals, " "],
  ["", asItIs, "al "],
  [" ", inCapitals, ""],
  ["", asItIs, "='"],
  ["", inCapitals, '"'],
  ["", capitalized, ". "],
  [" ", asItIs, "("],
  ["", asItIs, "ful "],
  [" ", capitalized, ". "],
  ["", asItIs, "ive "],
  ["", asItIs, "less "],
  ["", inCapitals, "'"],
  ["", asItIs, "est "],
  [" ", capitalized, "."],
  ["", inCapitals, '">'],
  [" ", asItIs, "='"],
  ["", capitalized, ","],
  ["", asItIs, "ize "],
  ["", inCapitals, "."],
  ["\u00a0", asItIs, ""],
  [" ", asItIs, ","],
  ["", capitalized, '="'],
  ["", inCapitals, '="'],
  ["", asItIs, "ous "],
  ["", inCapitals, ", "],
  ["", capitalized, "='"],
  [" ", capitalized, ","],
  [" ", inCapitals, '="'],
  [" ", inCapitals, ", "],
  ["", inCapitals, ","],
  ["", inCapitals, "("],
  ["", inCapitals, ". "],
  [" ", inCapitals, "."],
  ["", inCapitals, "='"],
  [" ", inCapitals, ". "],
  [" ", capitalized, '="'],
  [" ", inCapitals, "='"],
  [" ", capitalized, "='"],
];

/** All transforms, by their numbers. */
export const TRANSFORMS: readonly Transform[] = TABLE.map(([prefix, change, suffix]) => {
  const encoder = new TextEncoder();
  const [before, after] = [encoder.encode(prefix), encoder.encode(suffix)];
  return (word) => {
    const changed = change(word);
    const text = new Uint8Array(before.length + changed.length + after.length);
    text.set(before);
    text.set(changed, before.length);
    text.set(after, before.length + changed.length);
    return text;
  };
});
