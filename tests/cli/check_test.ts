import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { describeRoutes } from "../../src/cli/check.ts";

describe("describeRoutes()", () => {
  it("has a line for each route: what it answers, and where", () => {
    const routes = [
      { pattern: "/", isExact: true, allow: undefined },
      { pattern: "/things/:id", isExact: false, allow: "GET, HEAD, OPTIONS" },
    ];
    assertEquals(describeRoutes(routes), [
      "  every method        /",
      "  GET, HEAD, OPTIONS  /things/:id and all under it",
    ]);
  });

  it("says what an application without routes answers", () => {
    assertEquals(describeRoutes([]), ["  no routes: everything is answered with 404"]);
  });
});
