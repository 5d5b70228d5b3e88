// The program that a worker runs, as it reports it to a probe.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Handler } from "../../src/handler/handler.ts";
import { MethodTargets } from "../../src/routing/route_target.ts";
import { Router } from "../../src/routing/router.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { reportOf } from "../../src/worker/worker_program.ts";

const handler: Handler = () => WebResponse.empty();

describe("reportOf()", () => {
  it("lists the routes, with the allowed methods of a method table", () => {
    const router = new Router<Handler>((segment) => segment);
    router.add("/a", false, handler, () => "a test");
    router.add("/b", true, new MethodTargets(new Map([["GET", handler]])), () => "a test");
    assertEquals(reportOf({ router, runOptions: {} }).routes, [
      { pattern: "/a", isExact: false, allow: undefined },
      { pattern: "/b", isExact: true, allow: "GET, HEAD, OPTIONS" },
    ]);
  });

  it("has only options that can be sent: the entry as text, and whether onEvent exists", () => {
    const router = new Router<Handler>((segment) => segment);
    const entry = new URL("file:///main.ts");
    assertEquals(reportOf({ router, runOptions: { entry, port: 1, onEvent: () => {} } }), {
      routes: [],
      runOptions: { entry: "file:///main.ts", port: 1 },
      hasOnEvent: true,
    });
    assertEquals(reportOf({ router, runOptions: { port: 1 } }), {
      routes: [],
      runOptions: { port: 1 },
      hasOnEvent: false,
    });
  });
});
