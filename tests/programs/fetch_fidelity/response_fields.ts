// The fields, statuses and reason phrases of responses, in every form in which they can be given.

import type { FidelityCase, FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { forEach, GET } from "./requests.ts";

/**
 * Each kind of `headers`, but values with control bytes: they end the process of Deno.serve.
 */
const HEADERS: Readonly<Record<string, () => unknown>> = {
  "a record": () => ({ "X-One": "1", "x-two": "2" }),
  "an empty record": () => ({}),
  "pairs": () => [["X-One", "1"], ["x-one", "again"], ["x-two", "2"]],
  "no pairs": () => [],
  "Headers": () => new Headers({ "X-One": "1", "x-two": "2" }),
  "empty Headers": () => new Headers(),
  "a Map": () => new Map([["x-one", "1"], ["x-two", "2"]]),
  "a generator": () =>
    (function* () {
      yield ["x-one", "1"];
      yield ["x-two", "2"];
    })(),
  "URLSearchParams": () => new URLSearchParams("x-one=1&x-two=2"),
  "undefined": () => undefined,
  "null": () => null,
  "a number": () => 7,
  "text": () => "x-one: 1",
  "a record of numbers": () => ({ "x-one": 1, "x-two": 2.5 }),
  "a record with undefined": () => ({ "x-one": undefined, "x-two": null }),
  "a record with an array": () => ({ "x-one": ["a", "b"] }),
  "a record with a symbol": () => ({ "x-one": "1", [Symbol("s")]: "2" }),
  "a record with inherited fields": () => Object.create({ "x-one": "1" }, {}),
  "a record without a prototype": () => Object.assign(Object.create(null), { "x-one": "1" }),
  "a record with a field that is not enumerable": () =>
    Object.defineProperty({ "x-one": "1" }, "x-hidden", { value: "2" }),
  "a record with __proto__": () => JSON.parse('{"__proto__":"a","x-one":"1"}'),
  "the same name in two cases": () => ({ "X-One": "1", "x-one": "2" }),
  "an instance of a class": () =>
    new (class {
      "x-one" = "1";
      #hidden = "2";
      hidden(): string {
        return this.#hidden;
      }
    })(),
  "pairs that are too short": () => [["x-one"]],
  "pairs that are too long": () => [["x-one", "1", "2"]],
  "pairs of sets": () => [new Set(["x-one", "1"])],
  "several cookies": () => [["set-cookie", "a=1"], ["Set-Cookie", "b=2; HttpOnly"], ["x-one", "1"]],
  "a cookie": () => ({ "Set-Cookie": "a=1; Path=/" }),
  "a subclass of Headers": () => new (class Mine extends Headers {})({ "x-one": "1" }),
  "headers of another Response": () => new Response("a", { headers: { "x-one": "1" } }).headers,
  "a Proxy around a record": () => new Proxy({ "x-one": "1" }, {}),
  "an empty name": () => ({ "": "1" }),
  "a name with a space": () => ({ "x one": "1" }),
  "a name outside of ASCII": () => ({ "x-\u00e9": "1" }),
  "a name with a colon": () => ({ "x:one": "1" }),
  "an empty value": () => ({ "x-one": "" }),
  "a value with spaces around it": () => ({ "x-one": "  a  " }),
  "a value with a line break": () => ({ "x-one": "a\r\nx-two: 2" }),
  "a value with line breaks around it": () => ({ "x-one": "\r\na\n" }),
  "a value with NUL": () => ({ "x-one": "a\0b" }),
  "a value of Latin-1": () => ({ "x-one": "gr\u00fc\u00df" }),
  "a value outside of Latin-1": () => ({ "x-one": "\u4e16" }),
  "a value with a tab": () => ({ "x-one": "a\tb" }),
  "a long value": () => ({ "x-one": "v".repeat(5_000) }),
  "many fields": () => Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x-${i}`, `${i}`])),
  "an upper case type": () => ({ "CONTENT-TYPE": "Text/HTML" }),
  "an empty type": () => ({ "content-type": "" }),
  "two types": () => [["content-type", "text/a"], ["content-type", "text/b"]],
  "a date of its own": () => ({ date: "Tue, 01 Jan 2030 00:00:00 GMT" }),
  "a server of its own": () => ({ server: "own" }),
  "vary": () => ({ vary: "Accept" }),
  "an etag": () => ({ etag: '"a"', "cache-control": "no-transform" }),
  "Connection: close": () => ({ connection: "close" }),
  "Connection: keep-alive": () => ({ connection: "keep-alive" }),
  "Keep-Alive": () => ({ "keep-alive": "timeout=5" }),
  "the right length": () => ({ "content-length": "5" }),
  "too large a length": () => ({ "content-length": "50" }),
  "too small a length": () => ({ "content-length": "2" }),
  "a length that is no number": () => ({ "content-length": "five" }),
  "a transfer coding": () => ({ "transfer-encoding": "chunked" }),
  "a content coding": () => ({ "content-encoding": "identity" }),
  "Trailer": () => ({ trailer: "x-one" }),
  "Upgrade": () => ({ upgrade: "h2c", connection: "upgrade" }),
};

const STATUSES: readonly unknown[] = [
  ...[200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 304, 307, 308, 399],
  ...[400, 404, 413, 418, 426, 451, 499, 500, 501, 503, 511, 599],
];
const WRONG_STATUSES: readonly unknown[] = [
  ...[0, 99, 100, 101, 103, 199, 600, 999, 1_000, -1, 65_736, 1e9],
  ...[200.5, NaN, Infinity, "201", "abc", "", null, true, {}, [202], 10n, undefined],
];
const PHRASES: readonly unknown[] = [
  ...["Fine", "", " ", "two words", "gr\u00fc\u00df", "a\tb", "a\r\nb: c", "a\0b", "\u4e16"],
  ...[undefined, null, 7, { toString: () => "made" }],
];

function shown(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value) ?? "undefined";
}

/** Makes a response, or another one if that throws. */
function made(
  make: () => Response,
  { notes }: Parameters<FidelityCase["handle"]>[1],
): Response {
  const response = notes.see("made", () => make() as unknown as string) as unknown as Response;
  return response ?? new Response("thrown");
}

function respond(make: () => Response, method = "GET"): FidelityCase {
  return { send: { ...GET, method }, handle: (_request, run) => made(make, run) };
}

/** Counts how often each getter of an init is called, and in which order. */
function counted(log: string[]): ResponseInit {
  const get = <Value>(name: string, value: Value): Value => {
    log.push(name);
    return value;
  };
  return {
    get status() {
      return get("status", 203);
    },
    get statusText() {
      return get("statusText", "Counted");
    },
    get headers() {
      return get("headers", {
        get "x-one"() {
          return get("x-one", "1");
        },
        get "x-two"() {
          return get("x-two", "2");
        },
      });
    },
    get other() {
      return get("other", 1);
    },
  } as ResponseInit;
}

export const responseFields: FidelityCases = {
  ...Object.fromEntries(
    Object.entries(HEADERS).flatMap(([name, headers]) => [
      [
        `headers: ${name}`,
        respond(() => new Response("hello", { headers: headers() as HeadersInit })),
      ],
      [
        `headers without a body: ${name}`,
        respond(() => new Response(null, { headers: headers() as HeadersInit })),
      ],
    ]),
  ),
  ...Object.fromEntries(STATUSES.flatMap((status) => [
    [`status ${shown(status)}`, respond(() => new Response(null, { status: status as number }))],
    [
      `status ${shown(status)} with a body`,
      respond(() => new Response("hello", { status: status as number })),
    ],
    [
      `status ${shown(status)} to HEAD`,
      respond(() => new Response(null, { status: status as number }), "HEAD"),
    ],
  ])),
  "statuses that are none": forEach(WRONG_STATUSES, () => GET, (status, _request, run) => {
    run.notes.see(shown(status), () => new Response(null, { status: status as number }).status);
  }),
  ...Object.fromEntries(PHRASES.map((statusText) => [
    `phrase ${shown(statusText)}`,
    respond(() => new Response("hello", { statusText: statusText as string })),
  ])),
  "phrases of statuses": forEach(
    STATUSES,
    () => GET,
    (status) => new Response(null, { status: status as number, statusText: "Own Words" }),
  ),
  "fields that are set later": respond(() => {
    const response = new Response("hello", { headers: { "x-one": "1", "x-gone": "2" } });
    response.headers.set("X-New", "3");
    response.headers.append("x-one", "again");
    response.headers.delete("x-gone");
    response.headers.append("set-cookie", "a=1");
    response.headers.append("set-cookie", "b=2");
    return response;
  }),
  "a type that is deleted": respond(() => {
    const response = new Response("hello");
    response.headers.delete("content-type");
    return response;
  }),
  "a type that is set later": respond(() => {
    const response = new Response("hello");
    response.headers.set("content-type", "text/later");
    return response;
  }),
  "fields set by Headers.prototype": respond(() => {
    const response = new Response("hello");
    Headers.prototype.append.call(response.headers, "x-one", "1");
    return response;
  }),
  "fields that are changed where they came from": {
    send: GET,
    handle() {
      const record: Record<string, string> = { "x-one": "1" };
      const response = new Response("hello", { headers: record });
      record["x-one"] = "changed";
      record["x-two"] = "added";
      return response;
    },
  },
  "Headers that are changed after they were given": {
    send: GET,
    handle() {
      const headers = new Headers({ "x-one": "1" });
      const response = new Response("hello", { headers });
      headers.set("x-one", "changed");
      headers.append("x-two", "added");
      return response;
    },
  },
  "pairs that are changed after they were given": {
    send: GET,
    handle() {
      const pairs: [string, string][] = [["x-one", "1"]];
      const response = new Response("hello", { headers: pairs });
      pairs[0][1] = "changed";
      pairs.push(["x-two", "added"]);
      return response;
    },
  },
  "an init that is changed after it was given": {
    send: GET,
    handle() {
      const init = { status: 201, headers: { "x-one": "1" } };
      const response = new Response("hello", init);
      init.status = 500;
      init.headers = { "x-one": "changed" };
      return response;
    },
  },
  "getters that count": {
    send: GET,
    handle(_request, { notes }) {
      const log: string[] = [];
      const response = new Response("hello", counted(log));
      notes.see("at the constructor", () => [...log]);
      void response.headers;
      notes.see("at headers", () => [...log]);
      return response;
    },
  },
  "getters that throw": {
    send: GET,
    handle(_request, { notes }) {
      notes.see("status", () =>
        new Response("a", {
          get status(): number {
            throw new RangeError("no status");
          },
        }));
      notes.see("headers", () =>
        new Response("a", {
          headers: {
            get "x-one"(): string {
              throw new RangeError("no value");
            },
          },
        }));
      notes.see("an init that is none", () => new Response("a", 7 as ResponseInit));
      notes.see("an init of text", () => new Response("a", "b" as ResponseInit));
      notes.see("an init of null", () => new Response("a", null as unknown as ResponseInit).status);
      notes.see("no arguments", () => new Response().status);
      notes.see("no new", () => (Response as unknown as () => unknown)());
    },
  },
  "Response.json": respond(() => Response.json({ a: "\u00e9", b: [1, null] })),
  "Response.json with an init": respond(() =>
    Response.json([1], { status: 201, statusText: "Made", headers: { "x-one": "1" } })
  ),
  "Response.json with a type": respond(() =>
    Response.json("a", { headers: { "content-type": "application/x+json" } })
  ),
  "Response.json of undefined": respond(() => Response.json(undefined)),
  "Response.json of a function": respond(() => Response.json(() => {})),
  "Response.json of a cycle": respond(() => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    return Response.json(cycle);
  }),
  "Response.json of a bigint": respond(() => Response.json(1n)),
  "Response.json with toJSON": respond(() => Response.json({ toJSON: () => "own" })),
  "Response.json of a lone surrogate": respond(() => Response.json("\ud800")),
  "Response.json with status 204": respond(() => Response.json(null, { status: 204 })),
  "Response.json to HEAD": respond(() => Response.json({ a: 1 }), "HEAD"),
  "Response.json whose fields are set later": respond(() => {
    const response = Response.json({ a: 1 });
    response.headers.set("x-one", "1");
    return response;
  }),
  "Response.redirect": respond(() => Response.redirect("http://other.test/a b")),
  "Response.redirect with a status": respond(() => Response.redirect("http://other.test/", 301)),
  "Response.redirect to a URL": respond(() =>
    Response.redirect(new URL("http://other.test/x"), 308)
  ),
  "Response.redirect to a path": respond(() => Response.redirect("/path")),
  "Response.redirect with a wrong status": respond(() => Response.redirect("http://a.test", 200)),
  "Response.redirect is immutable": respond(() => {
    const response = Response.redirect("http://other.test/");
    response.headers.set("x-one", "1");
    return response;
  }),
  "Response.error": {
    send: GET,
    handle(_request, { notes }) {
      const response = Response.error();
      notes.see("members", () => [response.type, response.status, response.ok, response.body]);
      notes.see("headers", () => response.headers.set("a", "b"));
    },
  },
  "Response.error that is sent": { send: GET, handle: () => Response.error() },
};
