import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { fetchHandler, HttpError, type WebRequest, WebResponse, WebServer } from "../../mod.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import type { Peer } from "../../src/handler/client_origin.ts";
import {
  parsedRequest,
  PEER,
  readInHandler,
  requestFromText,
  TestDispatcher,
} from "../support/requests/socketless_exchange.ts";
import { runs } from "../support/runs.ts";

function get(path = "/", init?: RequestInit): Request {
  return new Request(`http://localhost${path}`, init);
}

function post(body: BodyInit, headers?: HeadersInit): Request {
  return new Request("http://localhost/", { method: "POST", body, headers });
}

/** What a handler that only reads answers with, where reading is all that can go wrong. */
async function statusOf(request: Request, read: (req: WebRequest) => unknown): Promise<number> {
  const server = new WebServer();
  server.addPath("/", async (req) => {
    await read(req);
    return WebResponse.empty();
  });
  return (await server.fetch(request)).status;
}

describe("WebRequest.method", () => {
  it("is the method in the case in which it was sent", async () => {
    assertEquals(await readInHandler("/", get("/", { method: "PUT" }), (req) => req.method), "PUT");
    assertEquals(parsedRequest({ method: "get" }).method, "get");
  });
});

describe("WebRequest.target", () => {
  it("is the path and the query as they were sent", async () => {
    const request = get("/a%20b/%2F?c=%20d&e");
    assertEquals(await readInHandler("/", request, (req) => req.target), "/a%20b/%2F?c=%20d&e");
  });

  it("is the whole URL where the client has sent it", () => {
    const { target, path } = parsedRequest({ target: "http://localhost/a/../b?c" });
    assertEquals([target, path], ["http://localhost/a/../b?c", "/b"]);
  });

  it("is the dot segments, too, that the path has lost", () => {
    const { target, path } = parsedRequest({ target: "/a/../b" });
    assertEquals([target, path], ["/a/../b", "/b"]);
  });
});

describe("WebRequest.params", () => {
  it("are the segments that the pattern names, decoded", async () => {
    const params = await readInHandler(
      "/users/:id/posts/:postId",
      get("/users/J%C3%BCrgen/posts/a%2Fb/rest"),
      (req) => req.params,
    );
    assertEquals({ ...params }, { id: "Jürgen", postId: "a/b" });
  });

  it("are the same object each time", async () => {
    const [first, second] = await readInHandler("/:id", get("/7"), (req) => [
      req.params,
      req.params,
    ]);
    assertStrictEquals(first, second);
  });

  it("are empty on a path without parameters", async () => {
    assertEquals(Object.keys(await readInHandler("/a", get("/a/b"), (req) => req.params)), []);
  });

  it("may have the names of what every object has", async () => {
    const params = await readInHandler(
      "/:__proto__/:constructor/:toString/:hasOwnProperty",
      get("/a/b/c/d"),
      (req) => req.params,
    );
    assertEquals(Object.entries(params), [
      ["__proto__", "a"],
      ["constructor", "b"],
      ["toString", "c"],
      ["hasOwnProperty", "d"],
    ]);
    assertEquals(({} as Record<string, unknown>).a, undefined);
  });

  it("have no name that the pattern does not have", async () => {
    const params: Record<string, string> = await readInHandler(
      "/:id",
      get("/7"),
      (req) => req.params,
    );
    assertEquals([params.constructor, params.__proto__, params.toString], [
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("WebRequest.rest", () => {
  const cases = [
    { pattern: "/files", path: "/files", rest: "" },
    { pattern: "/files", path: "/files/", rest: "/" },
    { pattern: "/files/", path: "/files/a", rest: "/a" },
    { pattern: "/files", path: "/files/a/b/", rest: "/a/b/" },
    { pattern: "/files", path: "/files//a", rest: "//a" },
    { pattern: "/files", path: "/files/a%2Fb", rest: "/a%2Fb" },
    { pattern: "/files", path: "/%66iles/%61", rest: "/a" },
    { pattern: "/:a/:b", path: "/x%2Fy/%C3%BC/c", rest: "/c" },
    { pattern: "/", path: "/a/b", rest: "/a/b" },
    { pattern: "/", path: "//a", rest: "//a" },
  ] as const;
  for (const { pattern, path, rest } of cases) {
    it(`is ${JSON.stringify(rest)} for ${path} under the prefix ${pattern}`, async () => {
      assertEquals(await readInHandler(pattern, get(path), (req) => req.rest), rest);
    });
  }

  it("is empty on an exact path", async () => {
    const server = new WebServer();
    server.addExactPath("/a/", (req) => WebResponse.json(req.rest));
    assertEquals(await (await server.fetch(get("/a/"))).json(), "");
  });

  it("makes the path when it stands behind the prefix", () => {
    const segment = fc.constantFrom("a", "", "%2F", "%C3%BC", "b%20c", "%");
    const segments = fc.array(segment, { maxLength: 5 });
    return fc.assert(
      fc.asyncProperty(segments, async (rest) => {
        const target = ["/x/y", ...rest].join("/");
        const [found, path] = await readInHandler("/x/:y", get(target), (req) => [
          req.rest,
          req.path,
        ]);
        assertEquals("/x/y" + found, path);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe("WebRequest.query", () => {
  const queries = [
    "",
    "?",
    "?a=1&b=2",
    "?a=1&a=2",
    "?a",
    "?=b",
    "??a=1",
    "???",
    "?a=%20+%2B",
    "?%FF=%zz",
    "?a=b=c",
  ];
  for (const query of queries) {
    it(`reads ${JSON.stringify(query)} as the URL standard does`, async () => {
      const request = get(`/a${query}`);
      const entries = await readInHandler("/", request, (req) => [...req.query]);
      assertEquals(entries, [...new URL(request.url).searchParams]);
    });
  }

  it("is a URLSearchParams, the same one each time", async () => {
    const [first, second] = await readInHandler("/", get("/?a=1"), (req) => [req.query, req.query]);
    assertInstanceOf(first, URLSearchParams);
    assertStrictEquals(first, second);
  });
});

describe("WebRequest.headers", () => {
  it("are the platform's own, the same ones each time", async () => {
    const [first, second] = await readInHandler("/", get(), (req) => [req.headers, req.headers]);
    assertInstanceOf(first, Headers);
    assertStrictEquals(first, second);
  });

  it("hold every field that was sent", async () => {
    const fields = { accept: "text/html", "x-a": "1", host: "example.com:8080" };
    const headers = await readInHandler("/", get("/", { headers: fields }), (req) => req.headers);
    assertEquals(Object.fromEntries(headers), fields);
  });

  it("hold the host of the URL where no Host was given", async () => {
    const request = new Request("http://example.com:8080/");
    const headers = await readInHandler("/", request, (req) => req.headers);
    assertEquals(headers.get("host"), "example.com:8080");
  });

  it("join the lines of one name", () => {
    const { headers } = parsedRequest({ fields: [["Host", "a"], ["X-A", "1"], ["x-a", "2"]] });
    assertEquals(headers.get("X-a"), "1, 2");
  });

  it("have one character for each byte of a value", async () => {
    const request = get("/", { headers: { "x-name": "J\u00fcrgen \u0080\u00ff" } });
    const value = await readInHandler("/", request, (req) => req.headers.get("x-name"));
    assertEquals(value, "J\u00fcrgen \u0080\u00ff");
  });
});

describe("WebRequest.header()", () => {
  it("finds a field by its name in whatever case", async () => {
    const request = get("/", { headers: { "Content-Type": "text/plain" } });
    const names = ["content-type", "Content-Type", "CONTENT-TYPE"];
    const values = await readInHandler(
      "/",
      request,
      (req) => names.map((name) => req.header(name)),
    );
    assertEquals(values, ["text/plain", "text/plain", "text/plain"]);
  });

  it("is null for a field that was not sent", async () => {
    const values = await readInHandler("/", get("/", { headers: { "x-a": "" } }), (req) => [
      req.header("x-a"),
      req.header("x-b"),
      req.header("x"),
      req.header(""),
    ]);
    assertEquals(values, ["", null, null, null]);
  });

  it("joins the lines of one name with a comma, and cookies with a semicolon", () => {
    const request = parsedRequest({
      fields: [["Host", "a"], ["A", "1"], ["Cookie", "b=2"], ["a", ""], ["COOKIE", "c=3"], [
        "a",
        "2",
      ]],
    });
    assertEquals(request.header("A"), "1, , 2");
    assertEquals(request.header("cookie"), "b=2; c=3");
  });

  it("folds the case of letters alone", () => {
    const request = parsedRequest({ fields: [["Host", "a"], ["x^", "1"], ["k", "2"]] });
    assertEquals(request.header("x~"), null);
    assertEquals(request.header("\u212a"), null);
    assertEquals(request.header("K"), "2");
  });

  it("finds what the platform's Headers find", () => {
    const name = fc.constantFrom("a", "A", "b", "X-Long-Name", "x-long-name", "^a", "~A");
    const value = fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]*[!-~\x80-\xff])?$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), name, (fields, wanted) => {
        const request = parsedRequest({ fields: [["Host", "a"], ...fields] });
        assertEquals(request.header(wanted), new Headers(fields).get(wanted));
        assertEquals(request.headers.get(wanted), new Headers(fields).get(wanted));
      }),
      { numRuns: runs(300) },
    );
  });
});

describe("WebRequest.body", () => {
  it("is the bytes that were sent", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    assertEquals(await readInHandler("/", post(bytes), (req) => req.body), bytes);
  });

  it("is empty where there is none", async () => {
    assertEquals(await readInHandler("/", get(), (req) => req.body), new Uint8Array(0));
    assertEquals(await readInHandler("/", post(""), (req) => req.body), new Uint8Array(0));
  });

  it("is the same bytes each time", async () => {
    const [first, second] = await readInHandler("/", post("abc"), (req) => [req.body, req.body]);
    assertStrictEquals(first, second);
  });

  it("is put together of the chunks in which it comes", async () => {
    const chunks = ["a", "", "bc", "d".repeat(1_000)];
    const body = ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
    assertEquals(await readInHandler("/", post(body), (req) => req.text()), chunks.join(""));
  });

  it("is the handler's to keep and to change", async () => {
    const kept = await readInHandler("/", post("abc"), (req) => req.body);
    kept[0] = 0x7a;
    assertEquals(new TextDecoder().decode(kept), "zbc");
  });

  it("can be handed over to another thread, the empty one included", async () => {
    for (const request of [get(), get(), post("abc"), parsedRequest({ body: "abc" })]) {
      const transfer = ({ body }: WebRequest) => {
        structuredClone(body, { transfer: [body.buffer] });
      };
      if (request instanceof Request) await readInHandler("/", request, transfer);
      else transfer(request);
    }
    assertEquals((await readInHandler("/", get(), (req) => req.body)).length, 0);
  });
});

describe("WebRequest.text()", () => {
  const texts: { what: string; bytes: number[]; text: string }[] = [
    { what: "nothing", bytes: [], text: "" },
    {
      what: "UTF-8",
      bytes: [...new TextEncoder().encode("Jürgen 日本 🥧")],
      text: "Jürgen 日本 🥧",
    },
    { what: "a byte order mark away", bytes: [0xef, 0xbb, 0xbf, 0x61], text: "a" },
    {
      what: "one byte order mark away, not two",
      bytes: [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf],
      text: "\ufeff",
    },
    {
      what: "what is not UTF-8 as U+FFFD",
      bytes: [0x61, 0xff, 0x62, 0xc3],
      text: "a\ufffdb\ufffd",
    },
    {
      what: "NUL and other controls as they are",
      bytes: [0x00, 0x0d, 0x0a, 0x7f],
      text: "\0\r\n\x7f",
    },
  ];
  for (const { what, bytes, text } of texts) {
    it(`reads ${what}`, async () => {
      const request = post(Uint8Array.from(bytes));
      assertEquals(await readInHandler("/", request, (req) => req.text()), text);
    });
  }

  it("reads any bytes as the Encoding standard does", () => {
    const piece = fc.constantFrom(
      ...["a", "é", "日", "🥧", "\ufeff"].map((character) => [
        ...new TextEncoder().encode(character),
      ]),
      [0xff],
      [0xc3],
      [0xe6, 0x97],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x9f, 0xa5],
      [0x80],
      [0xc0, 0xaf],
      [0xf4, 0x90, 0x80, 0x80],
    );
    return fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const bytes = Uint8Array.from(pieces.flat());
        const text = await readInHandler("/", post(bytes), (req) => req.text());
        assertEquals(text, new TextDecoder().decode(bytes));
      }),
      { numRuns: runs(300) },
    );
  });

  it("reads the bytes that were read before as well", async () => {
    const read = (req: WebRequest) => [req.body.length, req.text(), req.body.length, req.text()];
    assertEquals(await readInHandler("/", post("abc"), read), [3, "abc", 3, "abc"]);
  });
});

describe("WebRequest.json()", () => {
  it("parses the body, whatever its content type", async () => {
    const request = post('{"name":"J\u00fcrgen","n":[1,null]}', { "content-type": "text/plain" });
    const value = await readInHandler("/", request, (req) => req.json<{ name: string }>());
    assertEquals(value, { name: "Jürgen", n: [1, null] } as { name: string });
  });

  it("parses a body with a byte order mark", async () => {
    assertEquals(await readInHandler("/", post("\ufeff[1]"), (req) => req.json()), [1]);
  });

  it("makes no prototype of a member named __proto__", async () => {
    const value = await readInHandler(
      "/",
      post('{"__proto__":{"a":1}}'),
      (req) => req.json<Record<string, unknown>>(),
    );
    assertEquals(value.a, undefined);
  });

  for (const body of ["", "{", "undefined", "{'a':1}", "[1,]", "\0", "NaN"]) {
    it(`answers ${JSON.stringify(body)} with 400 when nothing catches it`, async () => {
      assertEquals(await statusOf(post(body), (req) => req.json()), 400);
    });
  }

  it("answers a request without a body with 400 when nothing catches it", async () => {
    assertEquals(await statusOf(get(), (req) => req.json()), 400);
  });

  it("throws an HttpError that a handler can catch, with the cause", async () => {
    const read = (req: WebRequest) => assertThrows(() => req.json(), HttpError);
    const error = await readInHandler("/", post("{"), read);
    assertEquals(error.status, 400);
    assertInstanceOf(error.cause, SyntaxError);
  });

  it("shows the client nothing of the body or of the parser's error", async () => {
    const server = new WebServer();
    server.addPath("/", (req) => WebResponse.json(req.json()));
    const text = await (await server.fetch(post("secret{"))).text();
    assertFalse(/secret|SyntaxError|position/.test(text), text);
  });
});

describe("WebRequest.formData()", () => {
  it("reads application/x-www-form-urlencoded", async () => {
    const body = new URLSearchParams([["a", "1"], ["a", "2 +"], ["ü", "日"]]);
    const form = await readInHandler("/", post(body), (req) => req.formData());
    assertEquals([...form], [["a", "1"], ["a", "2 +"], ["ü", "日"]]);
  });

  it("reads multipart/form-data, files included", async () => {
    const body = new FormData();
    body.append("a", "1");
    body.append("file", new File([Uint8Array.of(0, 255)], "a b.bin", { type: "image/png" }));
    const form = await readInHandler("/", post(body), (req) => req.formData());
    assertEquals(form.get("a"), "1");
    const file = form.get("file");
    assertInstanceOf(file, File);
    assertEquals([file.name, file.type], ["a b.bin", "image/png"]);
    assertEquals(await file.bytes(), Uint8Array.of(0, 255));
  });

  const goodTypes = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-8",
    "Application/X-WWW-Form-URLencoded",
    "application/x-www-form-urlencoded ;charset=utf-8",
  ];
  for (const type of goodTypes) {
    it(`reads a body of the type ${type}`, async () => {
      const request = post("a=1", { "content-type": type });
      assertEquals([...await readInHandler("/", request, (req) => req.formData())], [["a", "1"]]);
    });
  }

  it("reads a multipart body whose type is in capitals and whose boundary is quoted", async () => {
    const body = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X--\r\n';
    const request = post(body, { "content-type": 'Multipart/Form-Data; boundary="X"' });
    assertEquals([...await readInHandler("/", request, (req) => req.formData())], [["a", "1"]]);
  });

  it("looks for no boundary in a form that has none", async () => {
    const type = "application/x-www-form-urlencoded; boundary=X";
    const request = post("a=1", { "content-type": type });
    assertEquals([...await readInHandler("/", request, (req) => req.formData())], [["a", "1"]]);
  });

  const boundaries = [
    { written: "X", boundary: "X" },
    { written: "X; charset=utf-8", boundary: "X" },
    { written: '"a b:c"', boundary: "a b:c" },
    { written: "----WebKitFormBoundary7MA4YWxk", boundary: "----WebKitFormBoundary7MA4YWxk" },
    { written: `"'()+_,-./:=?"`, boundary: "'()+_,-./:=?" },
  ];
  for (const { written, boundary } of boundaries) {
    it(`reads a multipart body whose boundary is written ${written}`, async () => {
      const body =
        `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--`;
      const request = post(body, { "content-type": `multipart/form-data; boundary=${written}` });
      assertEquals([...await readInHandler("/", request, (req) => req.formData())], [["a", "1"]]);
    });
  }

  it("reads an empty body as an empty form", async () => {
    const request = post("", { "content-type": "application/x-www-form-urlencoded" });
    assertEquals([...await readInHandler("/", request, (req) => req.formData())], []);
  });

  const badTypes = [
    "text/plain",
    "application/json",
    "multipart/mixed; boundary=X",
    "application/x-www-form-urlencodedx",
    "xapplication/x-www-form-urlencoded",
    "",
  ];
  for (const type of badTypes) {
    it(`answers a body of the type ${JSON.stringify(type)} with 415`, async () => {
      const request = post("a=1", { "content-type": type });
      assertEquals(await statusOf(request, (req) => req.formData()), 415);
    });
  }

  it("answers a request that names no type with 415", async () => {
    assertEquals(await statusOf(post(Uint8Array.of(97)), (req) => req.formData()), 415);
    assertEquals(await statusOf(get(), (req) => req.formData()), 415);
  });

  const multipart = "multipart/form-data; boundary=X";
  const part = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1';
  const badForms: { what: string; type: string; body: string }[] = [
    {
      what: "without a boundary in its type",
      type: "multipart/form-data",
      body: `${part}\r\n--X--\r\n`,
    },
    { what: "that is empty", type: multipart, body: "" },
    {
      what: "with another boundary than its type's",
      type: multipart,
      body: "--Y\r\n\r\n--Y--\r\n",
    },
    { what: "that is JSON", type: multipart, body: '{"a":1}' },
    { what: "that is cut off in its last part", type: multipart, body: part },
  ];
  for (const { what, type, body } of badForms) {
    it(`answers a multipart body ${what} with 400`, async () => {
      const request = post(body, { "content-type": type });
      assertEquals(await statusOf(request, (req) => req.formData()), 400);
    });
  }

  it("rejects with an HttpError that a handler can catch", async () => {
    const request = post("", { "content-type": multipart });
    const error = await readInHandler(
      "/",
      request,
      (req) => assertRejects(() => req.formData(), HttpError),
    );
    assertEquals(error.status, 400);
  });

  it("leaves the body to be read again", async () => {
    const request = post(new URLSearchParams({ a: "1" }));
    const read = async (
      req: WebRequest,
    ) => [(await req.formData()).get("a"), req.text(), req.body.length];
    assertEquals(await readInHandler("/", request, read), ["1", "a=1", 3]);
  });
});

describe("WebRequest.remoteAddr", () => {
  it("is 127.0.0.1 and port 0 where fetch() is told none", async () => {
    const address = await readInHandler("/", get(), (req) => req.remoteAddr);
    assertEquals({ ...address }, { transport: "tcp", hostname: "127.0.0.1", port: 0 });
  });

  it("is the address that fetch() is told", async () => {
    const info = { remoteAddr: { transport: "tcp", hostname: "::1", port: 7 } as const };
    const address = await readInHandler("/", get(), (req) => req.remoteAddr, { info });
    assertEquals({ ...address }, info.remoteAddr);
  });

  for (
    const [given, hostname] of [
      ["::ffff:192.0.2.7", "192.0.2.7"],
      ["::FFFF:c000:207", "192.0.2.7"],
      ["2001:DB8:0:0::7", "2001:db8::7"],
      ["::1", "::1"],
      ["fe80::1%eth0", "fe80::1%eth0"],
    ]
  ) {
    it(`WebRequest.remoteAddr is ${hostname} where fetch() is given ${given}`, async () => {
      const info = { remoteAddr: { transport: "tcp", hostname: given, port: 7 } as const };
      const read = (req: WebRequest) => [req.remoteAddr.hostname, req.clientAddr.hostname];
      assertEquals(await readInHandler("/", get(), read, { info }), [hostname, hostname]);
    });
  }

  it("is 127.0.0.1 and port 0 for a peer that has no such address", async () => {
    const info = { remoteAddr: { transport: "unix", path: "/run/a.sock" } as const };
    const address = await readInHandler("/", get(), (req) => req.remoteAddr, { info });
    assertEquals([address.hostname, address.port], ["127.0.0.1", 0]);
  });

  it("is the peer's over a connection", () => {
    assertEquals(parsedRequest({}).remoteAddr, PEER.addr);
  });
});

/** A peer whom the server believes. */
const FRONT_END: Peer = {
  addr: { transport: "tcp", hostname: "127.0.0.1", port: 40_000 },
  scheme: "http",
  trust: resolveServerOptions({ trustProxy: "loopback" }).trustProxy,
};

/** What a front end says of a client. */
const FORWARDED: [string, string][] = [
  ["Host", "inner:8000"],
  ["X-Forwarded-For", "198.51.100.66, 192.0.2.9"],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "public.example"],
];

describe("WebRequest.clientAddr, scheme and host", () => {
  const client = { transport: "tcp", hostname: "192.0.2.9", port: 0 } as const;

  it("are what a front end says that is trusted, while remoteAddr is its own", () => {
    const request = parsedRequest({ fields: FORWARDED, peer: FRONT_END });
    assertEquals(request.clientAddr, client);
    assertEquals([request.scheme, request.host], ["https", "public.example"]);
    assertEquals(request.remoteAddr, FRONT_END.addr);
    assertEquals(request.header("host"), "inner:8000");
  });

  it("are the same through Forwarded", () => {
    const forwarded = 'for=198.51.100.66, for="192.0.2.9:4711";proto=https;host=public.example';
    const fields: [string, string][] = [["Host", "inner"], ["Forwarded", forwarded]];
    const request = parsedRequest({ fields, peer: FRONT_END });
    assertEquals(request.clientAddr, { ...client, port: 4711 });
    assertEquals([request.scheme, request.host], ["https", "public.example"]);
  });

  it("are the last line's where each front end adds a line of its own", () => {
    const fields: [string, string][] = [
      ["Host", "inner"],
      ["X-Forwarded-For", "198.51.100.66"],
      ["x-forwarded-for", "192.0.2.9"],
      ["X-Forwarded-For", "127.0.0.5"],
    ];
    assertEquals(parsedRequest({ fields, peer: FRONT_END }).clientAddr, client);
  });

  it("are the connection's own where nobody is trusted, or the peer is not", () => {
    const trusting = { ...PEER, trust: FRONT_END.trust };
    for (const peer of [PEER, trusting, { ...FRONT_END, trust: undefined }]) {
      const request = parsedRequest({ fields: [...FORWARDED, ["Forwarded", "for=::1"]], peer });
      assertEquals(request.clientAddr, peer.addr);
      assertEquals([request.scheme, request.host], ["http", "inner:8000"]);
    }
  });

  it("are the connection's own where a trusted peer says nothing", () => {
    const request = parsedRequest({ fields: [["Host", "inner:8000"]], peer: FRONT_END });
    assertEquals(request.clientAddr, FRONT_END.addr);
    assertEquals([request.scheme, request.host], ["http", "inner:8000"]);
  });

  it("are found once, and stay", () => {
    const request = parsedRequest({ fields: FORWARDED, peer: FRONT_END });
    assertStrictEquals(request.clientAddr, request.clientAddr);
  });

  it("throw an HttpError 400 that names the fields where both kinds name different clients", () => {
    const fields: [string, string][] = [...FORWARDED, ["Forwarded", "for=192.0.2.1"]];
    const request = parsedRequest({ fields, peer: FRONT_END });
    for (
      const read of [
        () => request.clientAddr,
        () => request.scheme,
        () => request.host,
      ]
    ) {
      const error = assertThrows(read, HttpError);
      assertEquals(error.status, 400);
      for (
        const name of ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]
      ) {
        assertStringIncludes(error.message, name);
      }
    }
    assertEquals(request.remoteAddr, FRONT_END.addr);
  });

  it("are a 400 and no panic in a handler that does not catch it, and nothing in one that does not ask", async () => {
    const dispatcher = new TestDispatcher({
      "exact /asks": (req) => WebResponse.text(req.clientAddr.hostname),
      "exact /app": fetchHandler(({ url }) => new Response(url)),
      "exact /app-asks": fetchHandler((_, info) => new Response(info.remoteAddr.hostname)),
      "exact /does-not": () => WebResponse.text("well"),
    });
    const fields: [string, string][] = [...FORWARDED, ["Forwarded", "for=192.0.2.1"]];
    const answers: [number, string][] = [];
    for (const target of ["/asks", "/app", "/app-asks", "/does-not"]) {
      const { status, text } = await dispatcher.answer({ target, fields, peer: FRONT_END });
      answers.push([status, status === 200 ? text : ""]);
    }
    const seen = [[400, ""], [200, "http://inner:8000/app"], [400, ""], [200, "well"]];
    assertEquals([answers, dispatcher.panics], [seen, []]);
  });

  it("are what both kinds say where they agree on the client, and nothing that only one says", () => {
    const fields: [string, string][] = [
      ["Host", "inner:8000"],
      ["Forwarded", "for=192.0.2.9;proto=https"],
      ["X-Forwarded-For", "192.0.2.9"],
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "evil.example"],
    ];
    const request = parsedRequest({ fields, peer: FRONT_END });
    assertEquals(request.clientAddr, client);
    assertEquals([request.scheme, request.host], ["https", "inner:8000"]);
    assertEquals(request.toRequest().url, "https://inner:8000/");
  });

  it("are what the kind says that forwardedBy names, whatever the other one says", () => {
    const fields: [string, string][] = [...FORWARDED, ["Forwarded", "for=192.0.2.1;host=evil"]];
    const told = parsedRequest({ fields, peer: { ...FRONT_END, forwardedBy: "x-forwarded" } });
    assertEquals(told.clientAddr, client);
    assertEquals(told.toRequest().url, "https://public.example/");
    const other = parsedRequest({ fields, peer: { ...FRONT_END, forwardedBy: "forwarded" } });
    assertEquals(other.clientAddr.hostname, "192.0.2.1");
    assertEquals(other.toRequest().url, "http://evil/");
  });

  it("are through fetch() what the kind says that forwardedBy names", async () => {
    const headers: [string, string][] = [["Forwarded", "for=192.0.2.9"], [
      "X-Forwarded-For",
      "192.0.2.1",
    ]];
    for (
      const [forwardedBy, hostname] of [["forwarded", "192.0.2.9"], [
        "x-forwarded",
        "192.0.2.1",
      ]] as const
    ) {
      const server = { trustProxy: "loopback", forwardedBy } as const;
      const options = { server, info: { remoteAddr: FRONT_END.addr } };
      const read = (req: WebRequest) => req.clientAddr.hostname;
      assertEquals(await readInHandler("/", get("/", { headers }), read, options), hostname);
    }
  });

  it("are through fetch() what its caller says of the peer, and what the peer says", async () => {
    const request = () => get("/", { headers: FORWARDED.slice(1) });
    const read = ({ clientAddr, scheme, host }: WebRequest) =>
      `${clientAddr.hostname} ${scheme} ${host}`;
    const peers: { remoteAddr?: Deno.Addr; seen: string }[] = [
      { remoteAddr: FRONT_END.addr, seen: "192.0.2.9 https public.example" },
      {
        remoteAddr: { transport: "unix", path: "/run/a.sock" },
        seen: "192.0.2.9 https public.example",
      },
      { remoteAddr: PEER.addr, seen: "192.0.2.7 http localhost" },
      { remoteAddr: undefined, seen: "127.0.0.1 http localhost" },
    ];
    for (const { remoteAddr, seen } of peers) {
      const options = { server: { trustProxy: "loopback" }, info: { remoteAddr } } as const;
      assertEquals(await readInHandler("/", request(), read, options), seen);
    }
  });

  it("trust a Unix socket as loopback, and not where only others are trusted", async () => {
    const request = get("/", { headers: FORWARDED.slice(1) });
    const info = { remoteAddr: { transport: "unix", path: "/run/a.sock" } as const };
    const options = { server: { trustProxy: ["10.0.0.0/8"] }, info };
    const read = (req: WebRequest) => req.clientAddr.hostname;
    assertEquals(await readInHandler("/", request, read, options), "127.0.0.1");
  });

  it("have the scheme of the URL that fetch() was given", async () => {
    const request = new Request("https://public.example:8443/a");
    const seen = await readInHandler(
      "/",
      request,
      (req) => [req.scheme, req.host, req.toRequest().url],
    );
    assertEquals(seen, ["https", "public.example:8443", "https://public.example:8443/a"]);
  });
});

describe("WebRequest.signal", () => {
  it("is the same one each time, and not aborted", async () => {
    const [first, second] = await readInHandler("/", get(), (req) => [req.signal, req.signal]);
    assertStrictEquals(first, second);
    assertFalse(first.aborted);
  });

  it("aborts with the signal of the request that was given to fetch()", async () => {
    const controller = new AbortController();
    const request = get("/", { signal: controller.signal });
    const reason = new Error("the client has gone");
    const signal = await readInHandler("/", request, (req) => {
      const { signal } = req;
      controller.abort(reason);
      return signal;
    });
    assert(signal.aborted);
    assertStrictEquals(signal.reason, reason);
  });

  it("is aborted from the beginning where that signal is", async () => {
    const signal = AbortSignal.abort("before");
    const seen = await readInHandler("/", get("/", { signal }), (req) => req.signal);
    assertEquals([seen.aborted, seen.reason], [true, "before"]);
  });

  it("aborts with a TimeoutError when handlerTimeout has passed, and the client gets 503", async () => {
    const reason = Promise.withResolvers<unknown>();
    const server = new WebServer({ handlerTimeout: 20 });
    server.addPath("/", async (req) => {
      await new Promise((resolve) => req.signal.addEventListener("abort", resolve));
      reason.resolve(req.signal.reason);
      return WebResponse.text("too late");
    });
    const response = await server.fetch(get());
    assertEquals(response.status, 503);
    assertFalse((await response.text()).includes("too late"));
    const error = await reason.promise;
    assertInstanceOf(error, DOMException);
    assertEquals(error.name, "TimeoutError");
  });

  it("leaves a handler alone that answers within handlerTimeout", async () => {
    const options = { server: { handlerTimeout: 60_000 } };
    const signal = await readInHandler("/", get(), async (req) => {
      await undefined;
      return req.signal;
    }, options);
    assertFalse(signal.aborted);
  });
});

describe("WebRequest.toRequest()", () => {
  it("has the scheme and the host that a trusted front end tells of", () => {
    const request = parsedRequest({ target: "/a%2Fb?c=d", fields: FORWARDED, peer: FRONT_END });
    assertEquals(request.toRequest().url, "https://public.example/a%2Fb?c=d");
  });

  it("has the connection's own where nobody is trusted", () => {
    const request = parsedRequest({ target: "/a", fields: FORWARDED });
    assertEquals(request.toRequest().url, "http://inner:8000/a");
  });

  it("is a Request with the same method, URL, headers and body", async () => {
    const given = new Request("http://example.com:8080/a%20b/%2F/c?d=%20&e", {
      method: "PATCH",
      headers: { "x-a": "1", "content-type": "text/x-own" },
      body: "J\u00fcrgen",
    });
    const [request, text] = await readInHandler("/", given, async (req) => {
      const request = req.toRequest();
      return [request, await request.text()] as const;
    });
    assertInstanceOf(request, Request);
    assertEquals(request.method, "PATCH");
    assertEquals(request.url, "http://example.com:8080/a%20b/%2F/c?d=%20&e");
    assertEquals(request.headers.get("x-a"), "1");
    assertEquals(request.headers.get("content-type"), "text/x-own");
    assertEquals(text, "Jürgen");
  });

  it("has the scheme http and the host of the Host field", () => {
    const fields: [string, string][] = [["Host", "[::1]:8000"]];
    assertEquals(
      parsedRequest({ fields, target: "//a/b" }).toRequest().url,
      "http://[::1]:8000//a/b",
    );
  });

  it("stands for * as the path /", () => {
    const request = parsedRequest({ method: "OPTIONS", target: "*" }).toRequest();
    assertEquals([request.method, request.url], ["OPTIONS", "http://localhost/"]);
  });

  it("has an empty body where none was sent, as under Deno.serve", async () => {
    const request = parsedRequest({ method: "POST" }).toRequest();
    assertEquals(await new Response(request.body).text(), "");
  });

  for (const method of ["GET", "HEAD"]) {
    it(`has no body with ${method}, which the platform allows none`, () => {
      const request = parsedRequest({ method, body: "abc" }).toRequest();
      assertEquals([request.method, request.body], [method, null]);
    });
  }

  it("leaves the body to be read again", async () => {
    const read = async (req: WebRequest) => [await req.toRequest().text(), req.text()];
    assertEquals(await readInHandler("/", post("abc"), read), ["abc", "abc"]);
  });

  it("has a signal that aborts with the request's", async () => {
    const controller = new AbortController();
    const request = get("/", { signal: controller.signal });
    const signals = await readInHandler("/", request, (req) => {
      const made = req.toRequest();
      const signals = [made.signal, made.clone().signal, new Request(made).signal];
      controller.abort();
      return signals;
    });
    for (const signal of signals) assert(signal.aborted);
  });

  it("has the headers as they are, where somebody has changed them", async () => {
    const request = get("/", { headers: { "x-a": "1", "x-b": "2" } });
    const { headers } = await readInHandler("/", request, (req) => {
      req.headers.set("x-a", "3");
      req.headers.delete("x-b");
      return req.toRequest();
    });
    assertEquals([headers.get("x-a"), headers.get("x-b")], ["3", null]);
  });

  it("has several lines of Cookie put together as one", () => {
    const fields: [string, string][] = [["Host", "a"], ["Cookie", "a=1"], ["Cookie", "b=2"]];
    assertEquals(parsedRequest({ fields }).toRequest().headers.get("cookie"), "a=1; b=2");
  });

  it("is a Request like any other to other code", async () => {
    const request = get("/a", { method: "POST", body: "abc", headers: { "x-a": "1" } });
    const [made, copy] = await readInHandler("/a", request, (req) => {
      const made = req.toRequest();
      return [made, new Request("http://other/", made)] as const;
    });
    assert(made instanceof Request);
    assertEquals(copy.headers.get("x-a"), "1");
    assertEquals([copy.method, await copy.text()], ["POST", "abc"]);
  });

  for (const method of ["TRACE", "TRACK", "trace", "Track", "connect"]) {
    it(`throws an HttpError 501 for ${method}, which the platform's Request has not`, () => {
      const request = parsedRequest({ method });
      assertEquals(assertThrows(() => request.toRequest(), HttpError).status, 501);
    });
  }

  for (const host of ["300.1.1.1", "a%2fb", "xn--", "1.2.3.4.5"]) {
    it(`throws an HttpError 400 for the host ${host}, which makes no URL`, async () => {
      const request = parsedRequest({ fields: [["Host", host]] });
      assertEquals(assertThrows(() => request.toRequest(), HttpError).status, 400);
      const given = get("/", { headers: { host } });
      assertEquals(await statusOf(given, (req) => req.toRequest()), 400);
    });
  }

  // As fc.webUrl() has them, which takes a second for its first value.
  const ABSOLUTE_PATH_AND_QUERY =
    /^(?:\/(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-F][0-9A-F]){0,6}){0,4}(?:\?(?:[\w\-.~!$&'()*+,;=:@/?]|%[0-9A-F][0-9A-F]){0,12})?$/;

  it("is never the cause of a panic, whatever a client sends", () => {
    const method = fc.oneof(
      fc.constantFrom("GET", "HEAD", "POST", "TRACE", "TRACK", "CONNECT", "OPTIONS"),
      fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}$/),
    ).chain((text) => fc.mixedCase(fc.constant(text)));
    const target = fc.oneof(
      fc.stringMatching(/^\/[!$-;=?-~]{0,20}$/),
      fc.tuple(fc.domain(), fc.stringMatching(ABSOLUTE_PATH_AND_QUERY))
        .map(([domain, rest]) => `http://${domain}${rest}`),
      fc.constant("*"),
    );
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.stringMatching(/^[A-Za-z0-9\-._~!$&'()*+,;=%:]{1,12}$/),
    );
    const value = fc.stringMatching(/^[\t -~\x80-\xff]{0,12}$/);
    const body = fc.constantFrom("", "abc");
    let answered = 0;
    return fc.assert(
      fc.asyncProperty(
        method,
        target,
        host,
        value,
        body,
        async (method, target, host, value, body) => {
          const dispatcher = new TestDispatcher({
            "prefix /": fetchHandler(async (request) => new Response(await request.text())),
          });
          const fields: [string, string][] = [["Host", host], ["X-A", value]];
          const { status } = await dispatcher.answer({ method, target, fields, body });
          assertEquals(dispatcher.panics, []);
          assert([200, 204, 400, 501].includes(status), String(status));
          if (status === 200) answered++;
        },
      ),
      { numRuns: runs(500), examples: [["GET", "/", "a.test", "", ""]] },
      // About a quarter of them are whole requests; the rest is there to be refused. In few runs the
      // example may be the only one.
    ).then(() => {
      assert(answered > Math.floor(runs(500) / 50), `only ${answered} were answered with 200`);
    });
  });
});

describe("A request whose response was sent", () => {
  async function answered(request: Request, read?: (req: WebRequest) => unknown) {
    const kept = Promise.withResolvers<WebRequest<"/users/:id">>();
    const server = new WebServer();
    server.addPath("/users/:id", (req) => {
      read?.(req as WebRequest);
      kept.resolve(req);
      return WebResponse.empty();
    });
    await server.fetch(request);
    return await kept.promise;
  }
  const request = () =>
    new Request("http://localhost/users/7/a?b=1", {
      method: "POST",
      body: '{"a":1}',
      headers: { "x-a": "1" },
    });

  it("has its head still, although nobody has read it before", async () => {
    const req = await answered(request());
    assertEquals(req.method, "POST");
    assertEquals(req.target, "/users/7/a?b=1");
    assertEquals(req.path, "/users/7/a");
    assertEquals(req.params.id, "7");
    assertEquals(req.rest, "/a");
    assertEquals(req.query.get("b"), "1");
    assertEquals(req.headers.get("x-a"), "1");
    assertEquals(req.header("X-A"), "1");
    assertEquals(req.remoteAddr.hostname, "127.0.0.1");
  });

  const late: Record<string, (req: WebRequest) => unknown> = {
    "body": (req) => req.body,
    "text()": (req) => req.text(),
    "json()": (req) => req.json(),
  };
  for (const [name, read] of Object.entries(late)) {
    it(`throws what says so when ${name} is first asked for then`, async () => {
      const req = await answered(request());
      const { message } = assertThrows(() => read(req as WebRequest), TypeError);
      assertStringIncludes(message, "body");
      assertStringIncludes(message, "POST");
      assertStringIncludes(message, "/users/7/a?b=1");
      assertStringIncludes(message, "response was sent");
    });
  }

  it("rejects with what says so when formData() is first asked for then", async () => {
    const req = await answered(
      new Request("http://localhost/users/7", { method: "POST", body: new URLSearchParams("a=1") }),
    );
    await assertRejects(() => req.formData(), TypeError, "response was sent");
  });

  it("rejects with what says so when text() of toRequest() is first called then", async () => {
    const req = await answered(request());
    const { message } = await assertRejects(() => req.toRequest().text(), TypeError);
    assertStringIncludes(message, "/users/7/a?b=1");
    assertStringIncludes(message, "response was sent");
  });

  it("has the body still that was read before", async () => {
    const req = await answered(request(), (req) => req.body);
    assertEquals(req.text(), '{"a":1}');
    assertEquals(req.json(), { a: 1 });
    assertEquals(req.body.length, 7);
    assertEquals(await req.toRequest().text(), '{"a":1}');
  });

  it("has the text still that was read before", async () => {
    const req = await answered(request(), (req) => req.text());
    assertEquals(req.text(), '{"a":1}');
    assertEquals(req.json(), { a: 1 });
  });
});

describe("A request over a connection", () => {
  it("is refused where it has no Host, or more than one", () => {
    assertEquals(requestFromText({ fields: [] }), 400);
    assertEquals(requestFromText({ fields: [["Host", "a"], ["host", "a"]] }), 400);
  });
});
