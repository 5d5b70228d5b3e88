import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type AdminResponse,
  type AdminView,
  mayBeForeignPage,
  responseTo,
} from "../../src/admin/endpoints.ts";
import { PAGE } from "../../src/admin/page/page.ts";
import type { Readiness } from "../../src/admin/readiness.ts";

function viewOf(readiness: Readiness = { isReady: true, reason: "" }): AdminView {
  return { readiness: () => readiness, stats: () => ({ pid: 7 }), metrics: () => "metrics\n" };
}

/** An answer that is whole. */
function answer(method: string, path: string, view = viewOf()): AdminResponse & { kind: "whole" } {
  const given = responseTo(method, path, view);
  if (given.kind !== "whole") throw new Error(`${path} is answered with events`);
  return given;
}

function field(name: string, { fields }: AdminResponse): string | undefined {
  return fields.find(([one]) => one === name)?.[1];
}

const PATHS = ["/", "/events", "/healthz", "/readyz", "/stats", "/metrics"];

describe("responseTo()", () => {
  const whole: [path: string, status: number, contentType: string, body: string][] = [
    ["/healthz", 200, "text/plain; charset=utf-8", "ok\n"],
    ["/readyz", 200, "text/plain; charset=utf-8", "ready\n"],
    ["/stats", 200, "application/json", '{"pid":7}\n'],
    ["/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "metrics\n"],
    ["/", 200, "text/html; charset=utf-8", PAGE],
  ];
  for (const [path, status, contentType, body] of whole) {
    it(`answers ${path} with ${contentType}`, () => {
      const given = answer("GET", path);
      assertEquals([given.status, given.contentType, given.body], [status, contentType, body]);
    });
  }

  it("answers /events with events", () => {
    const given = responseTo("GET", "/events", viewOf());
    assertEquals([given.kind, given.contentType], ["events", "text/event-stream"]);
  });

  it("answers /readyz with 503 and the reason where the fleet is not ready", () => {
    const view = viewOf({ isReady: false, reason: "the server is stopping" });
    const given = answer("GET", "/readyz", view);
    assertEquals([given.status, given.body], [503, "the server is stopping\n"]);
    assertEquals(answer("GET", "/healthz", view).status, 200);
  });

  for (const path of PATHS) {
    it(`refuses to change anything at ${path}`, () => {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW"]) {
        const given = answer(method, path);
        assertEquals([given.status, field("Allow", given)], [405, "GET, HEAD"], method);
      }
    });
  }

  it("has nothing else", () => {
    for (
      const path of ["/metrics/", "/Metrics", "//", "/stats/1", "/reload", "/favicon.ico", "*"]
    ) {
      assertEquals(answer("GET", path).status, 404, path);
    }
  });

  it("lets nothing be stored or taken for another type", () => {
    for (const path of PATHS) {
      const given = responseTo("GET", path, viewOf());
      assertEquals(field("Cache-Control", given), "no-store");
      assertEquals(field("X-Content-Type-Options", given), "nosniff");
    }
  });

  it("lets the page run its own script, and ask for nothing but its own events", () => {
    const policy = field("Content-Security-Policy", answer("GET", "/")) ?? "";
    assertStringIncludes(policy, "default-src 'none'; ");
    assertMatch(policy, /script-src 'sha256-[^' ]+';/);
    assertMatch(policy, /style-src 'sha256-[^' ]+';/);
    assertEquals(policy.includes("unsafe"), false);
    assertEquals([...PAGE.matchAll(/https?:\/\/[^\s"'<]*/g)].map(String), [
      "http://www.w3.org/2000/svg",
    ]);
  });
});

describe("mayBeForeignPage()", () => {
  const own = ["127.0.0.1", "127.0.0.1:9000", "10.0.0.7:9000", "[::1]", "[::1]:9000"];
  for (
    const host of [...own, "localhost", "LocalHost:9000", "app.localhost:9000", "mudpie", undefined]
  ) {
    it(`is false for the host ${host}`, () => {
      for (const path of PATHS) assertEquals(mayBeForeignPage(path, host), false, path);
    });
  }

  const foreign = [
    "evil.example",
    "evil.example:9000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
  ];
  for (const host of [...foreign, "evil.test.localhost.com", "localhost.", ""]) {
    it(`is true for the host ${JSON.stringify(host)}, except to ask whether it lives`, () => {
      const told = PATHS.filter((path) => !mayBeForeignPage(path, host));
      assertEquals(told, ["/healthz", "/readyz"]);
    });
  }
});
