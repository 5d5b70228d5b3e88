import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { parseGlob } from "../../src/cli/glob.ts";

describe("parseGlob()", () => {
  const cases: { pattern: string; folder: string; yes: string[]; no: string[] }[] = [
    {
      pattern: "*.html",
      folder: "",
      yes: ["a.html", ".html"],
      no: ["a.htm", "b/a.html", "a.html/b"],
    },
    { pattern: "views/*.html", folder: "views", yes: ["a.html"], no: ["b/a.html"] },
    {
      pattern: "/srv/views/**/*.html",
      folder: "/srv/views",
      yes: ["a.html", "b/a.html", "b/c/a.html"],
      no: ["a.txt", "b/a.txt"],
    },
    { pattern: "/**", folder: "/", yes: [], no: [] },
    { pattern: "data/**", folder: "data", yes: ["", "a", "b/a", "b/c/a.sql"], no: [] },
    {
      pattern: "v?/[abc][!0-9].txt",
      folder: "",
      yes: ["v1/ax.txt"],
      no: ["v/ax.txt", "v1/dx.txt", "v1/a1.txt"],
    },
    { pattern: "./a/../*.(x)+$", folder: "./a/..", yes: ["b.(x)+$"], no: ["b.xx"] },
    { pattern: "a[", folder: "", yes: ["a["], no: ["a"] },
    { pattern: "[^a].ts", folder: "", yes: ["^.ts", "a.ts"], no: ["b.ts", "/.ts"] },
  ];
  for (const { pattern, folder, yes, no } of cases) {
    it(`parseGlob() reads ${pattern}`, () => {
      const glob = parseGlob(pattern);
      assertEquals(glob?.folder, folder);
      assertEquals(yes.filter((path) => glob?.matches(path) !== true), []);
      assertEquals(no.filter((path) => glob?.matches(path) === true), []);
    });
  }

  it("parseGlob() leaves a path without special characters alone", () => {
    assertEquals(parseGlob("views/page (1).html"), undefined);
  });
});
