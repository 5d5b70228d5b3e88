// Makes what has failed small enough to read: takes spans out of it, large ones first, as long as it goes on failing.

/** How many bytes are tried in all at the most: some thousand small inputs, or some hundred large ones, which take their time. */
const MAX_TRIED_BYTES = 10_000_000;

/** The smallest text that it finds for which `fails` is still true. It is for `text`, and that is asked of nobody again. */
export async function reduce(
  text: string,
  fails: (text: string) => boolean | Promise<boolean>,
): Promise<string> {
  let smallest = text;
  let triedBytes = 0;
  let length = Math.max(1, Math.floor(text.length / 2));
  for (;;) {
    let hasShrunk = false;
    for (let at = 0; at < smallest.length && triedBytes < MAX_TRIED_BYTES;) {
      const shorter = smallest.slice(0, at) + smallest.slice(at + length);
      triedBytes += shorter.length;
      if (await fails(shorter)) {
        smallest = shorter;
        hasShrunk = true;
      } else {
        at += length;
      }
    }
    if (triedBytes >= MAX_TRIED_BYTES) return smallest;
    if (length > 1) length = Math.floor(length / 2);
    else if (!hasShrunk) return smallest;
  }
}
