import {
  assert,
  assertEquals,
  assertFalse,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { setCookie } from "@std/http/cookie";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { WebResponse, type WebResponseInit, WebServer } from "../../mod.ts";
import { canUseNetwork } from "../support/permissions.ts";
import { standardErrorOf } from "../support/standard_error.ts";
import { runs } from "../support/runs.ts";

/** What a client of `fetch` gets when a handler answers so. */
async function sent(
  result: () => WebResponse | Response | Promise<WebResponse | Response>,
  init?: RequestInit,
): Promise<Response> {
  const server = new WebServer();
  server.addPath("/", result);
  return await server.fetch(new Request("http://localhost/", init));
}

/** What a client gets of a result that is a panic: a 500, and a line in the log. */
async function panicOf(
  result: () => WebResponse | Response | Promise<WebResponse | Response>,
): Promise<string> {
  let response: Response | undefined;
  const lines = await standardErrorOf(async () => response = await sent(result));
  assertEquals(response?.status, 500);
  assertEquals(await response?.text(), "Internal Server Error");
  assertEquals(lines.length, 1);
  return lines[0];
}

interface Maker {
  name: string;
  make: (init?: WebResponseInit) => WebResponse;
  contentType: string | null;
  body: string | Uint8Array | null;
}

const makers: Maker[] = [
  {
    name: "html()",
    make: (init) => WebResponse.html("<p>ü", init),
    contentType: "text/html; charset=utf-8",
    body: "<p>ü",
  },
  {
    name: "text()",
    make: (init) => WebResponse.text("ü", init),
    contentType: "text/plain; charset=utf-8",
    body: "ü",
  },
  {
    name: "json()",
    make: (init) => WebResponse.json({ a: [1, "ü"] }, init),
    contentType: "application/json",
    body: '{"a":[1,"ü"]}',
  },
  {
    name: "bytes()",
    make: (init) => WebResponse.bytes(Uint8Array.of(0, 255), init),
    contentType: "application/octet-stream",
    body: Uint8Array.of(0, 255),
  },
  {
    name: "constructor, with text,",
    make: (init) => new WebResponse("ü", init),
    contentType: "text/plain; charset=utf-8",
    body: "ü",
  },
  {
    name: "constructor, with bytes,",
    make: (init) => new WebResponse(Uint8Array.of(1), init),
    contentType: null,
    body: Uint8Array.of(1),
  },
  {
    name: "constructor, with nothing,",
    make: (init) => new WebResponse(null, init),
    contentType: null,
    body: null,
  },
];

for (const { name, make, contentType, body } of makers) {
  describe(`WebResponse ${name}`, () => {
    it("makes a 200 with that body and its content type", async () => {
      const response = make();
      assertEquals(response.status, 200);
      assertEquals(response.body, body);
      assertEquals(response.headers.get("content-type"), contentType);

      const received = await sent(() => make());
      assertEquals(received.status, 200);
      assertEquals(received.headers.get("content-type"), contentType);
      const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
      assertEquals(await received.bytes(), bytes ?? new Uint8Array(0));
    });

    it("takes another status, and headers", async () => {
      const init = { status: 201, headers: { "X-A": "1", location: "/a" } };
      const received = await sent(() => make(init));
      assertEquals(received.status, 201);
      assertEquals(received.headers.get("x-a"), "1");
      assertEquals(received.headers.get("location"), "/a");
      assertEquals(received.headers.get("content-type"), contentType);
    });

    for (const field of ["content-type", "Content-Type", "CONTENT-TYPE", "cOnTeNt-TyPe"]) {
      it(`has the content type of ${field} among the headers`, async () => {
        const init = { headers: { [field]: "text/x-own" } };
        assertEquals(make(init).headers.get("content-type"), "text/x-own");
        const received = await sent(() => make(init));
        assertEquals(received.headers.get("content-type"), "text/x-own");
      });
    }

    it("has the content type that is set afterwards, or none", async () => {
      const received = await sent(() => {
        const response = make();
        response.headers.set("Content-Type", "text/x-own");
        return response;
      });
      assertEquals(received.headers.get("content-type"), "text/x-own");
      const bare = await sent(() => {
        const response = make();
        response.headers.delete("content-type");
        return response;
      });
      assertEquals(bare.headers.get("content-type"), null);
    });

    it("throws for a status that is none, and for a header that may not be sent", () => {
      assertThrows(() => make({ status: 600 }), RangeError);
      assertThrows(() => make({ headers: { "x-a": "a\r\nb: c" } }), TypeError, "x-a");
    });
  });
}

describe("new WebResponse()", () => {
  it("takes the content type from the headers alone", () => {
    // @ts-expect-error: there is no third argument
    const response = new WebResponse("a", {}, "text/x-own");
    assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
  });
});

describe("WebResponse.status", () => {
  for (const status of [200, 201, 204, 299, 304, 418, 500, 599]) {
    it(`may be ${status}`, () => {
      assertEquals(new WebResponse(null, { status }).status, status);
    });
  }
  for (
    const status of [0, 1, 99, 100, 101, 199, 600, 999, -200, 200.5, NaN, Infinity, "200", null]
  ) {
    it(`may not be ${JSON.stringify(status)} (${status})`, () => {
      const init = { status: status as number };
      const { message } = assertThrows(() => new WebResponse(null, init), RangeError);
      assertStringIncludes(message, String(status));
      assertStringIncludes(message, "200 to 599");
    });
  }
});

describe("WebResponse.body", () => {
  it("is the bytes of an ArrayBuffer", () => {
    assertEquals(WebResponse.bytes(Uint8Array.of(1, 2).buffer).body, Uint8Array.of(1, 2));
  });

  it("is the bytes of a part of a buffer", async () => {
    const part = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
    const received = await sent(() => WebResponse.bytes(part));
    assertEquals(await received.bytes(), Uint8Array.of(2, 3));
  });

  it("is sent as UTF-8, with U+FFFD for half of a pair", async () => {
    const received = await sent(() => WebResponse.text("日\ud800"));
    assertEquals(await received.text(), "日\ufffd");
  });

  it("may be empty", async () => {
    assertEquals(await (await sent(() => WebResponse.text(""))).text(), "");
    assertEquals(
      (await (await sent(() => WebResponse.bytes(new Uint8Array(0)))).bytes()).length,
      0,
    );
  });

  const badBodies: { type: string; body: unknown }[] = [
    { type: "number", body: 7 },
    { type: "boolean", body: true },
    { type: "Object", body: { a: 1 } },
    { type: "Array", body: ["a"] },
    { type: "Blob", body: new Blob(["a"]) },
    { type: "URLSearchParams", body: new URLSearchParams("a=1") },
    { type: "FormData", body: new FormData() },
    { type: "Map", body: new Map() },
    { type: "Uint16Array", body: new Uint16Array(1) },
    { type: "DataView", body: new DataView(new ArrayBuffer(1)) },
  ];
  for (const { type, body } of badBodies) {
    it(`may not be a ${type}, which the message names`, () => {
      const { message } = assertThrows(() => new WebResponse(body as string), TypeError);
      assertStringIncludes(message, type);
      assertStringIncludes(message, "Uint8Array");
    });
  }

  for (const status of [204, 205, 304]) {
    it(`is not sent with ${status}`, async () => {
      const received = await sent(() => WebResponse.text("abc", { status }));
      assertEquals([received.status, await received.text()], [status, ""]);
    });
  }

  it("can be sent again by the same response", async () => {
    const response = WebResponse.text("again", { headers: { "x-a": "1" } });
    for (let i = 0; i < 3; i++) {
      const received = await sent(() => response);
      assertEquals([await received.text(), received.headers.get("x-a")], ["again", "1"]);
    }
  });
});

describe("WebResponse.json()", () => {
  const values: { value: unknown; text: string }[] = [
    { value: null, text: "null" },
    { value: "a", text: '"a"' },
    { value: 0, text: "0" },
    { value: [undefined], text: "[null]" },
    { value: { a: undefined }, text: "{}" },
    { value: new Date(0), text: '"1970-01-01T00:00:00.000Z"' },
  ];
  for (const { value, text } of values) {
    it(`sends ${text}`, () => {
      assertEquals(WebResponse.json(value).body, text);
    });
  }

  const cycle: unknown[] = [];
  cycle.push(cycle);
  const noJson: { what: string; value: unknown }[] = [
    { what: "undefined", value: undefined },
    { what: "a function", value: () => {} },
    { what: "a symbol", value: Symbol("a") },
    { what: "what says that it is nothing", value: { toJSON: () => undefined } },
    { what: "a BigInt", value: 1n },
    { what: "a BigInt within", value: { a: [1n] } },
    { what: "a cycle", value: cycle },
  ];
  for (const { what, value } of noJson) {
    it(`throws for ${what}, which has no JSON form`, () => {
      assertThrows(() => WebResponse.json(value), TypeError);
    });
  }
});

describe("WebResponse.redirect()", () => {
  it("sends the client there with 302 and no body", async () => {
    const received = await sent(() => WebResponse.redirect("/a?b=1#c"));
    assertEquals(received.status, 302);
    assertEquals(received.headers.get("location"), "/a?b=1#c");
    assertEquals(received.headers.get("content-type"), null);
    assertEquals(await received.text(), "");
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`takes the status ${status}`, () => {
      assertEquals(WebResponse.redirect("/", status).status, status);
    });
  }
  for (const status of [200, 300, 304, 305, 306, 309, 400, NaN]) {
    it(`refuses the status ${status}`, () => {
      assertThrows(() => WebResponse.redirect("/", status), RangeError, "301, 302, 303, 307, 308");
    });
  }

  const locations: { location: string | URL; sentAs: string }[] = [
    { location: "/ü", sentAs: "/%C3%BC" },
    { location: "/a b", sentAs: "/a%20b" },
    { location: "/日本?q=é 🥧#ñ", sentAs: "/%E6%97%A5%E6%9C%AC?q=%C3%A9%20%F0%9F%A5%A7#%C3%B1" },
    { location: "/%C3%BC%20", sentAs: "/%C3%BC%20" },
    { location: "/\ud800", sentAs: "/%EF%BF%BD" },
    { location: "https://example.com/a?b=c&d", sentAs: "https://example.com/a?b=c&d" },
    { location: new URL("http://localhost/ü"), sentAs: "http://localhost/%C3%BC" },
    { location: "../a", sentAs: "../a" },
  ];
  for (const { location, sentAs } of locations) {
    it(`sends ${JSON.stringify(location)} as ${sentAs}`, () => {
      assertEquals(WebResponse.redirect(location).headers.get("location"), sentAs);
    });
  }

  it("throws for an address with a control character", () => {
    for (const control of ["\0", "\t", "\n", "\r\nSet-Cookie: a=b", "\v", "\x1f", "\x7f"]) {
      assertThrows(() => WebResponse.redirect(`/a${control}b`), TypeError);
    }
  });
});

describe("WebResponse.empty()", () => {
  it("makes a 204 without body and content type", async () => {
    const received = await sent(() => WebResponse.empty());
    assertEquals(received.status, 204);
    assertEquals(received.headers.get("content-type"), null);
    assertStrictEquals(WebResponse.empty().body, null);
  });

  it("takes another status, and headers", async () => {
    const received = await sent(() => WebResponse.empty(202, { headers: { "x-a": "1" } }));
    assertEquals([received.status, received.headers.get("x-a")], [202, "1"]);
    assertEquals(await received.text(), "");
  });

  it("throws for a status that is none", () => {
    assertThrows(() => WebResponse.empty(100), RangeError);
  });
});

/** What may not stand in a value: controls except tab, DEL, what does not fit a byte. */
const forbiddenInValues = [
  ...Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).filter((one) =>
    one !== "\t"
  ),
  "\x7f",
  "\u0100",
  "\u2028",
  "日",
  "\ud83e",
];
const badNames = ["", " ", "a b", "a:", "a\r\nb", "ü", "a\0", "a/b", "(a)", "a\t", ' "a"'];

/** The ways in which headers are given to a response. */
const waysToGive: Record<string, (name: string, value: string) => unknown> = {
  "an object": (name, value) => new WebResponse("", { headers: { [name]: value } }),
  "a list of pairs": (name, value) => new WebResponse("", { headers: [[name, value]] }),
  "headers.set()": (name, value) => new WebResponse("").headers.set(name, value),
  "headers.append()": (name, value) => new WebResponse("").headers.append(name, value),
};

for (const [way, give] of Object.entries(waysToGive)) {
  describe(`A header that is given to a WebResponse by ${way}`, () => {
    it("may not hold a control character, DEL, or what does not fit a byte", () => {
      for (const character of forbiddenInValues) {
        for (const value of [character, `a${character}b`, `${character}a`, `a${character}`]) {
          const error = assertThrows(
            () => give("X-Bad", value),
            TypeError,
            undefined,
            `no error for ${JSON.stringify(value)}`,
          );
          assertStringIncludes(error.message, "X-Bad");
        }
      }
    });

    it("may not bring another header, or a body, with it", () => {
      for (const value of ["a\r\nSet-Cookie: b=c", "a\n\n<script>", "a\rb", "a\r\n b"]) {
        assertThrows(() => give("X-Bad", value), TypeError, "X-Bad");
      }
    });

    it("may hold visible characters, spaces, tabs and all from U+0080 to U+00FF", () => {
      for (let code = 0x20; code <= 0xff; code++) {
        if (code !== 0x7f) give("x-a", `a${String.fromCharCode(code)}b`);
      }
      give("x-a", "a\tb");
      give("x-a", "");
    });

    it("has a token for its name", () => {
      for (const name of badNames) {
        const { message } = assertThrows(() => give(name, "a"), TypeError);
        assertStringIncludes(message, JSON.stringify(name));
      }
      give("!#$%&'*+-.^_`|~09azAZ", "a");
    });
  });
}

describe("Headers that are given to a WebResponse", () => {
  it("may be the platform's own, which are checked and copied", () => {
    const given = new Headers({ "x-a": "1" });
    const response = WebResponse.text("", { headers: given });
    given.set("x-a", "2");
    assertEquals(response.headers.get("x-a"), "1");
    const headers = new Headers({ "x-bad": "a\x01b" });
    assertThrows(() => WebResponse.text("", { headers }), TypeError, "x-bad");
  });

  it("may have a name more than once", async () => {
    const headers: [string, string][] = [["x-a", "1"], ["X-A", "2"], ["Set-Cookie", "a=1"], [
      "set-cookie",
      "b=2",
    ]];
    const received = await sent(() => WebResponse.text("", { headers }));
    assertEquals(received.headers.get("x-a"), "1, 2");
    assertEquals(received.headers.getSetCookie(), ["a=1", "b=2"]);
  });

  it("stay unchanged when a bad one is set, which is refused", () => {
    const { headers } = WebResponse.text("", { headers: { "x-a": "1" } });
    assertThrows(() => headers.set("x-a", "a\x7fb"), TypeError);
    assertEquals(headers.get("x-a"), "1");
  });

  it("take the cookies of setCookie()", async () => {
    const received = await sent(() => {
      const response = WebResponse.text("", { headers: { "set-cookie": "a=1" } });
      setCookie(response.headers, { name: "b", value: "2", httpOnly: true });
      setCookie(response.headers, { name: "c", value: "3" });
      return response;
    });
    assertEquals(received.headers.getSetCookie(), ["a=1", "b=2; HttpOnly", "c=3"]);
  });

  const serverFields = {
    "Content-Length": "999",
    "Transfer-Encoding": "chunked",
    "Connection": "x-hop",
    "Keep-Alive": "timeout=1",
    "Date": "today",
  };
  for (const [name, value] of Object.entries(serverFields)) {
    it(`are sent without ${name}, which is the server's`, async () => {
      const headers = { [name]: value, "x-a": "1" };
      const received = await sent(() => WebResponse.text("abc", { headers }));
      assert([null, "3"].includes(received.headers.get(name)), received.headers.get(name) ?? "");
      assertEquals([received.headers.get("x-a"), await received.text()], ["1", "abc"]);
    });
  }

  it("are the same ones each time", () => {
    const response = WebResponse.text("");
    assertStrictEquals(response.headers, response.headers);
  });

  it("are the same whether they were looked at or not", async () => {
    const value = fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]*[!-~\x80-\xff])?$/);
    const name = fc.constantFrom("x-a", "X-B", "content-type", "Set-Cookie", "vary");
    const field = fc.tuple(name, value);
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 5 }), async (headers) => {
        const [unseen, seen] = await Promise.all([false, true].map((isSeen) =>
          sent(() => {
            const response = WebResponse.text("a", { headers });
            return isSeen && response.headers.has("x") ? WebResponse.empty() : response;
          })
        ));
        assertEquals([...unseen.headers], [...seen.headers]);
      }),
      { numRuns: runs(200) },
    );
  });
});

describe("A platform Response", () => {
  it("is as good as a WebResponse: status, headers, body", async () => {
    const received = await sent(() =>
      new Response("J\u00fcrgen", { status: 201, headers: { "x-a": "1", etag: '"b"' } })
    );
    assertEquals(received.status, 201);
    assertEquals(received.headers.get("x-a"), "1");
    assertEquals(received.headers.get("etag"), '"b"');
    assertEquals(received.headers.get("content-type"), "text/plain;charset=UTF-8");
    assertEquals(await received.text(), "Jürgen");
  });

  const bodies: { what: string; body: () => BodyInit | null; bytes: number[] }[] = [
    { what: "bytes", body: () => Uint8Array.of(0, 255), bytes: [0, 255] },
    { what: "a Blob", body: () => new Blob(["ab"]), bytes: [97, 98] },
    { what: "a form", body: () => new URLSearchParams("a=1"), bytes: [97, 61, 49] },
    {
      what: "a stream",
      body: () => ReadableStream.from([Uint8Array.of(1), Uint8Array.of(2)]),
      bytes: [1, 2],
    },
    { what: "an empty text", body: () => "", bytes: [] },
    { what: "nothing", body: () => null, bytes: [] },
  ];
  for (const { what, body, bytes } of bodies) {
    it(`may have a body of ${what}`, async () => {
      const received = await sent(() => new Response(body()));
      assertEquals(received.status, 200);
      assertEquals([...await received.bytes()], bytes);
    });
  }

  it("may come later", async () => {
    assertEquals(await (await sent(() => Promise.resolve(new Response("later")))).text(), "later");
  });

  it("may be a redirect, whose headers nobody can change", async () => {
    const received = await sent(() => Response.redirect("http://localhost/a", 307));
    assertEquals([received.status, received.headers.get("location")], [307, "http://localhost/a"]);
  });

  it("keeps Set-Cookie that is there twice", async () => {
    const received = await sent(() => {
      const response = new Response("a");
      response.headers.append("set-cookie", "a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT");
      response.headers.append("set-cookie", "b=2");
      return response;
    });
    assertEquals(received.headers.getSetCookie(), [
      "a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
      "b=2",
    ]);
  });

  it("is a panic when it is Response.error()", async () => {
    assertStringIncludes(await panicOf(() => Response.error()), "Response.error()");
  });

  it("is a panic when its body was read already", async () => {
    const line = await panicOf(async () => {
      const response = new Response("a");
      await response.text();
      return response;
    });
    assertStringIncludes(line, "read already");
  });

  it("is a panic when its body is being read", async () => {
    await panicOf(() => {
      const response = new Response("a");
      response.body?.getReader();
      return response;
    });
  });

  it("is a panic when its body fails while it is read", async () => {
    const line = await panicOf(() => {
      const failing = new ReadableStream({
        start: (controller) => controller.error(new Error("torn")),
      });
      return new Response(failing);
    });
    assertStringIncludes(line, "torn");
  });

  it("is a panic when its status is none for an answer", async () => {
    assertStringIncludes(await panicOf(() => new Response(null, { status: 101 })), "101");
  });

  // The platform's Headers refuse NUL, CR and LF alone.
  const controls = { "0x01": "\x01", "VT": "\v", "FF": "\f", "ESC": "\x1b", "DEL": "\x7f" };
  for (const [name, control] of Object.entries(controls)) {
    it(`is a panic when ${name} stands in a header, whatever its body`, async () => {
      const headers = { "x-bad": `a${control}b` };
      assertStringIncludes(await panicOf(() => new Response("a", { headers })), "x-bad");
      assertStringIncludes(await panicOf(() => new Response(null, { headers })), "x-bad");
    });

    it(`is a 500 of Deno.serve, too, when ${name} stands in a header`, {
      ignore: !canUseNetwork,
    }, async () => {
      const app = new WebServer();
      app.addPath("/", () => new Response("a", { headers: { "x-bad": `a${control}b` } }));
      const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
      const lines = await standardErrorOf(async () => {
        const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
        assertEquals([response.status, await response.text()], [500, "Internal Server Error"]);
        assertFalse(response.headers.has("x-bad"));
      });
      await server.shutdown();
      assertEquals(lines.length, 1);
    });
  }
});

describe("The answer to a HEAD", () => {
  it("has the length of the body, and no body", async () => {
    const received = await sent(() => WebResponse.text("日本"), { method: "HEAD" });
    assertEquals([received.headers.get("content-length"), await received.text()], ["6", ""]);
    assertEquals(received.headers.get("content-type"), "text/plain; charset=utf-8");
  });

  it("has the length of a platform Response's body", async () => {
    const received = await sent(() => new Response("abc"), { method: "HEAD" });
    assertEquals([received.headers.get("content-length"), await received.text()], ["3", ""]);
  });

  it("has the length that the handler names where it makes no body", async () => {
    const headers = { "content-length": "1234" };
    const received = await sent(() => new Response(null, { headers }), { method: "HEAD" });
    assertEquals(received.headers.get("content-length"), "1234");
  });

  it("has no length with 204 and 304", async () => {
    for (const status of [204, 304]) {
      const received = await sent(() => WebResponse.empty(status), { method: "HEAD" });
      assertEquals([received.status, received.headers.get("content-length")], [status, null]);
    }
  });
});
