import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fakePlatform } from "../support/telemetry/fake_platform.ts";
import { describeRoutes, describeTelemetry } from "../../src/cli/check.ts";

describe("describeTelemetry()", () => {
  it("names the signals that are on, and the variable that turns them on", () => {
    const { platform } = fakePlatform();
    const { platform: unmeasured } = fakePlatform("metrics");
    assertEquals([platform, unmeasured, undefined].map(describeTelemetry), [
      "  OpenTelemetry is on: traces and metrics",
      "  OpenTelemetry is on: traces",
      "  OpenTelemetry is off (OTEL_DENO=true turns it on)",
    ]);
  });
});

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
