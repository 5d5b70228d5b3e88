// Whatever a handler puts into the head of a response, its client gets one response: a 500, or one whose head is what it says.
// Over real sockets, Mudpie's own and those of a `Deno.serve` in which `server.fetch` is mounted; each server is a process of
// its own, because what goes wrong here can end one.
//
// `Deno.serve` alone is no control that could stand here as an assertion, because its fault may be mended any day. In Deno 2.9.6
//
//   Deno.serve(() => new Response("a", { headers: { "x-reflected": "a\x01b" } }))
//
// ends at its first request with "thread 'main' panicked at libs/http_h1/write.rs: invalid response header value", and
// everybody's connections with it: the platform's `Headers` refuse NUL, CR and LF alone, and the writer behind them all control
// characters. What is mounted there must never let one through.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { AppOptions } from "../support/servers/app.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient, type RawResponse, request } from "../support/clients/raw_client.ts";
import {
  HONEST_WAYS,
  HOSTILE_WAYS,
  OWN_FIELDS,
  RESPONSES,
  RESULTS,
} from "../support/requests/reflections.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const APP = new URL("../support/apps/reflects.ts", import.meta.url).pathname;

/** A server that survives its handlers' panics, so that thousands of them need no thousand workers. */
const OPTIONS: AppOptions = { server: { onPanic: "keep" }, run: { port: 0, workers: 1 } };

/** What can be in the head of a response here; anything else was brought in. */
const FIELDS = [
  "connection",
  "content-length",
  "content-type",
  "date",
  "location",
  "set-cookie",
  "vary",
  "x-reflected",
];

/** Everything that may stand in no field value: control characters but for the tab, and what fits no byte. */
const FORBIDDEN = [
  ...Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).filter((character) =>
    character !== "\t"
  ),
  "\x7f",
  "\u0100",
  // Their low bytes are CR, LF, NUL and DEL: a writer that cuts characters off to bytes would write these.
  "\u010d",
  "\u010a",
  "\u0d0a",
  "\u0200",
  "\u017f",
  "\u2028",
  "\u65e5",
  "\u{1f600}",
];

/** Attempts at a field, a body, or a response of their own. */
const INJECTIONS = [
  "a\r\nx-injected: 1",
  "a\nx-injected: 1",
  "a\rx-injected: 1",
  "a\r\n\r\n<script>",
  "a\r\n\r\nHTTP/1.1 200 OK\r\nx-injected: 1\r\ncontent-length: 0\r\n\r\n",
  "a\r\n x-injected: 1",
  "a\u010d\u010ax-injected: 1",
  "\r\nx-injected: 1",
  "\r\n\r\n",
  "\n\n",
];

/** The statuses of a way whose forbidden characters do not end in a 500, because they never get into the head. */
const HARMLESS: Record<string, number[]> = {
  // Control characters are refused, all others are percent-encoded.
  "WebResponse.redirect": [500, 302],
  "an HttpError's message": [400],
  // Text is made of a value once, and checked as the text that it is.
  "headers.set, two-faced": [200],
  "headers.append, two-faced": [200],
  "new WebResponse, two-faced": [200],
  // The response's own headers count, whatever somebody else says that they are.
  "an iterator of the headers": [200],
  "an iterator that throws": [200],
  "a subclass of WebResponse": [200],
  "a property named headers": [200],
  "a property named status": [200],
  // So it is with the platform's, as under Deno.serve.
  "an iterator of a plain Response": [200],
  "a subclass of Response": [200],
  "a plain Response's property named headers": [200],
  "a plain Response's property named status": [200],
  "a proxy of a Response": [200],
  // They change when the answer has been taken, or before that: either will do.
  "headers that change behind the answer": [200, 500],
};

/** The ways that put no value into a header; all the other honest ones give an honest value back as it was given. */
const WITHOUT_HEADER = ["an HttpError's message", "a plain Response, statusText"];

const PANIC = [500, "Internal Server Error"];

/** The head has nothing in it that was brought in. */
function assertClean({ headers, status, text }: RawResponse, what: string): void {
  for (const [name, value] of headers) {
    assert(FIELDS.includes(name), `${what}: the field ${JSON.stringify(name)} was brought in`);
    // deno-lint-ignore no-control-regex
    assertMatch(value, /^[^\0-\x08\x0a-\x1f\x7f]*$/, what);
  }
  if (status === 500) assertEquals([status, text], PANIC, what);
}

/** Responses whose status no answer can have: an interim one, one that switches protocols, or no status at all. */
const NO_RESPONSES = Object.keys(RESPONSES).filter((name) =>
  !/-(204|205|304)$/.test(name) && name.includes("-") && !name.startsWith("forged-")
);

/** Responses that only seem to have another status. */
const FORGED = Object.keys(RESPONSES).filter((name) => name.startsWith("forged-"));

interface Served {
  readonly program: Program;
  readonly port: number;
}

const SERVERS: Record<string, () => Promise<Served>> = {
  "a server over its own socket": async () => {
    const program = Program.deno(["run", "-A", APP, JSON.stringify(OPTIONS)]);
    return { program, port: (await program.listening()).port };
  },
  "a server that is mounted in Deno.serve": async () => {
    const program = Program.deno(["run", "-A", APP, JSON.stringify(OPTIONS), "Deno.serve"]);
    const [, port] = await program.stdout.find(/^port (\d+)$/);
    return { program, port: Number(port) };
  },
};

for (const [name, start] of Object.entries(SERVERS)) {
  describe(name, { ignore: !CAN_START_PROGRAMS }, () => {
    let program: Program;
    let port: number;
    const connect = () => RawClient.connect(port);
    beforeAll(async () => {
      ({ program, port } = await start());
    });
    afterAll(() => program?.[Symbol.asyncDispose]());

    /** Asks for all of them at once on one connection; each must have one answer, and the connection must end behind the last. */
    async function askAll(requests: readonly string[]): Promise<RawResponse[]> {
      using client = await connect();
      await client.send(requests.join("") + get("/well", "Connection: close"));
      const responses: RawResponse[] = [];
      for (const one of requests) {
        responses.push(await client.readResponse(one.startsWith("HEAD ")));
      }
      assertEquals((await client.readResponse()).text, "well");
      await client.assertEnded();
      return responses;
    }

    const asking = (way: string, value: string, method = "GET") =>
      request(method, `/way/${encodeURIComponent(way)}?value=${encodeURIComponent(value)}`);

    for (const way of Object.keys({ ...HONEST_WAYS, ...HOSTILE_WAYS })) {
      it(`splits no response that reflects a value by ${way}`, async () => {
        const expected = HARMLESS[way] ?? [500];
        const values = FORBIDDEN.map((character) => `a${character}b`);
        const responses = await askAll(values.map((value) => asking(way, value)));
        for (const [index, response] of responses.entries()) {
          const value = JSON.stringify(values[index]);
          assertClean(response, value);
          assert(
            expected.includes(response.status),
            `${value}: ${response.status} in the place of ${expected.join(" or ")}`,
          );
        }
      });

      it(`splits no response that reflects lines by ${way}`, async () => {
        for (const method of ["GET", "HEAD"]) {
          const responses = await askAll(INJECTIONS.map((value) => asking(way, value, method)));
          for (const [index, { headers, status, text }] of responses.entries()) {
            const what = `${method}, ${JSON.stringify(INJECTIONS[index])}`;
            const body = method === "HEAD" ? "Internal Server Error" : text;
            assertClean({ headers, status, text: body } as RawResponse, what);
          }
        }
      });
    }

    for (const way of Object.keys(HONEST_WAYS)) {
      if (WITHOUT_HEADER.includes(way)) continue;
      it(`reflects an honest value by ${way}`, async () => {
        const isName = way.endsWith(" name");
        const value = isName ? "x-honest" : "honest";
        const [{ headers, status }] = await askAll([asking(way, value)]);
        assert(status !== 500);
        assert(
          [...headers].flat().some((text) => text.includes("honest")),
          JSON.stringify([...headers]),
        );
      });
    }

    /** A response over this way of being mounted: as a handler's, and as a fetch-style application's. */
    const both = (response: string) => [`/response/${response}`, `/fetched/${response}`];

    for (const response of ["text", "set", "prototype", "plain", "stream", "error"]) {
      it(`says itself how long a response is, and what becomes of the connection (${response})`, async () => {
        const targets = both(response);
        const got = await askAll(targets.map((target) => get(target)));
        const heads = await askAll(targets.map((target) => request("HEAD", target)));
        for (const { status, headers, text } of got) {
          // A field that is there twice would be joined.
          assertEquals([status, headers.get("content-length"), text], [
            response === "error" ? 404 : 200,
            "4",
            "body",
          ]);
        }
        for (const { status, headers } of [...got, ...heads]) {
          assertEquals([status, headers.get("content-length")], [got[0].status, "4"]);
          const date = headers.get("date") ?? "";
          assertEquals(new Date(date).toUTCString(), date);
          for (const field of OWN_FIELDS.map(([field]) => field.toLowerCase())) {
            if (field === "content-length" || field === "date") continue;
            assertEquals(headers.get(field), null, field);
          }
        }
      });
    }

    for (const status of [204, 205, 304]) {
      for (const response of [`web-${status}`, `plain-${status}`]) {
        it(`sends no body with ${status}, whatever the handler says (${response})`, async () => {
          const targets = both(response);
          const got = await askAll([
            ...targets.map((target) => get(target)),
            ...targets.map((target) => request("HEAD", target)),
          ]);
          for (const { headers, ...response } of got) {
            assertEquals(response.status, status);
            const lengths = status === 205 ? ["0", null] : [null];
            assert(lengths.includes(headers.get("content-length")));
            assertEquals(headers.get("transfer-encoding"), null);
          }
        });
      }
    }

    for (const response of FORGED) {
      it(`answers with a response's own status, whatever a property says (${response})`, async () => {
        const got = await askAll(both(response).map((target) => get(target)));
        for (const { status, text } of got) assertEquals([status, text], [200, "body"]);
      });
    }

    for (const response of NO_RESPONSES) {
      it(`answers 500 for a status that no answer has (${response})`, async () => {
        const got = await askAll(both(response).map((target) => get(target)));
        for (const { status, text } of got) assertEquals([status, text], PANIC);
        const heads = await askAll(both(response).map((target) => request("HEAD", target)));
        for (const { status, headers } of heads) {
          assertEquals([status, headers.get("content-length")], [500, "21"]);
        }
      });
    }

    for (const type of Object.keys(RESULTS)) {
      it(`answers 500 for a handler that returns a value of type ${type}, and logs which`, async () => {
        const targets = [`/result/${type}`, `/result/${type}/later`];
        const got = await askAll(targets.map((target) => get(target)));
        for (const { status, text } of got) assertEquals([status, text], PANIC);
        const heads = await askAll(targets.map((target) => request("HEAD", target)));
        for (const { status, headers } of heads) {
          assertEquals([status, headers.get("content-length")], [500, "21"]);
        }
        for (const method of ["GET", "HEAD"]) {
          for (const target of targets) {
            await program.stderr.find(
              new RegExp(
                `panic in ${method} ${target}: TypeError: The handler of ${method} "${target}" ` +
                  `returned a value of type ${type}: it must return a WebResponse or a Response`,
              ),
            );
          }
        }
      });
    }

    it("answers a HEAD with the head of the GET, be it a panic, an HttpError, or no route", async () => {
      const targets = ["/panic", "/error", "/nowhere", "/well"];
      const got = await askAll(targets.map((target) => get(target)));
      const heads = await askAll(targets.map((target) => request("HEAD", target)));
      const summary = ({ status, headers }: RawResponse) => [
        status,
        headers.get("content-length"),
        headers.get("content-type"),
      ];
      assertEquals(got.map(({ status }) => status), [500, 404, 404, 200]);
      assertEquals(heads.map(summary), got.map(summary));
    });

    it("has logged the panics of its handlers, and no failure of its own", async () => {
      // Each names the request and the field.
      await program.stderr.find(/panic in GET \/way\/headers\.set\?value=a%01b: .*"x-reflected"/);
      assertEquals(
        program.stderr.all.filter((line) => /server itself|[Uu]ncaught|^error:/.test(line)),
        [],
      );
    });
  });
}

describe("the refusal of a HEAD, over its own socket", { ignore: !CAN_START_PROGRAMS }, () => {
  let program: Program;
  let port: number;
  beforeAll(async () => {
    ({ program, port } = await SERVERS["a server over its own socket"]());
  });
  afterAll(() => program?.[Symbol.asyncDispose]());

  const fields = Array.from({ length: 101 }, (_, index) => `X-${index}: a`);
  const refusals: { what: string; sent: string; status: number }[] = [
    { what: "no Host", sent: "HEAD / HTTP/1.1\r\n\r\n", status: 400 },
    { what: "a Host that is none", sent: "HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n", status: 400 },
    { what: "a target that is none", sent: request("HEAD", "well"), status: 400 },
    { what: "a control character in its target", sent: request("HEAD", "/\x01"), status: 400 },
    { what: "a bare LF behind its version", sent: "HEAD / HTTP/1.1\n", status: 400 },
    { what: "a space before a colon", sent: request("HEAD", "/", "A : b"), status: 400 },
    { what: "a folded line", sent: request("HEAD", "/", "A: b", " c"), status: 400 },
    {
      what: "a length and a transfer coding",
      sent: request("HEAD", "/", "Content-Length: 1", "Transfer-Encoding: chunked"),
      status: 400,
    },
    {
      what: "a chunk size that is none",
      sent: request("HEAD", "/", "Transfer-Encoding: chunked") + "x\r\n",
      status: 400,
    },
    {
      what: "a body that is declared too large",
      sent: request("HEAD", "/", "Content-Length: 1000001"),
      status: 413,
    },
    {
      what: "a chunk that is too large",
      sent: request("HEAD", "/", "Transfer-Encoding: chunked") + "fffff\r\n",
      status: 413,
    },
    {
      what: "a target that is too long",
      sent: request("HEAD", "/" + "a".repeat(9_000)),
      status: 414,
    },
    { what: "too many fields", sent: request("HEAD", "/", ...fields), status: 431 },
    {
      what: "a field that is too long",
      sent: request("HEAD", "/", "A: " + "a".repeat(17_000)),
      status: 431,
    },
    {
      what: "an unknown transfer coding",
      sent: request("HEAD", "/", "Transfer-Encoding: gzip"),
      status: 501,
    },
    { what: "HTTP/2.0", sent: "HEAD / HTTP/2.0\r\nHost: a\r\n\r\n", status: 505 },
  ];
  for (const { what, sent, status } of refusals) {
    it(`the refusal of a HEAD with ${what} has a length and no body`, async () => {
      using client = await RawClient.connect(port);
      await client.send(sent + get("/well"));
      const text = await client.readToEnd();
      const head = /^HTTP\/1\.1 (\d+) [^\r\n]*\r\n(?:[^\r\n]+\r\n)+\r\n$/.exec(text);
      assert(head !== null, `not one head and nothing else: ${JSON.stringify(text)}`);
      assertEquals(Number(head[1]), status);
      assertMatch(text, /\r\nContent-Length: [1-9]\d*\r\n/);
      assertMatch(text, /\r\nConnection: close\r\n/);
    });
  }

  it("the refusal of a HEAD that expects what there is not has a length and no body, and the connection stays", async () => {
    using client = await RawClient.connect(port);
    await client.send(request("HEAD", "/well", "Expect: miracles") + get("/well"));
    const { status, headers } = await client.readResponse(true);
    assertEquals(status, 417);
    assert(Number(headers.get("content-length")) > 0);
    assertEquals((await client.readResponse()).text, "well");
  });

  it("the refusal of a HEAD that ends in its middle has a length and no body", async () => {
    using client = await RawClient.connect(port);
    await client.send("HEAD / HTTP/1.1\r\nHost: a");
    await client.closeWrite();
    const { status, headers } = await client.readResponse(true);
    assertEquals(status, 400);
    assert(Number(headers.get("content-length")) > 0);
    await client.assertEnded();
  });
});

describe("a response that wants its connection closed", { ignore: !CAN_START_PROGRAMS }, () => {
  it("a response that wants its connection closed is the last one, and says so once", async () => {
    const { program, port } = await SERVERS["a server over its own socket"]();
    await using _program = program;
    using client = await RawClient.connect(port);
    await client.send(get("/response/close") + get("/well"));
    const { status, headers, text } = await client.readResponse();
    assertEquals([status, headers.get("connection"), text], [200, "close", "body"]);
    await client.assertEnded();
  });
});
