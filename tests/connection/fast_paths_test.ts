// Every fast path on the way of a request, held against the general way to the same answer: a fast path may skip work, never hold
// an opinion of its own. The general way is the slowest that there is: a connection for each request, its bytes one by one, a
// handler that really waits, headers that were asked for, and writes that stop after a few bytes. Then the same requests go the
// fast ways, and every answer must be the same to the byte, but for the case of field names, which `Headers` does not keep.
//
// Fast paths that are functions of their own have such a test beside their other ones: isPlainHost() and isHost(), parseQuery() and
// the platform's, writing by template and by field, short texts and encodeInto(), the router and its model.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler } from "../../src/fetch/fetch_handler.ts";
import type { Handler } from "../../src/handler/handler.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { ByteConn, type Network } from "../fuzz/byte_conn.ts";
import { nextTurn, serve } from "../fuzz/served.ts";
import { byteByByte, bytesOf, whole } from "../http1/reading.ts";
import { size } from "../support/runs.ts";

/** How many turns of the event loop a connection may take: a byte takes one where reads wait for it. */
const MAX_TURNS = 100_000;

const BROWSER_FIELDS = "Host: www.example.com\r\nConnection: keep-alive\r\n" +
  'sec-ch-ua: "Chromium";v="124"\r\nsec-ch-ua-mobile: ?0\r\nUpgrade-Insecure-Requests: 1\r\n' +
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,*/*;q=0.8\r\n" +
  "Accept-Encoding: gzip, deflate, br\r\nCookie: theme=dark; sid=abcdef; lang=en\r\n\r\n";

/** Requests that take the fast paths, and those that look nearly the same and must not. */
const REQUESTS = [
  "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n",
  "GET /hello HTTP/1.1\r\nHost:127.0.0.1\r\n\r\n",
  "GET /hello HTTP/1.1\r\nHost: \ta \t\r\nX-Empty:\r\nX-Spaces:  \r\n\r\n",
  "GET /hello HTTP/1.1\r\nhOST: [::1]:80\r\nX-Tab:\tb\r\n\r\n",
  "GET /hello HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
  "GET /hello HTTP/1.7\r\nHost: a\r\nX-Version: 7\r\n\r\n",
  "\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
  `GET /users/42/posts?page=3&sort=new HTTP/1.1\r\n${BROWSER_FIELDS}`,
  "GET /users/%41%2Fb/posts?page=%33+4&&x HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a/./b/../c/d?q=.%2e\\ HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://a/absolute?b HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /? HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive, x\r\n\r\n",
  "GETS /hello HTTP/1.1\r\nHost: a\r\n\r\n",
  "get /hello HTTP/1.1\r\nHost: a\r\n\r\n",
  "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /latin HTTP/1.1\r\nHost: a\r\nX-Text: caf\xe9\r\nX-Text: again\r\n\r\n",
  "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n" +
  '{"a":"caf\xc3\xa9"'.slice(0, 12),
  `POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n${"x".repeat(5_000)}`,
  "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
];

/** All that a handler can see of a request, as text. */
function reflect(req: WebRequest): string {
  const { method, target, path, rest } = req;
  return JSON.stringify({
    method,
    target,
    path,
    rest,
    query: [...req.query],
    headers: [...req.headers],
    host: req.header("host"),
    cookie: req.header("Cookie"),
    body: req.text(),
  });
}

const PLAIN_TEXT = { "Content-Type": "text/plain; charset=utf-8" };

/** The ways in which a handler can answer, which come to the same answer. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  "at once": (req) => WebResponse.text(reflect(req)),
  "in a promise": async (req) => {
    await undefined;
    return WebResponse.text(reflect(req));
  },
  "after a turn of the event loop": async (req) => {
    await nextTurn();
    return WebResponse.text(reflect(req));
  },
  "with headers that were asked for": (req) => {
    const response = WebResponse.text(reflect(req));
    response.headers.set("content-type", "text/plain; charset=utf-8");
    return response;
  },
  "with bytes": (req) =>
    new WebResponse(new TextEncoder().encode(reflect(req)), {
      headers: PLAIN_TEXT,
    }),
  "with a platform response": (req) => new Response(reflect(req), { headers: PLAIN_TEXT }),
  "by an application that fetches": (req) =>
    fetchHandler(() => new Response(reflect(req), { headers: PLAIN_TEXT }))(req),
};

const WHOLE_WRITES: Network = { readTurns: 0, writeTurns: 0, maxWriteBytes: Infinity };
const SHORT_WRITES: Network = { readTurns: 1, writeTurns: 1, maxWriteBytes: 7 };

/** The answers to what a client sends in these pieces, on one connection. */
async function answers(
  pieces: Iterable<Uint8Array>,
  handler: Handler,
  network: Network,
): Promise<string> {
  const client = new ByteConn(pieces, network);
  const served = serve(client, handler);
  client.end();
  assert(await served.ends(MAX_TURNS), "the connection goes on for ever");
  assertEquals(served.faults, []);
  assertEquals(served.panics, []);
  return client.output.replace(/^[\w-]+(?=: )/gm, (name) => name.toLowerCase());
}

/** The general way of one request. */
async function generalAnswer(request: string): Promise<string> {
  const handler: Handler = async (req) => {
    await nextTurn();
    const response = WebResponse.text(reflect(req));
    response.headers.set("content-type", "text/plain; charset=utf-8");
    return response;
  };
  return await answers(byteByByte(bytesOf(request)), handler, SHORT_WRITES);
}

const general = await Promise.all(REQUESTS.map(generalAnswer));

describe("The fast paths", () => {
  it("the general way answers every one of these requests, and each differently", () => {
    for (const [index, answer] of general.entries()) {
      assert(/^HTTP\/1\.1 20[04] /.test(answer), `${REQUESTS[index]} got ${answer}`);
    }
    assertEquals(new Set(general).size, REQUESTS.length);
  });

  for (const [how, handler] of Object.entries(HANDLERS)) {
    it(`they come to the answers of the general way, each request alone, answered ${how}`, async () => {
      for (const [index, request] of REQUESTS.entries()) {
        const answer = await answers(whole(bytesOf(request)), handler, WHOLE_WRITES);
        assertEquals(answer, general[index], request);
      }
    });

    it(`they come to the answers of the general way, all requests in one read, answered ${how}`, async () => {
      const output = await answers(whole(bytesOf(REQUESTS.join(""))), handler, WHOLE_WRITES);
      assertEquals(output, general.join(""));
    });

    it(`they come to the answers of the general way, each request in two reads, answered ${how}`, async () => {
      for (const request of REQUESTS) {
        const bytes = bytesOf(request + REQUESTS[0]);
        const expected = general[REQUESTS.indexOf(request)] + general[0];
        for (let at = 1; at < Math.min(bytes.length, 200); at += size(1, 19)) {
          const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
          assertEquals(await answers(pieces, handler, WHOLE_WRITES), expected, `${request} ${at}`);
        }
      }
    });
  }
});
