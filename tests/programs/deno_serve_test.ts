// `Deno.serve` under the command line, situation by situation, over real sockets. The situations are those that the runtime's own
// tests of it have. One program has them all; it runs alone as well, so each difference from the runtime stands in the data.

import { assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { textOfCoded } from "../support/clients/coded_text.ts";
import { within } from "../support/deadline.ts";
import { get, post, RawClient, request } from "../support/clients/raw_client.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const FILE = new URL("../support/programs/situations.ts", import.meta.url).pathname;

/** A request, and what comes of it: status, framing, type, and body. */
interface Situation {
  readonly what: string;
  readonly send: string;
  readonly expect: string | RegExp;
  /** What the program answers alone, where that differs. */
  readonly alone?: string | RegExp;
  /** Fields of the response beside those. */
  readonly fields?: Readonly<Record<string, string>>;
}

const CLOSE = "Connection: close";
const CHUNKED = "Transfer-Encoding: chunked";
const TEXT = "text/plain;charset=UTF-8";
const JSON_TYPE = "application/json";

/** A GET of a path of the program. */
const path = (name: string, ...fields: string[]) => get(`/${name}`, ...fields, CLOSE);

/** A request without fields beside these. */
const head = (line: string, ...fields: string[]) => [line, ...fields, CLOSE, "", ""].join("\r\n");

/** A body, as the program reports it. */
const report = (method: string, hasBody: boolean, text = "") =>
  new RegExp(
    `^200 length ${JSON_TYPE} ${
      JSON.stringify({ method, hasBody, text }).replace(/[{}]/g, "\\$&")
    }$`,
  );

const refused = (status: number): Pick<Situation, "expect"> => ({
  expect: new RegExp(`^${status} length text/plain; charset=utf-8 `),
});

const RUNTIME_400 = "400 length - ";

const groups: Readonly<Record<string, readonly Situation[]>> = {
  "the request": [
    {
      what: "has the URL of Host",
      send: path("url"),
      expect: `200 length ${TEXT} http://test/url`,
    },
    {
      what: "has the URL of the target in absolute form",
      send: head("GET http://test:81/a?b HTTP/1.1", "Host: test:81"),
      expect: `200 length ${TEXT} http://test:81/a?b`,
    },
    {
      what: "has the properties of a new one",
      send: path("properties"),
      expect: new RegExp(
        '"cache":"default","credentials":"same-origin",.*"integrity":"","keepalive":false,"mode":"cors".*' +
          '"referrer":"about:client","referrerPolicy":""',
      ),
    },
    {
      what: "has fields in Latin-1, and a response too",
      send: head("GET /latin1 HTTP/1.1", "Host: a", "X-Value: \u00e1"),
      expect: "200 length - ",
      fields: { "x-value": "\u00e1" },
    },
    {
      what: "has tabs in a field",
      send: path("header?x-tab", "X-Tab: hello\tworld"),
      expect: `200 length ${TEXT} hello\tworld`,
    },
    {
      what: "has one Cookie field for two",
      send: path("header?cookie", "Cookie: a=b", "Cookie: c=d"),
      expect: `200 length ${TEXT} a=b; c=d`,
    },
    {
      what: "has fields that stay after the body",
      send: head("GET /header?content-length HTTP/1.1", "Host: a", "Content-Length: 5") + "12345",
      expect: `200 length ${TEXT} 5`,
    },
    { what: "can be inspected", send: path("inspect"), expect: `200 length ${TEXT} string` },
    {
      what: "has the peer's address",
      send: path("peer"),
      expect:
        /^200 length application\/json \{"transport":"tcp","hostname":"127\.0\.0\.1","port":\d+\}/,
    },
    {
      what: "is HTTP/1.0 without Host",
      send: "GET /body HTTP/1.0\r\n\r\n",
      expect: report("GET", false),
    },
  ],
  "a request's body": [
    { what: "is null for a GET", send: path("body"), expect: report("GET", false) },
    {
      what: "is null for a GET with content, which is read over",
      send: head("GET /body HTTP/1.1", "Host: a", "Content-Length: 5") + "12345",
      expect: report("GET", false),
    },
    {
      what: "ends where no length is declared",
      send: path("body") + "not a body",
      expect: report("GET", false),
    },
    {
      what: "is there for a DELETE",
      send: request("DELETE", "/body", CLOSE),
      expect: report("DELETE", true),
    },
    {
      what: "is there for a method of any name",
      send: request("FOO", "/body", CLOSE),
      expect: report("FOO", true),
    },
    {
      what: "is read with a length",
      send: post("/body", "a good request", CLOSE),
      expect: report("POST", true, "a good request"),
    },
    { what: "is read when empty", send: post("/body", "", CLOSE), expect: report("POST", true) },
    {
      what: "is read in chunks",
      send: request("POST", "/body", CLOSE, CHUNKED) + "1\r\nq\r\n2;a=b\r\nwe\r\n0\r\nx: y\r\n\r\n",
      expect: report("POST", true, "qwe"),
    },
    {
      what: "is read when larger than a buffer",
      send: post("/length", "x".repeat(70 * 1024), CLOSE),
      expect: `200 length ${TEXT} 71680`,
    },
    {
      what: "may stay unread",
      send: post("/unread", "x".repeat(70 * 1024), CLOSE),
      expect: `200 length ${TEXT} unread`,
    },
    {
      what: "is read twice through a clone",
      send: post("/clone", '{"a":1}', CLOSE),
      expect: `200 length ${JSON_TYPE} {"same":true,"text":"{\\"a\\":1}","json":{"a":1}}`,
    },
    {
      what: "cannot be cloned after it was read",
      send: post("/late_clone", "a", CLOSE),
      expect: `503 length ${TEXT} onError: Body is unusable`,
    },
    {
      what: "cannot be cloned while it is locked",
      send: post("/locked_clone", "a", CLOSE),
      expect: `503 length ${TEXT} onError: Body is unusable`,
    },
    {
      what: "is not awaited with an expectation and without a length",
      send: request("POST", "/body", "Expect: 100-continue", CLOSE),
      expect: report("POST", true),
    },
  ],
  "a failure": [
    {
      what: "is a throw, for onError",
      send: path("throws"),
      expect: `503 length ${TEXT} onError: thrown`,
    },
    {
      what: "is a rejection, for onError",
      send: path("rejects"),
      expect: `503 length ${TEXT} onError: rejected`,
    },
    {
      what: "is one of onError itself, and gets 500",
      send: path("throws_text"),
      expect: "500 length text/plain; charset=utf-8 Internal Server Error",
      alone: "500 length - Internal Server Error",
    },
    {
      what: "is no response at all",
      send: path("nothing"),
      expect:
        /^503 length \S+ onError: Return value from serve handler must be a response or a prom/,
    },
    {
      what: "is what looks like a response",
      send: path("lookalike"),
      expect: /^503 length \S+ onError: Return value from serve handler must be a Response constru/,
    },
    {
      what: "is Response.error()",
      send: path("error_response"),
      expect: /^503 length \S+ onError: Return value from serve handler must not be an error resp/,
    },
    {
      what: "is not a response's first use",
      send: path("once"),
      expect: `200 length ${TEXT} only once`,
    },
    {
      what: "is a response's second use",
      send: path("once"),
      expect:
        /^503 length \S+ onError: The body of the Response returned .* already been consumed$/,
    },
    {
      what: "is a part of a byte stream that is no bytes",
      send: path("wrong_part"),
      expect: /^503 length \S+ onError: Failed to execute 'enqueue' on/,
    },
  ],
  "a response": [
    { what: "of text", send: path("text"), expect: `200 length ${TEXT} ${"NaN".repeat(10)}` },
    {
      what: "of text has its length in bytes",
      send: path("wide_text"),
      expect: `200 length ${TEXT} ${"韓國".repeat(10)}`,
      fields: { "content-length": "60" },
    },
    { what: "of a byte", send: path("byte"), expect: "200 length - \ufffd" },
    {
      what: "of an empty Blob",
      send: path("blob"),
      expect: "200 length - ",
      alone: "200 chunked - ",
    },
    { what: "of no text", send: path("empty"), expect: `200 length ${TEXT} ` },
    { what: "of null", send: path("null"), expect: "200 length - " },
    { what: "with 204 has no length", send: path("no_content"), expect: "204 none - " },
    {
      what: "with 304 has no body",
      send: path("not_modified"),
      expect: "304 none - ",
      fields: { etag: '"1"' },
    },
    { what: "with a status of any number", send: path("status_text"), expect: "299 length - " },
    {
      what: "to HEAD has the length and no body",
      send: request("HEAD", "/text", CLOSE),
      expect: `200 length ${TEXT} `,
      fields: { "content-length": "30" },
    },
    {
      what: "to HEAD has the length that it declares for a stream",
      send: request("HEAD", "/declared_stream", CLOSE),
      expect: "200 length - ",
      fields: { "content-length": "11" },
    },
    {
      what: "to HEAD of a stream has no body",
      send: request("HEAD", "/stream?parts=2", CLOSE),
      expect: "200 chunked - ",
      alone: "200 none - ",
    },
    { what: "of a stream of no parts", send: path("stream?parts=0"), expect: "200 chunked - " },
    { what: "of a stream of one part", send: path("stream?parts=1"), expect: "200 chunked - a0" },
    { what: "of a stream of parts", send: path("stream?parts=3"), expect: "200 chunked - a0a1a2" },
    {
      what: "of a stream to HTTP/1.0 ends with the connection",
      send: "GET /stream?parts=2 HTTP/1.0\r\n\r\n",
      expect: "200 none - a0a1",
    },
    {
      what: "of a stream that fails is cut off",
      send: path("stream?parts=2&fails"),
      expect: "200 cut - a0a1",
    },
    {
      what: "of a stream that fails before its first part is cut off",
      send: path("stream?parts=0&fails"),
      expect: "200 cut - ",
    },
    {
      what: "of another one's body",
      send: path("stream_of_text"),
      expect: "200 length - foo bar baz",
    },
    {
      what: "of another one's empty body",
      send: path("stream_of_nothing"),
      expect: "200 length - ",
    },
    {
      what: "declares its length",
      send: path("declared"),
      expect: `200 length ${TEXT} foo bar baz`,
    },
    {
      what: "declares the length of a stream",
      send: path("declared_stream"),
      expect: "200 length - foo bar baz",
    },
    {
      what: "names a transfer coding, which is the server's matter",
      send: path("coded"),
      expect: `200 length ${TEXT} foo bar baz`,
      alone: `200 chunked ${TEXT} foo bar baz`,
    },
    {
      what: "of a file",
      send: path("file"),
      expect: `200 chunked - ${"x".repeat(100_000)}`,
    },
  ],
  "an upgrade": [
    {
      what: "to HTTP/2 is ignored",
      send: get(
        "/text",
        "Connection: Upgrade, HTTP2-Settings, close",
        "Upgrade: h2c",
        "HTTP2-Settings: AA",
      ),
      expect: `200 length ${TEXT} ${"NaN".repeat(10)}`,
    },
    {
      what: "is ignored by a handler that answers",
      send: get("/text", "Connection: Upgrade, close", "Upgrade: websocket"),
      expect: `200 length ${TEXT} ${"NaN".repeat(10)}`,
    },
    {
      what: "that nothing asks for fails in the call",
      send: path("upgrade"),
      expect:
        `503 length ${TEXT} onError: Invalid Header: 'upgrade' header must contain 'websocket'`,
    },
  ],
  "a request that is refused": [
    ...["GE T / HTTP/1.1", "GET * HTTP/1.1", "GET path HTTP/1.1", "GET deno.land:1234 HTTP/1.1"]
      .map(
        (line) => ({
          what: `has the line ${line}`,
          send: head(line, "Host: a"),
          ...refused(400),
          alone: RUNTIME_400,
        }),
      ),
    ...["+5", "foo", "-1", "1.1", "1.", "0x5", "5, 6", ""].map((length) => ({
      what: `has the length ${JSON.stringify(length)}`,
      send: head("POST /body HTTP/1.1", "Host: a", `Content-Length: ${length}`) + "hello",
      ...refused(400),
      alone: RUNTIME_400,
    })),
    ...["Transfer-Encoding : chunked", "Transfer-Encoding\n: chunked"].map((field) => ({
      what: `has the field ${JSON.stringify(field)}`,
      send: head("POST /body HTTP/1.1", "Host: a", field) + "0\r\n\r\n",
      ...refused(400),
      alone: RUNTIME_400,
    })),
    {
      what: "has a length and a transfer coding",
      send: request("POST", "/body", "Content-Length: 13", CHUNKED, CLOSE) + "0\r\n\r\nEXTRA",
      ...refused(400),
      alone: RUNTIME_400,
    },
  ],
  // The table in src/docs/existing-programs.md has the reasons.
  "what differs from the runtime": [
    ...["xchunked", "chunkedx"].map((coding) => ({
      what: `is the transfer coding ${coding}: 501`,
      send: request("POST", "/body", `Transfer-Encoding: ${coding}`, CLOSE) + "0\r\n\r\n",
      ...refused(501),
      alone: RUNTIME_400,
    })),
    {
      what: "is the length said twice: 400",
      send: head("POST /body HTTP/1.1", "Host: a", "Content-Length: 2", "Content-Length: 2") + "hi",
      ...refused(400),
      alone: report("POST", true, "hi"),
    },
    {
      what: "is HTTP/1.1 without Host: 400",
      send: head("GET /body HTTP/1.1"),
      ...refused(400),
      alone: report("GET", false),
    },
    {
      what: "is an empty Host: 400",
      send: head("GET /body HTTP/1.1", "Host:"),
      ...refused(400),
      alone: report("GET", false),
    },
    {
      what: "is a target with another host than Host: 400",
      send: head("GET http://a/url HTTP/1.1", "Host: b"),
      ...refused(400),
      alone: `200 length ${TEXT} http://a/url`,
    },
    {
      what: "is a line that ends with LF alone: 400",
      send: "GET /body HTTP/1.1\nHost: a\nConnection: close\n\n",
      ...refused(400),
      alone: report("GET", false),
    },
    {
      what: "is CONNECT: 501",
      send: head("CONNECT deno.land:80 HTTP/1.1", "Host: deno.land:80"),
      ...refused(501),
      alone: `200 length ${TEXT} http://deno.land:80`,
    },
    {
      what: "is TRACE: 501",
      send: request("TRACE", "/body", CLOSE),
      expect: "501 length text/plain; charset=utf-8 The method TRACE is not served here",
      alone: report("TRACE", true),
    },
    {
      what: "is OPTIONS *: answered for the whole server",
      send: head("OPTIONS * HTTP/1.1", "Host: a"),
      expect: "204 none - ",
      alone: `200 length ${TEXT} http://a/*`,
    },
    {
      what: "is HTTP/2: 505",
      send: "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      ...refused(505),
      alone: RUNTIME_400,
    },
    {
      what: "is an expectation that no server meets: 417",
      send: head("POST /body HTTP/1.1", "Host: a", "Expect: gold", "Content-Length: 0"),
      ...refused(417),
      alone: report("POST", true),
    },
    {
      what: "is a head of more than 16 KiB: 431",
      send: path("header?x-long", `X-Long: ${"y".repeat(16_640)}`),
      ...refused(431),
      alone: `200 length ${TEXT} ${"y".repeat(16_640)}`,
    },
  ],
};

/** What comes of a request in one line, and the fields of the response. */
interface Outcome {
  readonly line: string;
  readonly fields: Headers;
}

/** Each character a byte, as a head has them. */
function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}

async function bytesOf(port: number, send: string): Promise<Uint8Array> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const writer = conn.writable.getWriter();
  // A server that refuses may have closed before.
  writer.write(latin1(send)).catch(() => {});
  return await within(
    new Response(conn.readable).bytes(),
    `the end of the answer to ${send.slice(0, 60)}`,
  );
}

function outcomeOf(bytes: Uint8Array, isHeadRequest: boolean): Outcome {
  const text = new TextDecoder("latin1").decode(bytes);
  const end = text.indexOf("\r\n\r\n");
  const [statusLine, ...lines] = text.slice(0, end).split("\r\n");
  const fields = new Headers(lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
  const rest = bytes.subarray(end + 4);
  const isChunked = fields.get("transfer-encoding") === "chunked";
  const { body, isWhole } = isChunked ? joinChunks(rest) : { body: rest, isWhole: true };
  const chunked = isWhole || isHeadRequest ? "chunked" : "cut";
  const framing = isChunked ? chunked : fields.has("content-length") ? "length" : "none";
  const status = statusLine.split(" ")[1];
  const type = fields.get("content-type") ?? "-";
  return { line: `${status} ${framing} ${type} ${new TextDecoder().decode(body)}`, fields };
}

/** Joins chunks, up to where they are cut off. */
function joinChunks(bytes: Uint8Array): { body: Uint8Array; isWhole: boolean } {
  const parts: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf(13, at);
    const size = parseInt(new TextDecoder().decode(bytes.subarray(at, lineEnd)), 16);
    if (size === 0) return { body: Uint8Array.from(parts), isWhole: true };
    for (let i = lineEnd + 2; i < lineEnd + 2 + size; i++) parts.push(bytes[i]);
    at = lineEnd + 2 + size + 2;
  }
  return { body: Uint8Array.from(parts), isWhole: false };
}

function assertLine(line: string, expected: string | RegExp, whose: string): void {
  if (typeof expected === "string") assertEquals(line, expected, whose);
  else assertMatch(line, expected, whose);
}

const LINES = "a line that comes often\n".repeat(50);
const PLAIN = '["content-type","text/plain"]';

/** What the second server is asked for, and the coding of its answer. */
const compressions: readonly { what: string; query?: string; accept?: string; coding?: string }[] =
  [
    { what: "text for gzip", accept: "gzip", coding: "gzip" },
    { what: "text for brotli", accept: "br", coding: "br" },
    { what: "text for several codings", accept: "gzip, deflate, br", coding: "br" },
    { what: "a stream", query: `stream&fields=[${PLAIN}]`, accept: "gzip", coding: "gzip" },
    { what: "nothing without the field" },
    { what: "nothing for other codings", accept: "deflate" },
    { what: "nothing for a field of noise", accept: "\x81" },
    { what: "nothing short", query: "length=10", accept: "gzip" },
    { what: "nothing empty", query: "length=0", accept: "gzip" },
    { what: "no unknown type", query: 'fields=[["content-type","a/b"]]', accept: "gzip" },
    { what: "no stream without a type", query: "stream", accept: "gzip" },
    { what: "no range", query: `fields=[${PLAIN},["content-range","1"]]`, accept: "gzip" },
    { what: "nothing coded", query: `fields=[${PLAIN},["content-encoding","x"]]`, accept: "gzip" },
    {
      what: "nothing that forbids it",
      query: `fields=[${PLAIN},["cache-control","no-transform"]]`,
      accept: "gzip",
    },
  ];

/** A program that runs, with the ports of its two servers. */
interface Running {
  readonly program: Program;
  readonly port: number;
  readonly second: number;
}

async function startSituations(args: readonly string[]): Promise<Running> {
  const program = Program.deno(["run", "-A", ...args]);
  try {
    const [, port, second] = await program.stdout.find(/^servers (\d+) (\d+) false$/);
    return { program, port: Number(port), second: Number(second) };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

const ways: Readonly<Record<string, readonly string[]>> = {
  "by Deno alone": ["--config", CONFIG, FILE],
  ...Object.fromEntries(
    ["thread", "web"].map((isolation) => [
      `under the command line (${isolation})`,
      [
        "--unstable-net",
        CLI,
        FILE,
        "--workers",
        "1",
        "--on-panic",
        "keep",
        "--isolation",
        isolation,
      ],
    ]),
  ),
};

for (const [way, args] of Object.entries(ways)) {
  const isAlone = way === "by Deno alone";

  describe(`Deno.serve ${way}`, { ignore: !CAN_START_PROGRAMS }, () => {
    let running: Running;

    beforeAll(async () => {
      running = await startSituations(args);
      await running.program.stdout.find(/^listening tcp 127\.0\.0\.1 \d+$/);
      // Until then what reserves a free port holds it, too.
      if (!isAlone) await running.program.listening();
    });
    afterAll(async () => {
      if (running === undefined) return;
      running.program.signal("SIGTERM");
      await running.program.ended();
    });

    const seen = async (name: string): Promise<string> => {
      const bytes = await bytesOf(running.port, path(`seen/${encodeURIComponent(name)}`));
      return outcomeOf(bytes, false).line.split(" ").slice(3).join(" ");
    };

    for (const [group, situations] of Object.entries(groups)) {
      it(`answers as stated: ${group}`, async (t) => {
        for (const { what, send, expect, alone, fields } of situations) {
          await t.step(what, async () => {
            const isHead = send.startsWith("HEAD ");
            const outcome = outcomeOf(await bytesOf(running.port, send), isHead);
            assertLine(outcome.line, isAlone ? alone ?? expect : expect, what);
            for (const [name, value] of Object.entries(fields ?? {})) {
              assertEquals(outcome.fields.get(name), value);
            }
          });
        }
      });
    }

    it("compresses with automaticCompression under the conditions of the runtime", async () => {
      for (const { what, query = "", accept, coding } of compressions) {
        const field = accept === undefined ? [] : [`Accept-Encoding: ${accept}`];
        const bytes = await bytesOf(
          running.second,
          path(`?${query.replaceAll('"', "%22")}`, ...field),
        );
        const { fields } = outcomeOf(bytes, false);
        const end = new TextDecoder("latin1").decode(bytes).indexOf("\r\n\r\n") + 4;
        const rest = bytes.subarray(end);
        const body = fields.has("transfer-encoding") ? joinChunks(rest).body : rest;
        const given = /content-encoding/.test(query) ? "x" : null;
        assertEquals(fields.get("content-encoding"), coding ?? given, what);
        const length = Number(/length=(\d+)/.exec(query)?.[1] ?? LINES.length);
        assertEquals(textOfCoded(body, coding ?? null), LINES.slice(0, length), what);
      }
    });

    it("sends each part of a compressed stream before the next one is there", async () => {
      for (const coding of ["gzip", "br"]) {
        using client = await RawClient.connect(running.second);
        const type = "fields=[[%22content-type%22,%22text/plain%22]]";
        await client.send(get(`/?steps=${coding}&${type}`, `Accept-Encoding: ${coding}`));
        await client.readUntil("\r\n\r\n");
        for (let step = 1; step <= 3; step++) {
          // Each part has come before the next one is made.
          if (step > 1) assertMatch(await client.readOnce() ?? "", /./s);
          await bytesOf(running.second, path(`?step=${coding}${step}`));
        }
        await client.readUntil("\r\n0\r\n\r\n");
      }
    });

    it("sends each part of a stream before the next one is there", async () => {
      using client = await RawClient.connect(running.port);
      await client.send(get("/steps"));
      for (const part of ["0", "1", "2"]) {
        await client.readUntil(`1\r\n${part}\r\n`);
        await bytesOf(running.port, path(`step?${Number(part) + 1}`));
      }
      await client.readUntil("0\r\n\r\n");
    });

    for (const name of ["duplex", "duplex_by_reader"]) {
      it(`sends what has come of a request's body before the rest comes (${name})`, async () => {
        using client = await RawClient.connect(running.port);
        await client.send(request("POST", `/${name}`, CHUNKED, CLOSE));
        let answer = "";
        for (const part of ["one", "two"]) {
          await client.send(`3\r\n${part}\r\n`);
          while (!answer.includes(part)) answer += await client.readOnce();
        }
        await client.send("0\r\n\r\n");
        assertMatch(answer + await client.readToEnd(), /two\r\n0\r\n\r\n$/);
      });
    }

    it("asks for a body that is expected when the handler reads it", async () => {
      using client = await RawClient.connect(running.port);
      const fields = ["Expect: 100-continue", "Content-Length: 5", CLOSE];
      await client.send(request("POST", "/body", ...fields));
      assertEquals(await client.readUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
      await client.send("hello");
      assertMatch(await client.readToEnd(), /"text":"hello"\}$/);
    });

    it("calls the handler before the body has come, and fails its reader if the client goes", async () => {
      const client = await RawClient.connect(running.port);
      await client.send(request("POST", "/early", "Content-Length: 10") + "12345");
      assertEquals(await seen("early"), "called");
      client[Symbol.dispose]();
      assertMatch(await seen("early failure"), /./);
    });

    it("answers without a body that its handler does not read", async () => {
      using client = await RawClient.connect(running.port);
      await client.send(request("POST", "/unread", "Content-Length: 1000000", CLOSE) + "begun");
      await client.readUntil("unread");
    });

    it("keeps a connection, and answers pipelined requests in their order", async () => {
      using client = await RawClient.connect(running.port);
      const names = ["text", "null", "stream?parts=2", "no_content"];
      await client.send(names.map((name) => get(`/${name}`)).join("") + path("byte"));
      const all = await client.readToEnd();
      const statuses = [...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
      assertEquals(statuses, ["200", "200", "200", "204", "200"]);
    });

    it("answers others while a stream is open", async () => {
      using client = await RawClient.connect(running.port);
      await client.send(get("/steps_kept"));
      await client.readUntil("steps_kept");
      assertEquals((await client.ask(get("/text"))).status, 200);
    });

    it("sends a large stream whole and in order", async () => {
      const { line } = outcomeOf(await bytesOf(running.port, path("large")), false);
      const body = line.split(" ").slice(3).join(" ");
      // What is no ASCII is no text: each such mark became one character.
      assertEquals(body.length, 2 * 1024 * 1024);
      for (let i = 0; i < 128; i++) assertEquals(body.charCodeAt(i * 4096), i);
    });

    it("cancels a stream, and aborts and completes its request, when the client goes", async () => {
      const client = await RawClient.connect(running.port);
      await client.send(get("/endless"));
      await client.readUntil("begun");
      client[Symbol.dispose]();
      assertMatch(await seen("endless"), /^cancelled: /);
      assertEquals(await seen("endless signal"), "aborted");
      assertEquals(await seen("endless completed"), isAlone ? "fulfilled" : "rejected");
    });

    it("aborts a request whose handler waits, and cancels what that returns", async () => {
      const client = await RawClient.connect(running.port);
      await client.send(get("/waits"));
      assertEquals(await seen("waits begun"), "begun");
      client[Symbol.dispose]();
      assertEquals(await seen("waits aborted"), "true");
      assertEquals(await seen("waits completed"), isAlone ? "fulfilled" : "rejected");
      assertMatch(await seen("waits body"), /^cancelled: /);
    });

    it("completes a request that was answered, and keeps its head", async () => {
      await bytesOf(running.port, path("completes"));
      assertEquals(await seen("completes completed"), "fulfilled");
      const { line } = outcomeOf(await bytesOf(running.port, path("kept")), false);
      // The runtime aborts each signal in the end, by what it calls legacy_abort.
      const kept = JSON.stringify({ url: "http://test/completes", isAborted: isAlone });
      assertEquals(line, `200 length ${JSON_TYPE} ${kept}`);
    });
  });
}

for (const isolation of ["thread", "web"]) {
  describe(`Deno.serve at a Unix socket under the command line (${isolation})`, {
    ignore: !CAN_START_PROGRAMS || Deno.build.os === "windows",
  }, () => {
    const text = `const path = new URL("app.sock", import.meta.url).pathname;
      // As programs do that were killed before.
      try {
        Deno.removeSync(path);
      } catch {}
      const { addr } = Deno.serve({ path, onListen: (at) => console.log("at", at.path) }, (request, info) => {
        if (request.url.endsWith("/panic")) throw new Error("on purpose");
        return Response.json([addr, info.remoteAddr]);
      });`;

    it("answers at the path that the program names, through a panic and a reload", async () => {
      const folder = await Deno.makeTempDir();
      const path = `${folder}/app.sock`;
      const ask = async (target: string, socket = path) => {
        using client = await RawClient.connectToSocket(socket);
        return (await client.ask(get(target, CLOSE))).text;
      };
      const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      try {
        await Deno.writeTextFile(`${folder}/app.ts`, text);
        await using program = Program.deno(
          ["run", "-A", CLI, `${folder}/app.ts`, "--workers", "2", "--isolation", isolation],
        );
        await program.stderr.find(/listening on unix:.*\/app\.sock with 2 workers/);
        await program.stderr.find(
          /app\.sock leads to one of the workers; a front end that names .*/,
        );
        const address = { transport: "unix", path };
        const expected = JSON.stringify([address, address]);
        for (const socket of [path, `${folder}/app.1.sock`, `${folder}/app.2.sock`]) {
          assertEquals(await ask("/", socket), expected);
        }
        assertEquals(await ask("/panic"), "Internal Server Error");
        await program.stderr.find(/ended \(panic\)/);
        assertEquals(await ask("/"), expected);
        program.signal("SIGHUP");
        await program.stderr.find(/: reloaded$/);
        assertEquals(await ask("/"), expected);
        assertEquals(names(), ["app.1.sock", "app.2.sock", "app.sock", "app.ts"]);
        assertEquals(program.stdout.all.every((line) => line === `at ${path}`), true);
        program.signal("SIGTERM");
        assertEquals((await program.ended()).code, 0, program.stderr.text);
        assertEquals(names(), ["app.ts"]);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  });
}
