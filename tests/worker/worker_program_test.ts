// The program that a worker runs, as it introduces it to the supervisor.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Handler } from "../../src/handler/handler.ts";
import { MethodTargets } from "../../src/routing/route_target.ts";
import { Router } from "../../src/routing/router.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { introductionOf } from "../../src/worker/worker_program.ts";

const servedBy = "run()";
const handler: Handler = () => WebResponse.empty();

describe("introductionOf()", () => {
  it("lists the routes, with the allowed methods of a method table", () => {
    const router = new Router<Handler>((segment) => segment);
    router.add("/a", false, handler, () => "a test");
    router.add("/b", true, new MethodTargets(new Map([["GET", handler]])), () => "a test");
    assertEquals(introductionOf({ servedBy, router, runOptions: {} }).routes, [
      { pattern: "/a", isExact: false, allow: undefined },
      { pattern: "/b", isExact: true, allow: "GET, HEAD, OPTIONS" },
    ]);
  });

  it("has only options that can be sent: the entry as text, and whether onEvent exists", () => {
    const router = new Router<Handler>((segment) => segment);
    const entry = new URL("file:///main.ts");
    assertEquals(
      introductionOf({ servedBy, router, runOptions: { entry, port: 1, onEvent: () => {} } }),
      {
        servedBy,
        routes: [],
        runOptions: { entry: "file:///main.ts", port: 1 },
        hasOnEvent: true,
      },
    );
    assertEquals(introductionOf({ servedBy, router, runOptions: { port: 1 } }), {
      servedBy,
      routes: [],
      runOptions: { port: 1 },
      hasOnEvent: false,
    });
  });
});
