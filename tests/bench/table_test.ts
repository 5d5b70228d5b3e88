// How the numbers are shown.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { digits, markdownTable, ratioText } from "./table.ts";

describe("markdownTable()", () => {
  it("each column is as wide as its widest cell", () => {
    const rows = [{ server: "a", "us": "1" }, { server: "a longer name", "us": "10.5" }];
    assertEquals(
      markdownTable(rows),
      [
        "| server        | us   |",
        "| ------------- | ---- |",
        "| a             | 1    |",
        "| a longer name | 10.5 |",
      ].join("\n"),
    );
  });
});

describe("digits()", () => {
  const cases: [number, string][] = [
    [7.694, "7.69"],
    [17.694, "17.7"],
    [0.7123, "0.712"],
    [86_013.4, "86,013"],
    [0, "0"],
    [NaN, "-"],
    [Infinity, "-"],
  ];
  for (const [value, text] of cases) {
    it(`${value} is shown as ${text}`, () => {
      assertEquals(digits(value), text);
    });
  }
});

describe("ratioText()", () => {
  it("shows the median, and between what the rounds were", () => {
    assertEquals(ratioText({ median: 0.541, least: 0.5, most: 0.6 }), "0.54 (0.50-0.60)");
  });
});
