// What programs that listen by node:http are asked: the bytes of the requests, by what they are for.

import { get, post, request } from "../../support/clients/raw_client.ts";
import type { Asking } from "../../support/clients/conversation.ts";
import { MULTIPART_TEXT, MULTIPART_TYPE } from "../../support/requests/multipart_form.ts";

const JSON_TYPE = "Content-Type: application/json";
const FORM_TYPE = "Content-Type: application/x-www-form-urlencoded";
const CHUNKED = "Transfer-Encoding: chunked";

const one = (what: string, ...send: string[]): Asking => ({ what, send });

export const getting = (target: string, ...fields: string[]): Asking =>
  one(`GET ${target} ${fields.join(", ")}`.trimEnd(), get(target, ...fields));

export const postingJson = (target: string, json: string): Asking =>
  one(`POST ${target} ${json}`, post(target, json, JSON_TYPE));

const ABSOLUTE = one(
  "GET / in absolute form",
  "GET http://test/users/7 HTTP/1.1\r\nHost: test\r\n\r\n",
);

/** A page, and what HTTP makes of it. */
const PAGE: readonly Asking[] = [
  getting("/"),
  one("HEAD /", request("HEAD", "/")),
  one("GET / by HTTP/1.0", "GET / HTTP/1.0\r\nHost: test\r\n\r\n"),
  one("GET / by HTTP/1.0, kept", "GET / HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n"),
  getting("/", "Connection: close"),
  getting("/users/a%20b?q=%C3%A9&x=1&x=2"),
  ABSOLUTE,
  getting("/nowhere"),
  one("OPTIONS /", request("OPTIONS", "/")),
  one("PUT /nowhere", request("PUT", "/nowhere", "Content-Length: 3") + "abc"),
  one("DELETE /users/7", request("DELETE", "/users/7")),
  getting("/redirect"),
  getting("/large"),
  getting("/%"),
  {
    what: "two GETs and a POST, pipelined",
    send: [get("/") + get("/users/7") + post("/echo", '{"a":1}', JSON_TYPE)],
    responses: 3,
  },
];

/** Bodies. */
const BODIES: readonly Asking[] = [
  postingJson("/echo", '{"a":[1,2],"b":"\u00e9"}'),
  postingJson("/echo", '{"a":'),
  postingJson("/echo", JSON.stringify({ a: "x".repeat(40_000) })),
  one("POST /echo without a body", request("POST", "/echo", JSON_TYPE, "Content-Length: 0")),
  one(
    "POST /echo in chunks",
    request("POST", "/echo", JSON_TYPE, CHUNKED) + '4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
  ),
  one(
    "POST /echo after 100 (Continue)",
    request("POST", "/echo", JSON_TYPE, "Content-Length: 7", "Expect: 100-continue"),
    '{"a":1}',
  ),
  one("POST /form", post("/form", "a=1&b=%C3%A9&b=2", FORM_TYPE)),
  one("POST /upload", post("/upload", MULTIPART_TEXT, `Content-Type: ${MULTIPART_TYPE}`)),
];

const COOKIES = [getting("/cookies"), getting("/cookies", "Cookie: name=Zoe; b=2")];
const THROWS = getting("/throws");
const REJECTS = getting("/rejects");
const FAILURES = [THROWS, REJECTS, getting("/")];

/** A file with its conditions and ranges. */
const FILE: readonly Asking[] = [
  getting("/notes.txt"),
  one("HEAD /notes.txt", request("HEAD", "/notes.txt")),
  getting("/notes.txt", "Range: bytes=0-9"),
  getting("/notes.txt", "Range: bytes=-5"),
  getting("/notes.txt", "Range: bytes=9999-"),
  getting("/notes.txt", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
  getting("/notes.txt", "If-None-Match: *"),
  getting("/missing.txt"),
];

const STREAM = getting("/stream");
const SENT_FILE = getting("/file");

const SOUND = [...PAGE, ...BODIES, ...COOKIES, STREAM];
const ALL = [...SOUND, ...FAILURES];

const YOGA_JSON = (query: string) => postingJson("/graphql", JSON.stringify({ query }));
const EVENTS = "Accept: text/event-stream";

const ADAPTER = [
  getting("/?name=Zo%C3%AB"),
  getting("/api?a=1", "Cookie: a=1"),
  postingJson("/api", '{"a":[1,2]}'),
  postingJson("/api", '{"a":'),
  one("DELETE /api", request("DELETE", "/api")),
  getting("/stream"),
  getting("/move"),
  getting("/nowhere"),
  one("HEAD /api", request("HEAD", "/api")),
];

/** A program of tests/support/programs/node/, and what it is asked. */
export interface NodeProgram {
  readonly file: string;
  readonly asked: readonly Asking[];
}

export const NODE_PROGRAMS: readonly NodeProgram[] = [
  { file: "express.js", asked: [...ALL, ...FILE, SENT_FILE] },
  // What a handler rejects with is not caught by version 4, and ends the process.
  { file: "express4.js", asked: [...SOUND, THROWS, ...FILE, SENT_FILE] },
  // Its router panics on a target in absolute form under Deno, alone as well: it calls an unbound URL.parse().
  {
    file: "fastify.js",
    asked: [...ALL, ...FILE, SENT_FILE].filter((asking) => asking !== ABSOLUTE),
  },
  { file: "koa.js", asked: [...ALL, ...FILE, SENT_FILE] },
  { file: "nest.ts", asked: [...PAGE, ...BODIES, getting("/events"), ...FAILURES] },
  { file: "hapi.js", asked: ALL },
  // What a handler throws is not caught, and ends the process.
  { file: "polka.js", asked: [...SOUND, REJECTS, ...FILE, SENT_FILE] },
  {
    file: "oak.js",
    asked: [...PAGE, ...BODIES.slice(0, 6), ...COOKIES, ...FAILURES],
  },
  { file: "hono_node.js", asked: [...ALL, ...FILE, getting("/events")] },
  {
    file: "apollo.js",
    asked: [
      postingJson("/", '{"query":"{books{title}}"}'),
      postingJson("/", '{"query":"mutation{add(title:\\"Zo\u00eb\\"){title}}"}'),
      postingJson("/", '{"query":"{fails}"}'),
      postingJson("/", '{"query":"{"}'),
      postingJson("/", '{"query":'),
      getting("/?query={books{author}}", "Apollo-Require-Preflight: 1"),
      getting("/"),
      one(
        "OPTIONS /",
        request("OPTIONS", "/", "Origin: http://a", "Access-Control-Request-Method: POST"),
      ),
      one("HEAD /", request("HEAD", "/")),
    ],
  },
  {
    file: "trpc_standalone.js",
    asked: [
      getting("/hello"),
      getting("/hello,missing?batch=1"),
      postingJson("/add", '{"a":[1,2]}'),
      postingJson("/add", '{"a":'),
      getting("/ticks", EVENTS),
      getting("/missing"),
      one("HEAD /hello", request("HEAD", "/hello")),
    ],
  },
  {
    file: "yoga_node.js",
    asked: [
      getting("/graphql?query={hello}"),
      YOGA_JSON('{hello(name:"Zo\u00eb")}'),
      YOGA_JSON("{fails}"),
      YOGA_JSON("{"),
      getting("/graphql?query=subscription{ticks}", EVENTS),
      getting("/graphql", "Accept: text/html"),
      getting("/nowhere"),
    ],
  },
  {
    file: "react_router.js",
    asked: [
      ...ADAPTER,
      one("POST /", post("/?index", "text=posted", FORM_TYPE)),
      getting("/notes.txt"),
    ],
  },
  {
    file: "remix.js",
    asked: [
      ...ADAPTER,
      one("POST /upload", post("/upload", MULTIPART_TEXT, `Content-Type: ${MULTIPART_TYPE}`)),
    ],
  },
];

/** What Next's custom server is asked. */
export const NEXT_ASKED: readonly Asking[] = [
  getting("/"),
  getting("/?name=Zo%C3%AB", "Cookie: a=1"),
  one("HEAD /", request("HEAD", "/")),
  getting("/", "Accept-Encoding: gzip"),
  getting("/?moves"),
  getting("/?fails"),
  getting("/about"),
  getting("/about/"),
  getting("/nowhere"),
  getting("/api/echo?a=1&a=2", "Cookie: b=2"),
  postingJson("/api/echo", '{"a":[1,2]}'),
  postingJson("/api/echo", '{"a":'),
  one("POST /api/echo", post("/api/echo", "a=1&b=%C3%A9", FORM_TYPE)),
  one(
    "POST /api/echo in chunks",
    request("POST", "/api/echo", JSON_TYPE, CHUNKED) + '4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
  ),
  getting("/robots.txt"),
  getting("/robots.txt", "Range: bytes=0-3"),
  { what: "two GETs, pipelined", send: [get("/about") + get("/robots.txt")], responses: 2 },
];
