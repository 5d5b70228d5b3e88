import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { type PathPattern, WebResponse, WebServer } from "../../mod.ts";
import {
  type Match,
  type Method,
  routeNames,
  Router,
  type TargetsByMethod,
} from "../../src/routing/router.ts";
import { TestDispatcher } from "../support/requests/socketless_exchange.ts";
import {
  bestRoute,
  isSameRoute,
  modelParameters,
  type ModelRoute,
  patternSegments,
} from "../support/requests/routing_model.ts";
import { canUseNetwork } from "../support/permissions.ts";
import { standardErrorOf } from "../support/standard_error.ts";
import { runs } from "../support/runs.ts";

/** A router of routes such as "exact /hello", each of which leads to its own text. */
function routerOf(routes: readonly string[]): Router<string> {
  const router = new Router<string>((segment) => segment);
  for (const route of routes) {
    const [kind, pattern] = route.split(" ");
    router.add(pattern, kind === "exact", { kind: "any", target: route }, () => "a test");
  }
  return router;
}

function foundBy(router: Router<string>, path: string): string {
  const match = router.match("GET", path);
  return match.kind === "found" ? match.target : match.kind;
}

function ordersOf<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    ordersOf(items.toSpliced(index, 1)).map((others) => [item, ...others])
  );
}

interface LookUps {
  what: string;
  routes: string[];
  /** Each path, and the route that answers. */
  paths: Record<string, string>;
}

const lookUps: LookUps[] = [
  {
    what: "matches a prefix by whole segments",
    routes: ["prefix /hello"],
    paths: {
      "/hello": "prefix /hello",
      "/hello/": "prefix /hello",
      "/hello/a/b": "prefix /hello",
      "/hello//": "prefix /hello",
      "/helloworld": "no path",
      "/hell": "no path",
      "/": "no path",
      "/a/hello": "no path",
      "/Hello": "no path",
    },
  },
  {
    what: "matches all by the prefix /",
    routes: ["prefix /"],
    paths: {
      "/": "prefix /",
      "/a": "prefix /",
      "/a/b/c": "prefix /",
      "//": "prefix /",
      "//a": "prefix /",
    },
  },
  {
    what: "matches an exact path alone",
    routes: ["exact /hello"],
    paths: {
      "/hello": "exact /hello",
      "/hello/": "no path",
      "/hello/a": "no path",
      "/": "no path",
    },
  },
  {
    what: "matches the exact path / alone",
    routes: ["exact /"],
    paths: { "/": "exact /", "/a": "no path", "//": "no path" },
  },
  {
    what: "tells an exact path from the one with a slash behind it",
    routes: ["exact /hello", "exact /hello/"],
    paths: {
      "/hello": "exact /hello",
      "/hello/": "exact /hello/",
      "/hello//": "no path",
    },
  },
  {
    what: "takes a prefix with a slash at its end for the one without",
    routes: ["prefix /hello/"],
    paths: { "/hello": "prefix /hello/", "/hello/a": "prefix /hello/" },
  },
  {
    what: "takes the longest prefix",
    routes: ["prefix /", "prefix /a", "prefix /a/b", "prefix /a/b/c"],
    paths: {
      "/": "prefix /",
      "/b": "prefix /",
      "/a": "prefix /a",
      "/a/x": "prefix /a",
      "/a/b": "prefix /a/b",
      "/a/b/x": "prefix /a/b",
      "/a/b/c/d": "prefix /a/b/c",
    },
  },
  {
    what: "takes a static segment before a parameter",
    routes: ["prefix /users/:id", "prefix /users/me"],
    paths: {
      "/users/7": "prefix /users/:id",
      "/users/me": "prefix /users/me",
      "/users/me/posts": "prefix /users/me",
      "/users/mee": "prefix /users/:id",
    },
  },
  {
    what: "takes an exact path before a prefix of the same length",
    routes: ["prefix /a", "exact /a", "prefix /"],
    paths: {
      "/a": "exact /a",
      "/a/": "prefix /a",
      "/a/b": "prefix /a",
      "/b": "prefix /",
    },
  },
  {
    what: "takes the longest match before a static segment",
    routes: ["prefix /users/me", "prefix /users/:id/posts"],
    paths: {
      "/users/me": "prefix /users/me",
      "/users/me/x": "prefix /users/me",
      "/users/me/posts": "prefix /users/:id/posts",
      "/users/7/posts/9": "prefix /users/:id/posts",
      "/users/7": "no path",
    },
  },
  {
    what: "takes the longest prefix before a shorter exact path that does not match",
    routes: ["exact /users/:id", "prefix /users"],
    paths: {
      "/users/7": "exact /users/:id",
      "/users/7/posts": "prefix /users",
      "/users/": "prefix /users",
    },
  },
  {
    what: "goes back to a parameter where a static segment leads nowhere",
    routes: ["exact /a/b/c", "exact /:x/b/d", "exact /a/:y/e"],
    paths: {
      "/a/b/c": "exact /a/b/c",
      "/a/b/d": "exact /:x/b/d",
      "/a/b/e": "exact /a/:y/e",
      "/a/b/f": "no path",
    },
  },
  {
    what: "never matches an empty segment with a parameter",
    routes: ["prefix /users/:id", "exact /users/:id/posts"],
    paths: {
      "/users": "no path",
      "/users/": "no path",
      "/users//": "no path",
      "/users//posts": "no path",
      "/users/7/posts": "exact /users/:id/posts",
    },
  },
  {
    what: "takes an empty segment for a segment",
    routes: ["prefix /a/b", "exact /a//b", "prefix //c"],
    paths: {
      "/a//b": "exact /a//b",
      "/a/b": "prefix /a/b",
      "//a/b": "no path",
      "//c/d": "prefix //c",
      "/c": "no path",
    },
  },
  {
    what: "knows a parameter by its colon at the beginning of a segment alone",
    routes: ["exact /a:b", "exact /at:/x"],
    paths: { "/a:b": "exact /a:b", "/ab": "no path", "/at:/x": "exact /at:/x", "/at/x": "no path" },
  },
  {
    what: "takes the characters of regular expressions as they are",
    routes: ["prefix /a.c", "prefix /(b)+", "prefix /$"],
    paths: {
      "/a.c": "prefix /a.c",
      "/abc": "no path",
      "/(b)+": "prefix /(b)+",
      "/b": "no path",
      "/$": "prefix /$",
      "/": "no path",
    },
  },
  {
    what: "has no path where nothing was added",
    routes: [],
    paths: { "/": "no path", "/a": "no path" },
  },
];

describe("Router", () => {
  for (const { what, routes, paths } of lookUps) {
    it(`${what}, whatever the order of registration`, () => {
      for (const order of ordersOf(routes)) {
        const router = routerOf(order);
        for (const [path, expected] of Object.entries(paths)) {
          assertEquals(foundBy(router, path), expected, `${path} in [${order.join(", ")}]`);
        }
      }
    });
  }

  it("lists its routes in the order of registration", () => {
    const router = routerOf(["prefix /b", "exact /a", "prefix /"]);
    assertEquals(router.routes.map(({ pattern }) => pattern), ["/b", "/a", "/"]);
  });

  it("keeps apart thousands of segments in one place, those that hash alike included", () => {
    const pieces = ["Aa", "BB", "C#"];
    let words = [""];
    for (let length = 0; length < 7; length++) {
      words = words.flatMap((word) => pieces.map((piece) => word + piece));
    }
    const routes = words.map((word) => `exact /${word.replaceAll("#", "~")}`);
    const router = routerOf(routes);
    for (const route of routes) assertEquals(foundBy(router, route.slice(6)), route);
    assertEquals(foundBy(router, "/AaBB"), "no path");
  });

  it("takes no path for another one that begins alike and hashes alike", () => {
    const router = routerOf(["exact /item"]);
    assertEquals(foundBy(router, `/${textThatHashesAs("item")}`), "no path");
  });

  it("takes no longer to look a path up among a thousand times as many routes", () => {
    const few = routerOf(routesOfSize(20));
    const many = routerOf(routesOfSize(20_000));
    // A search through all routes would take about a thousand times as long; hash tables differ by their caches alone.
    assertLess(fastestLookUps(many), 50 * fastestLookUps(few));
  });
});

/** A longer text that begins with that one, and that a hash of 32 bits by the factor 31 cannot tell from it. */
function textThatHashesAs(text: string): string {
  const hash = (text: string) =>
    [...text].reduce((hash, character) => Math.imul(hash, 31) + character.charCodeAt(0) | 0, 0);
  // Seven digits of base 31 are all numbers of 32 bits.
  const digits = 7;
  let rest = (hash(text) - hash(text + "A".repeat(digits))) >>> 0;
  let suffix = "";
  for (let i = 0; i < digits; i++) {
    suffix = String.fromCharCode("A".charCodeAt(0) + rest % 31) + suffix;
    rest = Math.floor(rest / 31);
  }
  assertEquals(hash(text + suffix), hash(text));
  return text + suffix;
}

function routesOfSize(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `prefix /api/resource-${number}/:id`);
}

/** The shortest of several measurements of 1,000 look-ups, in milliseconds. */
function fastestLookUps(router: Router<string>): number {
  const paths = Array.from({ length: 20 }, (_, number) => `/api/resource-${number}/7`);
  const durations = Array.from({ length: 20 }, () => {
    const startedAt = performance.now();
    for (let i = 0; i < 1_000; i++) router.match("GET", paths[i % paths.length]);
    return performance.now() - startedAt;
  });
  return Math.min(...durations);
}

describe("Router, held against the model of its rules,", () => {
  // Aa and BB have the same hash in every polynomial of base 31.
  const literal = fc.constantFrom("a", "b", "", "Aa", "BB", "a:", "..a");
  const patternSegment = fc.oneof(
    { weight: 3, arbitrary: literal },
    { weight: 2, arbitrary: fc.constantFrom(":p", ":q", ":__proto__") },
  );
  const route: fc.Arbitrary<ModelRoute> = fc.record({
    kind: fc.constantFrom("prefix" as const, "exact" as const),
    pattern: fc.array(patternSegment, { minLength: 1, maxLength: 4 }).map((segments) =>
      // Each parameter of a pattern has a name of its own.
      "/" + segments.map((segment, index) => segment.startsWith(":") ? segment + index : segment)
        .join("/")
    ),
  });
  const table = fc.uniqueArray(route, { maxLength: 14, comparator: isSameRoute });
  const pathSegment = fc.constantFrom("a", "b", "", "Aa", "BB", "c", "a:", "..a", ":p0");
  const path = fc.array(pathSegment, { minLength: 1, maxLength: 6 }).map((segments) =>
    "/" + segments.join("/")
  );
  const paths = fc.array(path, { minLength: 1, maxLength: 12 });

  function routerOfModel(routes: readonly ModelRoute[]): Router<ModelRoute> {
    const router = new Router<ModelRoute>((segment) => segment);
    for (const one of routes) {
      const target: TargetsByMethod<ModelRoute> = { kind: "any", target: one };
      router.add(one.pattern, one.kind === "exact", target, () => "a test");
    }
    return router;
  }

  it("finds the route that the rules name, with its parameters", () => {
    fc.assert(
      fc.property(table, paths, (routes, somePaths) => {
        const router = routerOfModel(routes);
        for (const one of somePaths) {
          const match = router.match("GET", one);
          const expected = bestRoute(routes, one);
          assertEquals(targetOf(match), expected, `for the path ${one}`);
          if (expected === undefined || match.kind !== "found") continue;
          const segments = one.split("/").slice(1);
          const parameters = match.route.parameters.map(({ name, segment }) => [
            name,
            segments[segment],
          ]);
          assertEquals(parameters, modelParameters(expected, one));
          assertEquals(match.route.depth, patternSegments(expected).length);
        }
      }),
      { numRuns: runs(3_000) },
    );
  });

  it("finds the same route after registration in another order", () => {
    const shuffled = table.chain((routes) =>
      fc.tuple(
        fc.constant(routes),
        fc.shuffledSubarray(routes, { minLength: routes.length, maxLength: routes.length }),
      )
    );
    fc.assert(
      fc.property(shuffled, paths, ([routes, others], somePaths) => {
        const router = routerOfModel(routes);
        const other = routerOfModel(others);
        for (const one of somePaths) {
          assertEquals(targetOf(router.match("GET", one)), targetOf(other.match("GET", one)));
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it("refuses a second route of the same pattern, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(route, { maxLength: 8 }), (routes) => {
        const router = new Router<string>((segment) => segment);
        const added: ModelRoute[] = [];
        for (const one of routes) {
          const add = () =>
            router.add(one.pattern, one.kind === "exact", { kind: "any", target: "" }, () => "");
          if (added.some((other) => isSameRoute(one, other))) {
            assertThrows(add, TypeError, "already");
          } else {
            add();
            added.push(one);
          }
        }
        assertEquals(router.routes.length, added.length);
      }),
      { numRuns: runs(500) },
    );
  });
});

function targetOf(match: Match<ModelRoute>): ModelRoute | undefined {
  return match.kind === "found" ? match.target : undefined;
}

const hello = () => WebResponse.text("hello");

/** The line in this file on which it is called. */
function thisLine(): number {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, thisLine);
  return Number(/router_test\.ts:(\d+):\d+/.exec(trace.stack ?? "")?.[1]);
}

describe("WebServer.addPath()", () => {
  it("names both places where the same prefix was added", () => {
    const server = new WebServer();
    const line = thisLine();
    server.addPath("/hello", hello);
    const { message } = assertThrows(() => server.addPath("/hello", hello), TypeError);
    assertStringIncludes(message, '"/hello"');
    const places = [...message.matchAll(/(file:\/\/\S*router_test\.ts):(\d+):(\d+)/g)];
    assertEquals(places.map(([, , number]) => Number(number)).toSorted((a, b) => a - b), [
      line + 1,
      line + 2,
    ]);
  });

  it("names both places where the same exact path was added", () => {
    const server = new WebServer();
    const line = thisLine();
    server.addExactPath("/", hello);
    const { message } = assertThrows(() => server.addExactPath("/", hello), TypeError);
    assertMatch(message, new RegExp(`router_test\\.ts:${line + 1}:\\d+`));
    assertMatch(message, new RegExp(`router_test\\.ts:${line + 2}:\\d+`));
  });

  const conflicts: { what: string; first: PathPattern; second: PathPattern }[] = [
    { what: "with a slash at its end", first: "/hello", second: "/hello/" },
    { what: "with another name for a parameter", first: "/users/:id", second: "/users/:name" },
    { what: "with a letter percent-encoded", first: "/abc", second: "/%61bc" },
  ];
  for (const { what, first, second } of conflicts) {
    it(`takes the same prefix ${what} for the same, and names both`, () => {
      const server = new WebServer();
      server.addPath(first, hello);
      const { message } = assertThrows(() => server.addPath(second, hello), TypeError);
      assertStringIncludes(message, JSON.stringify(first));
      assertStringIncludes(message, JSON.stringify(second));
    });
  }

  it("takes a prefix and an exact path of the same text", async () => {
    const server = new WebServer();
    server.addPath("/a", () => WebResponse.text("prefix"));
    server.addExactPath("/a", () => WebResponse.text("exact"));
    assertEquals(await bodyOf(server, "/a"), "exact");
    assertEquals(await bodyOf(server, "/a/b"), "prefix");
  });

  it("keeps the first route after it has refused the second", async () => {
    const server = new WebServer();
    server.addPath("/a", () => WebResponse.text("first"));
    assertThrows(() => server.addPath("/a", () => WebResponse.text("second")));
    assertEquals(await bodyOf(server, "/a"), "first");
  });

  const malformed: { what: string; pattern: string; says: string }[] = [
    { what: "without a slash at its beginning", pattern: "hello", says: '"/hello"' },
    { what: "that is empty", pattern: "", says: '"/"' },
    { what: "that is a URL", pattern: "http://localhost/", says: 'must start with "/"' },
    { what: "that is an asterisk", pattern: "*", says: 'must start with "/"' },
    { what: "with a query", pattern: "/a?b=1", says: '"?"' },
    { what: "with a fragment", pattern: "/a#b", says: '"#"' },
    { what: "with a space", pattern: "/a b", says: "%20" },
    { what: "with a tab", pattern: "/a\tb", says: "\\t" },
    { what: "with a line end", pattern: "/a\n", says: "\\n" },
    { what: 'with a segment "."', pattern: "/a/./b", says: "never match" },
    { what: 'with a segment ".."', pattern: "/a/..", says: "never match" },
    { what: 'with an encoded segment ".."', pattern: "/%2e%2E/a", says: "never match" },
    { what: "with an asterisk for a segment", pattern: "/files/*", says: "no wildcard" },
    { what: "with a parameter that has no name", pattern: "/a/:", says: '":"' },
    { what: "with a parameter whose name begins with a digit", pattern: "/:1a", says: '":1a"' },
    { what: "with a parameter whose name has a hyphen", pattern: "/:a-b", says: '":a-b"' },
    { what: "with more than a parameter in a segment", pattern: "/:id.json", says: '":id.json"' },
    { what: "with an optional parameter", pattern: "/:id?", says: '"?"' },
    { what: "with a regular expression", pattern: "/:id(\\d+)", says: '":id(\\\\d+)"' },
    { what: "with a parameter twice", pattern: "/:id/:id", says: '":id"' },
  ];
  for (const { what, pattern, says } of malformed) {
    it(`refuses a path ${what}`, () => {
      for (const method of ["addPath", "addExactPath"] as const) {
        const server = new WebServer();
        const { message } = assertThrows(
          () => server[method](pattern as PathPattern, hello),
          TypeError,
        );
        assertStringIncludes(message, JSON.stringify(pattern), "what was got");
        assertStringIncludes(message, says);
      }
    });
  }

  for (const pattern of [undefined, null, 7, {}, ["/a"]]) {
    it(`refuses ${JSON.stringify(pattern) ?? "undefined"} for a path`, () => {
      const server = new WebServer();
      assertThrows(() => server.addPath(pattern as unknown as "/", hello), TypeError);
    });
  }

  const badTargets: { what: string; target: unknown; says: string }[] = [
    { what: "undefined", target: undefined, says: "undefined" },
    { what: "null", target: null, says: "null" },
    { what: "a text", target: "hello", says: "string" },
    { what: "a response", target: WebResponse.text("hello"), says: "no method" },
    { what: "an empty table", target: {}, says: "no method" },
    { what: "a table of nothing", target: { GET: undefined }, says: "no method" },
    { what: "a table of no handler", target: { GET: "hello" }, says: "GET" },
    { what: "an unknown method", target: { GETT: hello }, says: '"GETT"' },
    { what: "a method in lower case", target: { GET: hello, post: hello }, says: '"post"' },
    { what: "CONNECT, which is for proxies,", target: { CONNECT: hello }, says: '"CONNECT"' },
  ];
  for (const { what, target, says } of badTargets) {
    it(`refuses ${what} for a target`, () => {
      const server = new WebServer();
      const { message } = assertThrows(
        () => server.addPath("/things", target as typeof hello),
        TypeError,
      );
      assertStringIncludes(message, '"/things"');
      assertStringIncludes(message, says);
    });
  }

  it("refuses a path after run(), which the workers would not have", {
    ignore: !canUseNetwork,
  }, async () => {
    const server = new WebServer();
    server.addPath("/before", hello);
    // For documentation only (RFC 5737): no machine has that address, so nothing starts.
    const options = { hostname: "203.0.113.1", port: 0, workers: 1, signals: false };
    await standardErrorOf(() => assertRejects(() => server.run(options), Error));
    assertThrows(() => server.addPath("/after", hello), TypeError, "after run()");
    assertThrows(() => server.addExactPath("/after", hello), TypeError, '"/after"');
    await assertRejects(() => server.run(options), TypeError, "once");
    await assertRejects(() => server.start(options), TypeError, "once");
  });

  it("leaves out the methods of a table that are undefined", async () => {
    const server = new WebServer();
    server.addPath("/", { GET: hello, POST: undefined });
    const { status } = await server.fetch(new Request("http://localhost/", { method: "POST" }));
    assertEquals(status, 405);
  });
});

async function bodyOf(server: WebServer, path: string): Promise<string> {
  const response = await server.fetch(new Request(`http://localhost${path}`));
  return await response.text();
}

function allowOf(response: Response): string[] {
  return (response.headers.get("allow") ?? "").split(", ").toSorted();
}

describe("A method table", () => {
  const server = new WebServer();
  server.addPath("/", { GET: (req) => WebResponse.text(`root ${req.method}`) });
  server.addPath("/things", {
    GET: (req) => WebResponse.text(`list ${req.method}`),
    POST: () => WebResponse.text("create", { status: 201 }),
  });
  server.addPath("/named", {
    GET: () => WebResponse.text("get"),
    HEAD: () => WebResponse.empty(204, { headers: { "x-by": "head" } }),
    OPTIONS: () => WebResponse.text("options"),
  });
  server.addPath("/write", { PUT: hello, PATCH: hello, DELETE: hello });
  server.addExactPath("/split", { GET: hello });
  server.addPath("/split", { POST: hello });
  server.addPath("/any", (req) => WebResponse.text(req.method));

  const send = (method: string, path: string) =>
    server.fetch(new Request(`http://localhost${path}`, { method }));

  it("leads each method to its handler", async () => {
    assertEquals(await (await send("GET", "/things")).text(), "list GET");
    const created = await send("POST", "/things");
    assertEquals([created.status, await created.text()], [201, "create"]);
  });

  it("answers a method that it does not name with 405 and Allow", async () => {
    const response = await send("DELETE", "/things");
    assertEquals(response.status, 405);
    assertEquals(allowOf(response), ["GET", "HEAD", "OPTIONS", "POST"]);
  });

  it("allows no HEAD where it names no GET", async () => {
    const response = await send("HEAD", "/write");
    assertEquals(response.status, 405);
    assertEquals(allowOf(response), ["DELETE", "OPTIONS", "PATCH", "PUT"]);
  });

  it("answers a method that nobody knows with 405", async () => {
    assertEquals((await send("BREW", "/things")).status, 405);
  });

  it("tells methods by their case", async () => {
    assertEquals((await send("patch", "/write")).status, 405);
    const dispatcher = new TestDispatcher({ "prefix /": { GET: hello } });
    assertEquals((await dispatcher.answer({ method: "get" })).status, 405);
  });

  it("serves HEAD by GET, whose handler sees the method", async () => {
    const response = await send("HEAD", "/things");
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-length"), String("list HEAD".length));
    assertEquals(await response.text(), "");
  });

  it("serves HEAD itself where it names it", async () => {
    const response = await send("HEAD", "/named");
    assertEquals([response.status, response.headers.get("x-by")], [204, "head"]);
  });

  it("answers OPTIONS by itself, with Allow and without a body", async () => {
    const response = await send("OPTIONS", "/things");
    assert(response.ok);
    assertEquals(allowOf(response), ["GET", "HEAD", "OPTIONS", "POST"]);
    assertEquals(await response.text(), "");
  });

  it("serves OPTIONS by its handler where it names it", async () => {
    assertEquals(await (await send("OPTIONS", "/named")).text(), "options");
  });

  it("is the only one that is asked: no shorter path answers what it does not name", async () => {
    assertEquals((await send("PUT", "/things/7")).status, 405);
    assertEquals(allowOf(await send("POST", "/split")), ["GET", "HEAD", "OPTIONS"]);
    assertEquals((await send("POST", "/split/a")).status, 200);
  });

  it("can name every method but CONNECT", async () => {
    const methods: Method[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    for (const method of methods) {
      const dispatcher = new TestDispatcher({ "prefix /": { [method]: hello } });
      assertEquals((await dispatcher.answer({ method })).text, "hello");
    }
  });
});

describe("A handler without a table", () => {
  it("gets every method, those that nobody knows included", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /": (req) => WebResponse.text(req.method),
    });
    for (const method of ["GET", "POST", "OPTIONS", "TRACE", "BREW", "get"]) {
      assertEquals((await dispatcher.answer({ method })).text, method);
    }
  });
});

describe("OPTIONS *", () => {
  const ask = (dispatcher: TestDispatcher) => dispatcher.answer({ method: "OPTIONS", target: "*" });

  it("asks about the server as a whole, which names every method", async () => {
    const { status, text, headers } = await ask(new TestDispatcher({ "prefix /a": hello }));
    assertEquals([status, text], [204, ""]);
    assertEquals(
      headers.get("allow")?.split(", ").toSorted(),
      ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"],
    );
  });

  it("does not ask about the exact path /", async () => {
    let calls = 0;
    const front = () => {
      calls++;
      return hello();
    };
    assertEquals((await ask(new TestDispatcher({ "exact /": front }))).text, "");
    assertEquals(calls, 0);
    const { headers } = await ask(new TestDispatcher({ "exact /": { GET: front } }));
    assertStringIncludes(headers.get("allow") ?? "", "POST");
  });

  it("is the only method that an asterisk goes with", async () => {
    const dispatcher = new TestDispatcher({ "prefix /": hello });
    assertEquals((await dispatcher.answer({ method: "GET", target: "*" })).status, 400);
  });
});

// Two ways to one answer: over a socket the server resolves the target itself, through `fetch` the platform has a part in it.
const ways = {
  "a connection": async (pattern: PathPattern, kind: string, target: string) => {
    const dispatcher = new TestDispatcher({
      [`${kind} ${pattern}`]: (req) =>
        WebResponse.json({ path: req.path, rest: req.rest, params: req.params }),
    });
    const { status, text } = await dispatcher.answer({ target });
    return status === 200 ? JSON.parse(text) : status;
  },
  "fetch()": async (pattern: PathPattern, kind: string, target: string) => {
    const server = new WebServer();
    const add = kind === "exact" ? server.addExactPath : server.addPath;
    add.call(
      server,
      pattern,
      (req) => WebResponse.json({ path: req.path, rest: req.rest, params: req.params }),
    );
    const response = await server.fetch(new Request(`http://localhost${target}`));
    return response.status === 200 ? await response.json() : response.status;
  },
};

interface TargetCase {
  what: string;
  pattern: PathPattern;
  isExact?: boolean;
  target: string;
  expected: number | { path: string; rest: string; params: Record<string, string> };
}

const targets: TargetCase[] = [
  {
    what: "an encoded slash makes no segment",
    pattern: "/a/b",
    target: "/a%2Fb",
    expected: 404,
  },
  {
    what: "an encoded slash ends no prefix",
    pattern: "/a",
    target: "/a%2fb",
    expected: 404,
  },
  {
    what: "an encoded slash is a slash in a parameter",
    pattern: "/files/:name",
    isExact: true,
    target: "/files/a%2Fb%2fc",
    expected: { path: "/files/a%2Fb%2Fc", rest: "", params: { name: "a/b/c" } },
  },
  {
    what: "an encoded slash stays encoded in the rest",
    pattern: "/files",
    target: "/files/a%2fb/c%20d",
    expected: { path: "/files/a%2Fb/c d", rest: "/a%2Fb/c d", params: {} },
  },
  {
    what: "an encoded slash in the pattern matches one in the target",
    pattern: "/a%2Fb",
    target: "/a%2Fb/c",
    expected: { path: "/a%2Fb/c", rest: "/c", params: {} },
  },
  {
    what: "an encoded letter in the target is that letter",
    pattern: "/hello",
    target: "/%68ell%6F/a",
    expected: { path: "/hello/a", rest: "/a", params: {} },
  },
  {
    what: "an encoded letter in the pattern is that letter",
    pattern: "/%C3%BCber",
    target: "/%C3%BCber",
    expected: { path: "/über", rest: "", params: {} },
  },
  {
    what: "a pattern in its own script matches what clients send for it",
    pattern: "/über/日本",
    target: "/%C3%BCber/%E6%97%A5%E6%9C%AC",
    expected: { path: "/über/日本", rest: "", params: {} },
  },
  {
    what: "an encoded percent sign is decoded once",
    pattern: "/:a",
    target: "/%252F",
    expected: { path: "/%2F", rest: "", params: { a: "%2F" } },
  },
  {
    what: "what is not UTF-8 becomes U+FFFD",
    pattern: "/:a",
    target: "/a%FFb",
    expected: { path: "/a\ufffdb", rest: "", params: { a: "a\ufffdb" } },
  },
  {
    what: "a byte order mark is a character like others",
    pattern: "/:a/:b",
    target: "/%EF%BB%BFa/%EF%BB%BFb%FF",
    expected: {
      path: "/\ufeffa/\ufeffb\ufffd",
      rest: "",
      params: { a: "\ufeffa", b: "\ufeffb\ufffd" },
    },
  },
  {
    what: "a malformed escape stays as it is",
    pattern: "/:a",
    target: "/100%",
    expected: { path: "/100%", rest: "", params: { a: "100%" } },
  },
  {
    what: "a malformed escape beside a good one stays as it is",
    pattern: "/:a",
    target: "/%zz%41%4",
    expected: { path: "/%zzA%4", rest: "", params: { a: "%zzA%4" } },
  },
  {
    what: "dot segments are resolved before routing",
    pattern: "/b",
    target: "/a/../b/./c",
    expected: { path: "/b/c", rest: "/c", params: {} },
  },
  {
    what: "encoded dot segments are resolved before routing",
    pattern: "/b",
    target: "/a/%2e%2E/b/%2e/c/.%2e/d",
    expected: { path: "/b/d", rest: "/d", params: {} },
  },
  {
    what: "nothing leads above the root",
    pattern: "/a",
    target: "/../..//%2e%2e/a",
    expected: { path: "/a", rest: "", params: {} },
  },
  {
    what: "a dot segment at the end leaves a slash",
    pattern: "/",
    target: "/a/b/..",
    expected: { path: "/a/", rest: "/a/", params: {} },
  },
  {
    what: "a dot segment takes an empty segment away",
    pattern: "/",
    target: "/a//../b",
    expected: { path: "/a/b", rest: "/a/b", params: {} },
  },
  {
    what: "more dots than two, and dots beside letters, are no dot segment",
    pattern: "/",
    target: "/.../..a/.b/c.",
    expected: { path: "/.../..a/.b/c.", rest: "/.../..a/.b/c.", params: {} },
  },
  {
    what: "dots before an encoded slash are no dot segment",
    pattern: "/a",
    target: "/a/..%2Fb",
    expected: { path: "/a/..%2Fb", rest: "/..%2Fb", params: {} },
  },
  {
    what: "dots that were encoded twice are no dot segment",
    pattern: "/a",
    target: "/a/%252e%252e",
    expected: { path: "/a/%2e%2e", rest: "/%2e%2e", params: {} },
  },
  {
    what: "two slashes at the beginning stay two",
    pattern: "/hello",
    target: "//hello",
    expected: 404,
  },
  {
    what: "two slashes at the beginning begin a path, not an authority",
    pattern: "/",
    target: "//example.com/a",
    expected: { path: "//example.com/a", rest: "//example.com/a", params: {} },
  },
  {
    what: "a parameter between two slashes is not there",
    pattern: "/users/:id/posts",
    target: "/users//posts",
    expected: 404,
  },
  {
    what: "a query is no part of the path",
    pattern: "/a",
    isExact: true,
    target: "/a?b/../c",
    expected: { path: "/a", rest: "", params: {} },
  },
];

describe("routeNames()", () => {
  const names: { what: string; routes: string[]; expected: string[] }[] = [
    {
      what: "calls routes by their patterns, in the order in which they were added",
      routes: ["prefix /users/:id", "exact /", "prefix /files/"],
      expected: ["/users/:id", "/", "/files/"],
    },
    {
      what: "tells a prefix from an exact path of the same pattern",
      routes: ["prefix /", "exact /", "exact /hello", "prefix /hello"],
      expected: ["/*", "/", "/hello", "/hello/*"],
    },
  ];
  for (const { what, routes, expected } of names) {
    it(what, () => assertEquals(routeNames(routerOf(routes).routes), expected));
  }
});

for (const [way, ask] of Object.entries(ways)) {
  describe(`A target that comes through ${way}`, () => {
    for (const { what, pattern, isExact = false, target, expected } of targets) {
      it(`is read so that ${what}`, async () => {
        assertEquals(await ask(pattern, isExact ? "exact" : "prefix", target), expected);
      });
    }
  });
}
