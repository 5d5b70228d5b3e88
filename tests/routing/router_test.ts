import {
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
import { type Match, routeNames, Router } from "../../src/routing/router.ts";
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
    router.add(pattern, kind === "exact", route, () => "a test");
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
      router.add(one.pattern, one.kind === "exact", one, () => "a test");
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
          const add = () => router.add(one.pattern, one.kind === "exact", "", () => "");
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
});

async function bodyOf(server: WebServer, path: string): Promise<string> {
  const response = await server.fetch(new Request(`http://localhost${path}`));
  return await response.text();
}

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
