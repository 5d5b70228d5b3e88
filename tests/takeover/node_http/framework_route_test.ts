import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { channel } from "node:diagnostics_channel";
import {
  frameworkRoute,
  noteFastifyRoutes,
} from "../../../src/takeover/node_http/framework_route.ts";
import type { NodeRequest, NodeServer } from "../../../src/takeover/node_http/node_types.ts";
import { metricsOf } from "../../telemetry/metrics.ts";
import { get } from "../../support/clients/raw_client.ts";
import { settle } from "../../support/connections/fake_conn.ts";
import { serveNode } from "../../support/connections/node_connection.ts";

const SERVER = {} as NodeServer;

const routeOf = (request: object, server = SERVER) =>
  frameworkRoute(request as NodeRequest, server);

describe("frameworkRoute()", () => {
  const cases: [what: string, request: object, name: string | null | undefined][] = [
    ["a request without a framework", {}, undefined],
    ["a route of Express", { baseUrl: "", route: { path: "/users/:id" } }, "/users/:id"],
    ["a route of a mounted router", { baseUrl: "/api", route: { path: "/a" } }, "/api/a"],
    ["a regular expression", { baseUrl: "", route: { path: /^\/a/ } }, "/^\\/a/"],
    ["several patterns", { baseUrl: "", route: { path: ["/a", "/b"] } }, "/a,/b"],
    ["a pattern without a slash", { baseUrl: "", route: { path: "*" } }, "/*"],
    ["a request that Express has no route for", { baseUrl: undefined }, null],
    ["a route that is something else", { route: { handler: 1 } }, undefined],
    ["a route that is null", { route: null }, undefined],
  ];
  for (const [what, request, name] of cases) {
    it(`frameworkRoute() returns ${JSON.stringify(name)} for ${what}`, () => {
      assertEquals(routeOf(request), name);
    });
  }

  it("frameworkRoute() leaves out where a router is mounted if clients choose that", () => {
    const route = { path: "/posts" };
    const names = new Set<unknown>();
    for (let user = 0; user < 1_000; user++) {
      names.add(routeOf({ baseUrl: `/users/${user}`, route }));
    }
    assertEquals(names.size <= 9, true);
    assertEquals(routeOf({ baseUrl: "/users/7777", route }), "/*/posts");
  });

  it("frameworkRoute() returns the route that Fastify reports, and null for its other requests", () => {
    noteFastifyRoutes();
    noteFastifyRoutes();
    const server = {} as NodeServer;
    const raw = { socket: { server } };
    assertEquals(routeOf(raw, server), undefined);
    const reports = channel("tracing:fastify.request.handler:start");
    reports.publish({ request: { raw }, route: { url: "/users/:id" } });
    reports.publish({ request: { raw: {} }, route: {} });
    assertEquals(routeOf(raw, server), "/users/:id");
    assertEquals(routeOf({}, server), null);
    assertEquals(routeOf({}), undefined);
  });
});

describe("the metrics of node:http", () => {
  it("count requests by the route in the request, and others by that of the server", async () => {
    const { metrics, rows } = metricsOf(["/"]);
    const { fake } = await serveNode(
      (request, response) => {
        if (request.url !== "/plain") Object.assign(request, { baseUrl: "" });
        if (request.url === "/a") Object.assign(request, { route: { path: "/:name" } });
        if (request.url === "/waits") setTimeout(() => response.end("waited"));
        else response.end("ok");
      },
      undefined,
      {},
      {},
      { requestMetrics: metrics },
    );
    fake.send(get("/a") + get("/a") + get("/nowhere") + get("/plain") + get("/waits"));
    while (!fake.output.endsWith("waited")) await settle();
    const counted = rows().map(({ method, route, statuses }) => [method, route, statuses[1]]);
    assertEquals(counted, [["GET", "/", 1], ["GET", "/:name", 2], ["GET", "unmatched", 2]]);
  });
});
