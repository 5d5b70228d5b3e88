// What is made of the numbers of several rounds. Medians, because one busy second must not decide; ratios by round, because
// what disturbs a round disturbs all who run in it.

/** The middle one of the values; between two where their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("There is no median of no values");
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value below which that share of the sorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("There is no quantile of no values");
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** A ratio as it was in each of the rounds. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** How the values of some rounds relate to those of somebody else in the same rounds. */
export function ratioByRound(values: readonly number[], base: readonly number[]): Ratio {
  if (values.length !== base.length) throw new RangeError("Both must have run in the same rounds");
  const ratios = values.map((value, round) => value / base[round]);
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** The mean of ratios: where one is twice as good and another twice as bad, it is 1. */
export function geometricMean(ratios: readonly number[]): number {
  if (ratios.length === 0) throw new RangeError("There is no mean of no values");
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

/**
 * The order of one round (from 0). It begins with somebody else each time, and every other round goes the other way, so that
 * nobody always runs behind the same one.
 */
export function orderOfRound<T>(contestants: readonly T[], round: number): T[] {
  const first = round % contestants.length;
  const others = [...contestants.slice(first + 1), ...contestants.slice(0, first)];
  return [contestants[first], ...round % 2 === 0 ? others : others.reverse()];
}
