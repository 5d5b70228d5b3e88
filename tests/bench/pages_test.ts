// Holds the pages of the benchmark to what their names promise.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HTML_PAGES, JSON_PAGES } from "./peers/pages.js";

const encoder = new TextEncoder();

const texts = [
  ...HTML_PAGES.map((page) => ({ ...page, text: page.render() })),
  ...JSON_PAGES.map((page) => ({ ...page, text: JSON.stringify(page.value()) })),
];

describe("Pages of the benchmark", () => {
  it("the pages have the sizes and the texts that their names promise", () => {
    assertEquals(
      texts.map(({ name, bytes }) => [name, bytes]),
      ["html", "json"].flatMap((format) =>
        [["1k", 1_024], ["10k", 10_240], ["64k", 65_536]].flatMap(([size, bytes]) => [
          [`${format}-${size}-ascii`, bytes],
          [`${format}-${size}-unicode`, bytes],
        ])
      ),
    );
  });

  for (const { name, bytes, text } of texts) {
    it(`${name} has ${bytes} bytes`, () => {
      assertEquals(encoder.encode(text).length, bytes);
      assertEquals(text.length === bytes, name.endsWith("-ascii"));
    });
  }

  it("JSON pages are objects that are made anew", () => {
    for (const { value } of JSON_PAGES) assertEquals(value() === value(), false);
  });

  it("HTML pages are documents", () => {
    for (const { render } of HTML_PAGES) assertMatch(render(), /^<!DOCTYPE html>.*<\/html>\n$/s);
  });
});
