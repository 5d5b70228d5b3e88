// The situations of node_situations_test.ts.

import { get, post, request } from "../../support/clients/raw_client.ts";

/** One thing that the client does. Text is sent, and then a response is read. */
export type Step =
  | string
  | { readonly send: string | Uint8Array<ArrayBuffer>; readonly reads?: "nothing" | "head" }
  /** Reads the rest of a response whose head was read, or the next response, or all that comes until the end. */
  | { readonly reads: "rest" | "response" | "end" }
  /** Asks what the program has seen. */
  | { readonly seen: string }
  /** Closes the connection. */
  | { readonly leaves: true };

/** What a client does, and what comes of it. */
export interface Situation {
  /** The server of the program that is asked; the main one if undefined. */
  readonly server?: string;
  readonly steps: readonly Step[];
  /** What comes of the steps in Node: responses, their fields in order of their names, and sights. */
  readonly expect: readonly string[];
  /** What comes of them here, if that differs. */
  readonly here?: readonly string[];
  /** Why it differs. */
  readonly why?: string;
}

const CHUNKED = "Transfer-Encoding: chunked";

const chunks = (...parts: string[]): string =>
  parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("") + "0\r\n\r\n";

const responses = (count: number): Step[] => Array(count - 1).fill({ reads: "response" });

const seen = (name: string): Step => ({ seen: name });

const gets = (name: string, ...fields: string[]): Pick<Situation, "steps"> => ({
  steps: [get(`/${name}`, ...fields)],
});

const raw = (...lines: string[]): string => [...lines, "", ""].join("\r\n");

/** Why an answer differs, if that is one of the rules of this server. */
const WHOLE = "a body that is whole when the response begins has its length";
const ENGINE = "the engine refuses it before any listener, and names the reason";
const HEAD = "a response to HEAD has the fields of one to GET (RFC 9110, section 9.3.2)";
const REASON = "each status has its own reason phrase";
const DATE = "a server with a clock sends the date (RFC 9110, section 6.6.1)";
const RUNTIME = "the classes are those of Deno, which does the same alone";

const REQUESTS: Readonly<Record<string, Situation>> = {
  "a request has its method, its target and its version": {
    ...gets("echo?a=b%20c&d"),
    expect: [
      '200 OK | content-length: 70 | (length) | {"method":"GET","url":"/echo?a=b%20c&d","httpVersion":"1.1","body":""}',
    ],
  },
  "a request by HTTP/1.0 ends its connection": {
    steps: ["GET /echo HTTP/1.0\r\nHost: a\r\n\r\n", { reads: "response" }],
    expect: [
      '200 OK | connection: close | (close) | {"method":"GET","url":"/echo","httpVersion":"1.0","body":""}',
      "end",
    ],
    here: [
      '200 OK | connection: close | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.0","body":""}',
      "end",
    ],
    why: WHOLE,
  },
  "a request by HTTP/1.0 keeps its connection, if it asks for that": {
    steps: ["GET /echo HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", get("/echo")],
    expect: [
      '200 OK | connection: close | (close) | {"method":"GET","url":"/echo","httpVersion":"1.0","body":""}',
      "end",
    ],
    here: [
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.0","body":""}',
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    why: WHOLE,
  },
  "a request by HTTP/1.0 gets a body without chunks": {
    steps: ["GET /chunks HTTP/1.0\r\nHost: a\r\n\r\n", { reads: "response" }],
    expect: ["200 OK | connection: close | (close) | one two", "end"],
  },
  "a request by HTTP/1.0 that would stay gets a body that the end of the connection delimits": {
    steps: ["GET /chunks HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", {
      reads: "response",
    }],
    expect: ["200 OK | connection: close | (close) | one two", "end"],
  },
  "a request has its whole target, also in absolute form": {
    steps: [raw("GET http://test/absolute?b HTTP/1.1", "Host: test")],
    expect: ['200 OK | content-length: 32 | (length) | {"url":"http://test/absolute?b"}'],
  },
  "a request has a target of unusual characters as it came": {
    steps: [get("/~a/%7Eb;c=%zz?d='()*!&[]")],
    expect: [`200 OK | content-length: 35 | (length) | {"url":"/~a/%7Eb;c=%zz?d='()*!&[]"}`],
  },
  "OPTIONS * reaches the listener": {
    steps: [request("OPTIONS", "*")],
    expect: ['200 OK | content-length: 11 | (length) | {"url":"*"}'],
    here: [
      "204 No Content | allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE | (none) | ",
    ],
    why: "it asks about the server, not about a resource (RFC 9110, section 9.3.7)",
  },
  "fields that come twice are joined, except those that may come once": {
    steps: [
      get(
        "/headers",
        "X-A: 1",
        "x-a: 2",
        "Cookie: a=1",
        "Cookie: b=2",
        "User-Agent: a",
        "User-Agent: b",
        "Accept: c",
        "Accept: d",
        "Set-Cookie: e",
        "Set-Cookie: f",
        "Content-Type: g",
        "Content-Type: h",
        "Referer: i",
        "Referer: j",
      ),
    ],
    expect: [
      '200 OK | content-length: 137 | (length) | {"host":"test","x-a":"1, 2","cookie":"a=1; b=2","user-agent":"a","accept":"c, d","set-cookie":["e","f"],"content-type":"g","referer":"i"}',
    ],
  },
  "the raw fields have their names and their order as they came": {
    steps: [get("/raw_headers", "X-A: 1", "x-B:  2 ", "X-a: 3")],
    expect: [
      '200 OK | content-length: 45 | (length) | ["Host","test","X-A","1","x-B","2","X-a","3"]',
    ],
  },
  "headersDistinct has all values of a field": {
    steps: [get("/distinct", "X-A: 1", "x-a: 2")],
    expect: ['200 OK | content-length: 9 | (length) | ["1","2"]'],
  },
  "a field has tabs within its value and no white space around it": {
    steps: [get("/headers", "X-A: \t a\tb \t")],
    expect: ['200 OK | content-length: 28 | (length) | {"host":"test","x-a":"a\\tb"}'],
  },
  "a field has bytes as characters of Latin-1": {
    steps: [{ send: get("/latin1", "X-Value: \u00e9") }],
    expect: ["200 OK | content-length: 9 | x-echo: Ã© | (length) | [195,169]"],
  },
  "a field without a value is empty": {
    steps: [get("/headers", "X-A:")],
    expect: ['200 OK | content-length: 24 | (length) | {"host":"test","x-a":""}'],
  },
  "a body with a length is read": {
    steps: [post("/echo", "h\u00e9llo")],
    expect: [
      '200 OK | content-length: 67 | (length) | {"method":"POST","url":"/echo","httpVersion":"1.1","body":"héllo"}',
    ],
  },
  "a body in chunks is read, with their extensions": {
    steps: [request("POST", "/echo", CHUNKED) + "3;a=b\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"],
    expect: [
      '200 OK | content-length: 65 | (length) | {"method":"POST","url":"/echo","httpVersion":"1.1","body":"abcd"}',
    ],
  },
  "a body of DELETE is read": {
    steps: [request("DELETE", "/echo", "Content-Length: 3") + "abc"],
    expect: [
      '200 OK | content-length: 66 | (length) | {"method":"DELETE","url":"/echo","httpVersion":"1.1","body":"abc"}',
    ],
  },
  "a body of GET is read": {
    steps: [request("GET", "/echo", "Content-Length: 3") + "abc"],
    expect: [
      '200 OK | content-length: 63 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":"abc"}',
    ],
  },
  "a body of PROPFIND is read": {
    steps: [request("PROPFIND", "/echo", "Content-Length: 3") + "abc"],
    expect: [
      '200 OK | content-length: 68 | (length) | {"method":"PROPFIND","url":"/echo","httpVersion":"1.1","body":"abc"}',
    ],
  },
  "a body that comes in two parts is read": {
    steps: [
      { send: request("POST", "/echo", "Content-Length: 6") + "abc", reads: "nothing" },
      "def",
    ],
    expect: [
      '200 OK | content-length: 67 | (length) | {"method":"POST","url":"/echo","httpVersion":"1.1","body":"abcdef"}',
    ],
  },
  "a character whose bytes come apart is read": {
    steps: [{ send: request("POST", "/split_character", "Content-Length: 3"), reads: "nothing" }, {
      send: new Uint8Array([0xe2, 0x82]),
      reads: "nothing",
    }, { send: new Uint8Array([0xac]) }],
    expect: ['200 OK | content-length: 9 | (length) | ["€",1]'],
  },
  "a paused request gives no data until it is resumed": {
    steps: [post("/pause", "x".repeat(100_000))],
    expect: ['200 OK | content-length: 28 | (length) | ["paused true","data","end"]'],
  },
  "a request is iterated over": {
    steps: [post("/iterated", "x".repeat(200_000))],
    expect: ['200 OK | content-length: 17 | (length) | {"length":200000}'],
  },
  "a request is piped to its response": {
    steps: [post("/piped", "piped")],
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | piped"],
    here: ["200 OK | content-length: 5 | (length) | piped"],
    why: WHOLE,
  },
  "a request goes through a pipeline to its response": {
    steps: [post("/pipelined_stream", "piped"), seen("pipelined_stream")],
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | piped", '"no error"'],
    here: ["200 OK | content-length: 5 | (length) | piped", '"no error"'],
    why: WHOLE,
  },
  "a request is read in parts, at readable events": {
    steps: [post("/readable", "x".repeat(200_000))],
    expect: ['200 OK | content-length: 38 | (length) | {"length":200000,"readableEnded":true}'],
  },
  "a body that is not read is skipped, and the connection stays": {
    steps: [post("/unread", "x".repeat(50_000)), get("/echo")],
    expect: [
      "200 OK | content-length: 6 | (length) | unread",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
  },
  "a request is complete after its body": {
    steps: [
      { send: request("POST", "/complete", "Content-Length: 2") + "a", reads: "nothing" },
      "b",
    ],
    expect: ['200 OK | content-length: 29 | (length) | {"before":false,"after":true}'],
  },
  "a request without a body ends, and closes": {
    steps: [get("/ends"), seen("ends")],
    expect: ["200 OK | content-length: 0 | (length) | ", '["end","close"]'],
  },
  "a request whose client leaves is aborted": {
    steps: [
      { send: request("POST", "/aborted", "Content-Length: 9") + "abc", reads: "nothing" },
      { reads: "response" },
      { leaves: true },
      seen("aborted"),
    ],
    expect: [
      "102 Processing | (none) | ",
      '["aborted","res close false","ECONNRESET","close true true false"]',
    ],
  },
  "trailers are there after the body, and apart from the fields": {
    steps: [
      request("POST", "/trailers", CHUNKED, "Trailer: X-Sum") +
      "1\r\na\r\n0\r\nX-Sum: 7\r\nx-B: c\r\n\r\n",
      get("/echo"),
    ],
    expect: [
      '200 OK | content-length: 75 | (length) | {"before":{},"after":{"x-sum":"7","x-b":"c"},"raw":["X-Sum","7","x-B","c"]}',
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
  },
  "trailers that come after the rest of the body are there": {
    steps: [
      { send: request("POST", "/trailers", CHUNKED) + "1\r\na\r\n", reads: "nothing" },
      "0\r\nX-Sum: 7\r\nX-Sum: 8\r\n\r\n",
    ],
    expect: [
      '200 OK | content-length: 70 | (length) | {"before":{},"after":{"x-sum":"7, 8"},"raw":["X-Sum","7","X-Sum","8"]}',
    ],
  },
  "a request that is destroyed ends its connection": {
    steps: [get("/destroy"), seen("destroy")],
    expect: ["end", '"closed true"'],
  },
  "a request that is destroyed with an error emits it": {
    steps: [get("/destroy_with_error"), seen("destroy_with_error")],
    expect: ["end", '"on purpose"'],
  },
  "the socket of a request has the addresses, and its methods return it": {
    ...gets("socket"),
    expect: [
      '200 OK | content-length: 239 | (length) | {"remoteAddress":"127.0.0.1","remoteFamily":"IPv4","remotePort":"number","localAddress":"127.0.0.1","isLocalPort":true,"encrypted":null,"same":[true,true,true],"request":true,"chained":[true,true,true,true,true],"states":[false,true,true]}',
    ],
  },
  "requests of one connection have one socket": {
    steps: [get("/same_socket"), get("/same_socket")],
    expect: [
      '200 OK | content-length: 11 | (length) | {"count":1}',
      '200 OK | content-length: 11 | (length) | {"count":2}',
    ],
  },
  "requests leave no listeners on their socket": {
    steps: [get("/listeners"), post("/listeners", "abc"), get("/listeners")],
    expect: [
      '200 OK | content-length: 15 | (length) | {"grown":false}',
      '200 OK | content-length: 15 | (length) | {"grown":false}',
      '200 OK | content-length: 15 | (length) | {"grown":false}',
    ],
  },
  "the socket of a request has no encoding": {
    ...gets("socket_encoding"),
    expect: ['200 OK | content-length: 26 | (length) | "ERR_HTTP_SOCKET_ENCODING"'],
  },
  "a request and its response have the marks of streams": {
    ...gets("high_water_mark"),
    expect: ["200 OK | content-length: 11 | (length) | [true,true]"],
  },
  "a request and its response are of Node's own classes": {
    ...gets("kinds"),
    expect: ["200 OK | content-length: 26 | (length) | [true,true,true,true,true]"],
  },
};

const HEADS: Readonly<Record<string, Situation>> = {
  "a status is a number from 100 to 999": {
    ...gets("status_codes"),
    expect: [
      '200 OK | content-length: 194 | (length) | ["ERR_HTTP_INVALID_STATUS_CODE","ERR_HTTP_INVALID_STATUS_CODE","ERR_HTTP_INVALID_STATUS_CODE","ERR_HTTP_INVALID_STATUS_CODE","ERR_HTTP_INVALID_STATUS_CODE","ERR_HTTP_INVALID_STATUS_CODE","none"]',
    ],
    here: [
      '200 OK | content-length: 146 | (length) | ["ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","none"]',
    ],
    why: RUNTIME,
  },
  "a response with a wrong status has not begun": {
    ...gets("bad_status"),
    expect: ['200 OK | content-length: 38 | (length) | ["ERR_HTTP_INVALID_STATUS_CODE",false]'],
    here: ['200 OK | content-length: 30 | (length) | ["ERR_INVALID_ARG_TYPE",false]'],
    why: RUNTIME,
  },
  "a response has its own reason phrase": {
    ...gets("status_message"),
    expect: ["201 Made Anew | content-length: 4 | (length) | made"],
    here: ["201 Created | content-length: 4 | (length) | made"],
    why: REASON,
  },
  "a reason phrase has no line end": {
    ...gets("bad_status_message"),
    expect: ['200 OK | content-length: 18 | (length) | "ERR_INVALID_CHAR"'],
  },
  "writeHead() has a reason phrase, and returns the response": {
    ...gets("reason"),
    expect: ["404 Gone Away | transfer-encoding: chunked | x-a: 1 | (chunked) | away"],
    here: ["404 Not Found | content-length: 4 | x-a: 1 | (length) | away"],
    why: REASON,
  },
  "a status that is not registered has the reason unknown": {
    ...gets("unknown_status"),
    expect: ["299 unknown | transfer-encoding: chunked | (chunked) | unknown"],
    here: ["299 | content-length: 7 | (length) | unknown"],
    why: REASON,
  },
  "writeHead() has an array of names and values": {
    ...gets("array"),
    expect: [
      "200 OK | set-cookie: a=1 | set-cookie: b=2 | transfer-encoding: chunked | x-a: 1 | (chunked) | flat",
    ],
    here: [
      "200 OK | content-length: 4 | set-cookie: a=1 | set-cookie: b=2 | x-a: 1 | (length) | flat",
    ],
    why: WHOLE,
  },
  "writeHead() replaces fields that were set before": {
    ...gets("merged"),
    expect: [
      "200 OK | transfer-encoding: chunked | x-a: 3 | x-b: 2 | x-c: 4 | x-c: 5 | (chunked) | 3",
    ],
    here: ["200 OK | content-length: 1 | x-a: 3 | x-b: 2 | x-c: 4 | x-c: 5 | (length) | 3"],
    why: WHOLE,
  },
  "writeHead() with an array replaces fields that were set before": {
    ...gets("merged_array"),
    expect: ["200 OK | transfer-encoding: chunked | x-a: 2 | x-b: 3 | (chunked) | "],
    here: ["200 OK | content-length: 0 | x-a: 2 | x-b: 3 | (length) | "],
    why: WHOLE,
  },
  "writeHead() throws the second time": {
    ...gets("twice"),
    expect: ['200 OK | transfer-encoding: chunked | (chunked) | "ERR_HTTP_HEADERS_SENT"'],
    here: ['200 OK | content-length: 23 | (length) | "ERR_HTTP_HEADERS_SENT"'],
    why: WHOLE,
  },
  "a head that was sent cannot change": {
    ...gets("after_sent"),
    expect: [
      '200 OK | transfer-encoding: chunked | (chunked) | sent ["ERR_HTTP_HEADERS_SENT","ERR_HTTP_HEADERS_SENT","ERR_HTTP_HEADERS_SENT","ERR_HTTP_HEADERS_SENT","none"]',
    ],
  },
  "a field with a wrong name or value is refused": {
    ...gets("bad_fields"),
    expect: [
      '200 OK | content-length: 206 | (length) | ["ERR_INVALID_HTTP_TOKEN","ERR_INVALID_HTTP_TOKEN","ERR_HTTP_INVALID_HEADER_VALUE","ERR_INVALID_CHAR","ERR_INVALID_CHAR","ERR_INVALID_CHAR","ERR_INVALID_CHAR","ERR_INVALID_HTTP_TOKEN","ERR_INVALID_CHAR",[]]',
    ],
  },
  "writeHead() refuses a value with a line end": {
    ...gets("bad_write_head"),
    expect: ['200 OK | content-length: 18 | (length) | "ERR_INVALID_CHAR"'],
  },
  "fields can be read, tested and removed": {
    ...gets("mutable"),
    expect: [
      '200 OK | content-length: 148 | x-number: 2 | x-test: 1 | (length) | {"headers":{"x-test":"1","x-number":2},"names":["x-test","x-number"],"raw":["X-Test","x-number"],"got":["1",null],"has":[true,false],"isPlain":true}',
    ],
  },
  "appendHeader() adds values": {
    ...gets("appended"),
    expect: ['200 OK | content-length: 13 | x-a: 1 | x-a: 2 | x-a: 3 | (length) | ["1","2","3"]'],
  },
  "setHeaders() has Headers or a Map": {
    ...gets("set_headers"),
    expect: [
      '200 OK | a: 1 | content-length: 22 | d: 4 | set-cookie: b=2 | set-cookie: c=3 | (length) | "ERR_INVALID_ARG_TYPE"',
    ],
  },
  "several cookies are several fields": {
    ...gets("cookies"),
    expect: ["200 OK | content-length: 7 | set-cookie: a=1 | set-cookie: b=2 | (length) | cookies"],
  },
  "sendDate leaves the date out": {
    ...gets("no_date"),
    expect: ["200 OK | content-length: 8 | (no date) | (length) | timeless"],
    here: ["200 OK | content-length: 8 | (length) | timeless"],
    why: DATE,
  },
  "a date of the program's own stays": {
    ...gets("own_date"),
    expect: ["200 OK | content-length: 29 | (length) | Thu, 01 Jan 1970 00:00:00 GMT"],
  },
  "fields that were removed stay away": {
    ...gets("removed"),
    expect: ["200 OK | transfer-encoding: chunked | (no date) | (chunked) | chunks"],
    here: ["200 OK | content-length: 6 | (length) | chunks"],
    why: DATE,
  },
  "Connection: close ends the connection": {
    steps: [get("/close"), { reads: "response" }],
    expect: ["200 OK | connection: close | content-length: 4 | (length) | last", "end"],
  },
  "shouldKeepAlive ends the connection": {
    steps: [get("/no_keep_alive"), { reads: "response" }],
    expect: ["200 OK | connection: close | content-length: 4 | (length) | last", "end"],
  },
  "writeEarlyHints() sends 103 first": {
    steps: [get("/hints"), { reads: "response" }],
    expect: [
      "103 Early Hints | link: </a.css>; rel=preload | x-a: 1 | (none) | ",
      "200 OK | content-length: 6 | (length) | hinted",
    ],
  },
  "writeEarlyHints() has several links": {
    steps: [get("/many_hints"), { reads: "response" }],
    expect: [
      "103 Early Hints | link: </a.css>; rel=preload, </b.js>; rel=preload | (none) | ",
      "200 OK | content-length: 6 | (length) | hinted",
    ],
  },
  "writeProcessing() sends 102 first": {
    steps: [get("/processing"), { reads: "response" }],
    expect: ["102 Processing | (none) | ", "200 OK | content-length: 4 | (length) | done"],
  },
  "flushHeaders() sends the head before the body": {
    steps: [{ send: request("POST", "/flush", "Content-Length: 3") + "a", reads: "head" }, {
      send: "bc",
      reads: "nothing",
    }, { reads: "rest" }],
    expect: [
      "200 OK | content-type: text/plain | transfer-encoding: chunked | (chunked)",
      "200 OK | content-type: text/plain | transfer-encoding: chunked | (chunked) | abc true",
    ],
  },
};

const BODIES: Readonly<Record<string, Situation>> = {
  "end() with text has its length": {
    ...gets("length"),
    expect: ["200 OK | content-length: 6 | (length) | héllo"],
  },
  "end() with a Buffer has its length": {
    ...gets("buffer"),
    expect: ["200 OK | content-length: 6 | (length) | buffer"],
  },
  "end() with bytes has their length": {
    ...gets("bytes"),
    expect: ["200 OK | content-length: 5 | (length) | bytes"],
  },
  "text is written in an encoding": {
    ...gets("encodings"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | hex base64 �"],
  },
  "a body that is written before it ends has chunks": {
    ...gets("chunks"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | one two"],
  },
  "a body that is written has the program's own length": {
    ...gets("own_length"),
    expect: ["200 OK | content-length: 7 | (length) | one two"],
  },
  "end() without a body has the length 0": {
    ...gets("empty"),
    expect: ["200 OK | content-length: 0 | (length) | "],
  },
  "an empty part is no end": {
    ...gets("empty_write"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | after nothing"],
    here: ["200 OK | content-length: 13 | (length) | after nothing"],
    why: WHOLE,
  },
  "a body has chunks where the program names them": {
    ...gets("own_chunked"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | chunked"],
  },
  "204 has no body, and keeps the connection": {
    steps: [get("/no_content"), get("/echo")],
    expect: [
      "204 No Content | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
  },
  "304 has no body, and keeps the connection": {
    steps: [get("/not_modified"), get("/echo")],
    expect: [
      '304 Not Modified | etag: "a" | (none) | ',
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
  },
  "304 has no chunks either": {
    steps: [get("/not_modified_chunked"), get("/echo")],
    expect: [
      "304 Not Modified | connection: close | transfer-encoding: chunked | (none) | ",
      "end",
    ],
    here: [
      "304 Not Modified | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    why:
      "a response without a body has no transfer coding, and the connection stays (RFC 9112, section 6.1)",
  },
  "HEAD has the length of the body that it leaves out": {
    steps: [request("HEAD", "/length"), get("/echo")],
    expect: [
      "200 OK | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    here: [
      "200 OK | content-length: 6 | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    why: HEAD,
  },
  "HEAD has the length that the program names": {
    steps: [request("HEAD", "/head_length"), get("/echo")],
    expect: [
      "200 OK | content-length: 1234 | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
  },
  "HEAD leaves out a body that is written": {
    steps: [request("HEAD", "/chunks"), get("/echo")],
    expect: [
      "200 OK | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    here: [
      "200 OK | transfer-encoding: chunked | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    why: HEAD,
  },
  "HEAD leaves out a body that is piped": {
    steps: [request("HEAD", "/streamed"), get("/echo")],
    expect: [
      "200 OK | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    here: [
      "200 OK | transfer-encoding: chunked | (none) | ",
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
    why: HEAD,
  },
  "callbacks of write() and end() are called in order, before close": {
    steps: [get("/written"), seen("written")],
    expect: [
      "200 OK | transfer-encoding: chunked | (chunked) | abc",
      '["prefinish","first","second","finish","end"]',
    ],
  },
  "write() and end() refuse what is neither text nor bytes": {
    ...gets("bad_writes"),
    expect: [
      '200 OK | content-length: 164 | (length) | ["ERR_STREAM_NULL_VALUES","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE","ERR_INVALID_ARG_TYPE"]',
    ],
  },
  "write() after end() fails": {
    steps: [get("/write_after_end"), seen("write_after_end")],
    expect: [
      "200 OK | content-length: 5 | (length) | ended",
      '[false,"ERR_STREAM_WRITE_AFTER_END","event ERR_STREAM_WRITE_AFTER_END"]',
    ],
    here: ["200 OK | content-length: 5 | (length) | ended", '[false,"ERR_STREAM_WRITE_AFTER_END"]'],
    why: "the response is closed by then, and a closed one emits no error",
  },
  "end() after end() fails": {
    steps: [get("/end_twice"), seen("end_twice")],
    expect: [
      "200 OK | content-length: 4 | (length) | once",
      '[true,"ERR_STREAM_ALREADY_FINISHED","ERR_STREAM_ALREADY_FINISHED"]',
    ],
    here: ["200 OK | content-length: 4 | (length) | once", "[true,null,null]"],
    why: RUNTIME,
  },
  "a response shows whether it was begun, ended and finished": {
    steps: [get("/flags"), seen("flags")],
    expect: [
      "200 OK | transfer-encoding: chunked | (chunked) | a",
      "[[false,false,false,false],[true,false,false,false],[true,true,true,true],[true,true,true,true],[true,true]]",
    ],
    here: [
      "200 OK | content-length: 1 | (length) | a",
      "[[false,false,false,false],[true,false,false,false],[true,true,true,true],[true,true,true,true],[true,null]]",
    ],
    why: WHOLE,
  },
  "addTrailers() sends trailers after chunks, which the field Trailer announces": {
    ...gets("trailing"),
    expect: ["200 OK | trailer: X-Sum | transfer-encoding: chunked | (chunked) | with trailers"],
  },
  "a corked response sends nothing until it is uncorked": {
    ...gets("corked"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | one two 1 0"],
    here: ["200 OK | transfer-encoding: chunked | (chunked) | one two 1 1"],
    why: "the parts of one turn share a write always, so the runtime finds a corked socket",
  },
  "write() returns false when too much waits, and drain follows": {
    steps: [{ send: get("/drained"), reads: "head" }, { reads: "rest" }, seen("drained")],
    expect: [
      "200 OK | transfer-encoding: chunked | (chunked)",
      "200 OK | transfer-encoding: chunked | (chunked) | 1048576 x xxxxxxxxxxxxxxxxxxxx",
      "[false,true,false]",
    ],
  },
  "a stream is piped to a response": {
    ...gets("streamed"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | one two three"],
  },
  "finished() is called at the end of a response": {
    steps: [get("/stream_finished"), seen("stream_finished")],
    expect: ["200 OK | content-length: 8 | (length) | finished", '"no error"'],
  },
  "destroy() cuts a response off": {
    ...gets("cut"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | (cut) | begun"],
  },
  "the destroy() of a socket cuts a response off": {
    ...gets("socket_destroyed"),
    expect: ["200 OK | transfer-encoding: chunked | (chunked) | (cut) | begun"],
  },
  "a body that is shorter than its length keeps the client waiting": {
    steps: [{ send: get("/too_short", "Connection: close"), reads: "head" }, { reads: "rest" }],
    expect: [
      "200 OK | connection: close | content-length: 10 | (length)",
      "200 OK | connection: close | content-length: 10 | (length) | (cut) | short",
    ],
    here: [
      "200 OK | connection: close | content-length: 5 | (length)",
      "200 OK | connection: close | content-length: 5 | (length) | short",
    ],
    why: "a body that is whole has its own length, so no client waits for more",
  },
  "a response whose client leaves is closed, and fails to write": {
    steps: [{ send: get("/gone"), reads: "head" }, { leaves: true }, seen("gone")],
    expect: [
      "200 OK | transfer-encoding: chunked | (chunked)",
      '["close false true","ERR_STREAM_DESTROYED"]',
    ],
  },
  "a response closes after its request": {
    steps: [get("/both_close"), seen("both_close")],
    expect: [
      "200 OK | content-length: 4 | (length) | both",
      '["res finish","res close","req close"]',
    ],
  },
  "a response without a request is written to a stream": {
    ...gets("standalone"),
    expect: [
      "200 OK | content-length: 67 | (length) | HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nalone",
    ],
  },
};

const CONNECTIONS: Readonly<Record<string, Situation>> = {
  "requests that are pipelined are answered in order": {
    steps: [get("/slow") + get("/length") + post("/echo", "abc"), ...responses(3)],
    expect: [
      "200 OK | content-length: 4 | (length) | slow",
      "200 OK | content-length: 6 | (length) | héllo",
      '200 OK | content-length: 64 | (length) | {"method":"POST","url":"/echo","httpVersion":"1.1","body":"abc"}',
    ],
  },
  "a pipelined request after the last response is not answered": {
    steps: [get("/close") + get("/echo"), { reads: "response" }],
    expect: ["200 OK | connection: close | content-length: 4 | (length) | last", "end"],
  },
  "the server shows its address, its times and its limits": {
    ...gets("server"),
    expect: [
      '200 OK | content-length: 289 | (length) | {"times":{"timeout":0,"headersTimeout":60000,"requestTimeout":300000,"keepAliveTimeout":5000},"maxHeadersCount":null,"maxRequestsPerSocket":0,"listening":true,"address":"127.0.0.1","family":"IPv4","port":"number","hasConnections":true,"again":"ERR_SERVER_ALREADY_LISTEN","timeoutSet":true}',
    ],
  },
  "a socket closes when its client leaves": {
    steps: [{ leaves: true }, seen("socket_close")],
    expect: ['"closed true"'],
  },
  "Expect gets 100 before the body is sent": {
    steps: [request("POST", "/echo", "Content-Length: 3", "Expect: 100-continue"), "abc"],
    expect: [
      "100 Continue | (none) | ",
      '200 OK | content-length: 64 | (length) | {"method":"POST","url":"/echo","httpVersion":"1.1","body":"abc"}',
    ],
  },
  "checkContinue decides on the body": {
    server: "continues",
    steps: [request("POST", "/continued", "Content-Length: 3", "Expect: 100-continue"), "abc"],
    expect: ["100 Continue | (none) | ", "200 OK | content-length: 11 | (length) | checked abc"],
  },
  "checkContinue may refuse the body": {
    server: "continues",
    steps: [
      request("POST", "/refused", "Content-Length: 3", "Expect: 100-continue", "Connection: close"),
      { reads: "response" },
    ],
    expect: [
      "403 Forbidden | connection: close | transfer-encoding: chunked | (chunked) | refused",
      "end",
    ],
    here: ["403 Forbidden | connection: close | content-length: 7 | (length) | refused", "end"],
    why: WHOLE,
  },
  "checkContinue is not called without Expect": {
    server: "continues",
    ...gets("continued"),
    expect: ["200 OK | content-length: 7 | (length) | request"],
  },
  "another expectation gets 417": {
    ...gets("echo", "Expect: something"),
    expect: ["417 Expectation Failed | transfer-encoding: chunked | (chunked) | "],
    here: [
      "417 Expectation Failed | content-length: 84 | content-type: text/plain; charset=utf-8 | (length) | 417 Expectation Failed: The only expectation that this server meets is 100-continue\n",
    ],
    why: ENGINE,
  },
  "another expectation reaches checkExpectation": {
    server: "expects",
    steps: [get("/echo", "Expect: something"), get("/echo")],
    expect: [
      "417 Expectation Failed | content-length: 7 | (length) | checked",
      "200 OK | content-length: 7 | (length) | request",
    ],
  },
  "a request that checkExpectation gets has its body": {
    server: "expects",
    steps: [request("POST", "/read", "Content-Length: 3", "Expect: something") + "abc", get("/")],
    expect: [
      "200 OK | content-length: 11 | (length) | checked abc",
      "200 OK | content-length: 7 | (length) | request",
    ],
  },
  "a server calls each of its listeners": {
    server: "two_listeners",
    ...gets(""),
    expect: ["200 OK | content-length: 6 | x-first: 1 | (length) | second"],
  },
  "a server makes requests and responses of the program's own classes": {
    server: "own_classes",
    ...gets(""),
    expect: ["200 OK | content-length: 7 | x-own: yes | (length) | own GET"],
  },
  "upgrade gets the socket": {
    server: "upgrades",
    steps: [
      { send: get("/", "Connection: Upgrade", "Upgrade: echo"), reads: "head" },
      { send: "second", reads: "nothing" },
      { reads: "end" },
    ],
    expect: [
      "101 Switching Protocols | connection: Upgrade | upgrade: echo | (none)",
      "echo  second",
    ],
  },
  "Upgrade without a listener is a request": {
    ...gets("echo", "Connection: Upgrade", "Upgrade: websocket"),
    expect: [
      '200 OK | content-length: 60 | (length) | {"method":"GET","url":"/echo","httpVersion":"1.1","body":""}',
    ],
  },
  "CONNECT without a listener ends the connection": {
    steps: [raw("CONNECT a:1 HTTP/1.1", "Host: a:1")],
    expect: ["end"],
    here: [
      "501 Not Implemented | connection: close | content-length: 70 | content-type: text/plain; charset=utf-8 | (length) | 501 Not Implemented: CONNECT is for proxies, which this server is not\n",
    ],
    why: "it is for proxies",
  },
  "a server with few requests for a connection refuses more": {
    server: "few_requests",
    steps: [get("/"), get("/"), get("/")],
    expect: [
      "200 OK | content-length: 7 | (length) | request",
      "200 OK | connection: close | content-length: 7 | (length) | request",
      "503 Service Unavailable | connection: close | transfer-encoding: chunked | (chunked) | ",
    ],
    here: [
      "200 OK | content-length: 7 | (length) | request",
      "200 OK | connection: close | content-length: 7 | (length) | request",
      "end",
    ],
    why: "the connection ends after the response that announces its end",
  },
};

const BAD_INPUT: Readonly<Record<string, Situation>> = {
  "a request line that is none gets 400": {
    steps: ["hello\r\n\r\n", { reads: "response" }],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | ", "end"],
    here: [
      "400 Bad Request | connection: close | content-length: 64 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: The method is not a token, or too long for one\n",
      "end",
    ],
    why: ENGINE,
  },
  "a target with a quotation mark reaches the listener": {
    steps: [get('/a"b', "Connection: close")],
    expect: ['200 OK | connection: close | content-length: 15 | (length) | {"url":"/a\\"b"}'],
    here: [
      "400 Bad Request | connection: close | content-length: 106 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: The request target is empty, or holds a byte or an encoded NUL that may not stand in one\n",
    ],
    why: ENGINE,
  },
  "a field name with a space gets 400": {
    steps: [raw("GET / HTTP/1.1", "Host: a", "a b: c")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 95 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: A header name is empty, is not a token, or is not followed by a colon at once\n",
    ],
    why: ENGINE,
  },
  "a field without a colon gets 400": {
    steps: [raw("GET / HTTP/1.1", "Host: a", "abc")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 95 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: A header name is empty, is not a token, or is not followed by a colon at once\n",
    ],
    why: ENGINE,
  },
  "a field value with a control byte gets 400": {
    steps: [raw("GET / HTTP/1.1", "Host: a", "a: \u0001")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 71 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: A header value holds a byte that may not stand in one\n",
    ],
    why: ENGINE,
  },
  "a line that ends with CR alone gets 400": {
    steps: [raw("GET / HTTP/1.1", "Host: a\ra: b")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 45 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: A line does not end in CRLF\n",
    ],
    why: ENGINE,
  },
  "a line that ends with LF alone gets 400": {
    steps: ["GET /echo HTTP/1.1\nHost: a\nConnection: close\n\n"],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 75 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: The request line does not end in an HTTP version and CRLF\n",
    ],
    why: ENGINE,
  },
  "HTTP/1.1 without Host gets 400": {
    steps: [raw("GET /echo HTTP/1.1", "Connection: close")],
    expect: ["400 Bad Request | connection: close | transfer-encoding: chunked | (chunked) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 44 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: The Host header is missing\n",
    ],
    why: ENGINE,
  },
  "two lengths get 400": {
    steps: [request("POST", "/echo", "Content-Length: 1", "Content-Length: 2") + "ab"],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 62 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: There is more than one Content-Length header\n",
    ],
    why: ENGINE,
  },
  "a length and chunks get 400": {
    steps: [request("POST", "/echo", "Content-Length: 1", CHUNKED) + chunks("a")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 73 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: Content-Length and Transfer-Encoding do not go together\n",
    ],
    why: ENGINE,
  },
  "a transfer coding that does not end with chunks gets 400": {
    steps: [request("POST", "/echo", "Transfer-Encoding: chunked, gzip") + chunks("a")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 85 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: Transfer-Encoding is malformed, or does not end in a single chunked\n",
    ],
    why: ENGINE,
  },
  "another transfer coding before chunks is not decoded": {
    steps: [
      request("POST", "/echo", "Transfer-Encoding: gzip, chunked", "Connection: close") +
      chunks("a"),
    ],
    expect: [
      '200 OK | connection: close | content-length: 62 | (length) | {"method":"POST","url":"/echo","httpVersion":"1.1","body":"a"}',
    ],
    here: [
      "501 Not Implemented | connection: close | content-length: 82 | content-type: text/plain; charset=utf-8 | (length) | 501 Not Implemented: The only transfer coding that this server decodes is chunked\n",
    ],
    why: "the listener would get a coded body for a plain one (RFC 9112, section 6.1)",
  },
  "chunks by two fields get 400": {
    steps: [request("POST", "/echo", CHUNKED, CHUNKED, "Connection: close") + chunks("a")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 85 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: Transfer-Encoding is malformed, or does not end in a single chunked\n",
    ],
    why: ENGINE,
  },
  "a length that is no number gets 400": {
    steps: [request("POST", "/echo", "Content-Length: 1x") + "a"],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 84 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: Content-Length is not a plain decimal number, or too large for one\n",
    ],
    why: ENGINE,
  },
  "a chunk size that is no number ends the connection": {
    steps: [request("POST", "/unread", CHUNKED, "Connection: close") + "x\r\n", {
      reads: "response",
    }],
    expect: ["200 OK | connection: close | content-length: 6 | (length) | unread", "end"],
    here: [
      "400 Bad Request | connection: close | content-length: 86 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: A chunk size is not a plain hexadecimal number, or too large for one\n",
      "end",
    ],
    why: ENGINE,
  },
  "clientError may answer": {
    server: "client_errors",
    steps: [
      get("/") + raw("GET / HTTP/1.1", "Host: a", "a b: c") + get("/"),
      { reads: "response" },
      { reads: "end" },
      seen("client_error"),
    ],
    expect: [
      "200 OK | content-length: 7 | (length) | request",
      "400 Bad Request | connection: close | content-length: 3 | (no date) | (length) | own",
      "",
      '"HPE_INVALID_HEADER_TOKEN"',
    ],
    here: [
      "200 OK | content-length: 7 | (length) | request",
      "400 Bad Request | connection: close | content-length: 3 | (length) | own",
      "",
      '"HPE_INVALID_HEADER_TOKEN"',
    ],
    why: "this server sends the response, with its date",
  },
  "a server with few fields drops the others": {
    server: "few_fields",
    steps: [get("/", "A: 1", "B: 2"), get("/", "A: 1", "B: 2", "C: 3", "D: 4")],
    expect: [
      "200 OK | content-length: 1 | (length) | 3",
      "200 OK | content-length: 1 | (length) | 3",
    ],
    here: [
      "200 OK | content-length: 1 | (length) | 3",
      "431 Request Header Fields Too Large | connection: close | content-length: 95 | content-type: text/plain; charset=utf-8 | (length) | 431 Request Header Fields Too Large: The request has more header fields than this server takes\n",
    ],
    why: "a field that is dropped may be one that protects something",
  },
  "a folded field gets 400": {
    steps: [raw("GET /headers HTTP/1.1", "Host: a", "x-a: b", " c", "Connection: close")],
    expect: ["400 Bad Request | connection: close | (no date) | (close) | "],
    here: [
      "400 Bad Request | connection: close | content-length: 55 | content-type: text/plain; charset=utf-8 | (length) | 400 Bad Request: A header line begins with white space\n",
    ],
    why: ENGINE,
  },
  "a head of 20 KiB gets 431": {
    steps: [get("/echo", `X-A: ${"x".repeat(20_000)}`)],
    expect: ["431 Request Header Fields Too Large | connection: close | (no date) | (close) | "],
    here: [
      "431 Request Header Fields Too Large | connection: close | content-length: 94 | content-type: text/plain; charset=utf-8 | (length) | 431 Request Header Fields Too Large: The head of the request is larger than this server takes\n",
    ],
    why: ENGINE,
  },
  "HTTP/2.0 reaches the listener": {
    steps: [raw("GET /echo HTTP/2.0", "Host: a", "Connection: close")],
    expect: [
      '200 OK | connection: close | (close) | {"method":"GET","url":"/echo","httpVersion":"2.0","body":""}',
    ],
    here: [
      "505 HTTP Version Not Supported | connection: close | content-length: 95 | content-type: text/plain; charset=utf-8 | (length) | 505 HTTP Version Not Supported: The only HTTP versions that this server speaks are 1.0 and 1.1\n",
    ],
    why: "it is another protocol",
  },
  "TRACE reaches the listener": {
    steps: [request("TRACE", "/length")],
    expect: ["200 OK | content-length: 6 | (length) | héllo"],
  },
};

export const NODE_SITUATIONS: Readonly<Record<string, Situation>> = {
  ...REQUESTS,
  ...HEADS,
  ...BODIES,
  ...CONNECTIONS,
  ...BAD_INPUT,
};
