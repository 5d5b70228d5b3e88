// Tables as Markdown has them, with columns that a reader of plain text can follow, too.

import type { Ratio } from "./statistics.ts";

/** A row: the same columns in each of a table. */
export type Row = Readonly<Record<string, string>>;

/** A table with a heading. */
export function markdownTable(rows: readonly Row[]): string {
  const names = Object.keys(rows[0]);
  const widths = names.map((name) =>
    Math.max(name.length, ...rows.map((row) => row[name].length), 3)
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index])).join(" | ")} |`;
  return [
    line(names),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map((row) => line(names.map((name) => row[name]))),
  ].join("\n");
}

/** A number with as many digits as mean something. */
export function digits(value: number, significant = 3): string {
  if (!Number.isFinite(value)) return "-";
  const decimals = value === 0 ? 0 : significant - 1 - Math.floor(Math.log10(Math.abs(value)));
  return value.toLocaleString("en", {
    minimumFractionDigits: Math.max(0, decimals),
    maximumFractionDigits: Math.max(0, decimals),
  });
}

/** A ratio, and between what it was in the rounds. */
export function ratioText({ median, least, most }: Ratio): string {
  return `${median.toFixed(2)} (${least.toFixed(2)}-${most.toFixed(2)})`;
}
