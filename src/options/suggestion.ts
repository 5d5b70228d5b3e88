// Suggests the option that the user most likely meant.

/** What other servers call an option of this one, as flags are written. */
const NAMES_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["parallel", "workers"],
  ["threads", "workers"],
  ["processes", "workers"],
  ["instances", "workers"],
  ["reload", "watch"],
]);

/** Returns the candidate that other servers call by this word; undefined if there is none. */
export function ownNameOf(word: string, candidates: readonly string[]): string | undefined {
  const name = NAMES_ELSEWHERE.get(word);
  return name !== undefined && candidates.includes(name) ? name : undefined;
}

/** How many letters of a word may be wrong, as a share of it. */
const MAX_WRONG_SHARE = 0.4;

/**
 * Returns the candidate that is nearest to a word; undefined if none is near. A candidate that
 * begins with the word is near, too.
 */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  if (best !== undefined && bestDistance <= word.length * MAX_WRONG_SHARE) return best;
  return word === "" ? undefined : candidates.find((candidate) => candidate.startsWith(word));
}

/**
 * Returns how many letters have to be inserted, removed, replaced, or swapped with the next one to
 * turn one word into the other.
 */
export function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const exchanged = rows[i - 1][j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      row[j] = Math.min(exchanged, rows[i - 1][j] + 1, row[j - 1] + 1);
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[from.length][to.length];
}
