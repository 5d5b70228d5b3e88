import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  findInnerKeys,
  innerKeys,
  isMadeOfMemory,
  outgoingInMemory,
} from "../../src/fetch/inner_response.ts";
import { fromPublicParts } from "../../src/fetch/platform_response.ts";
import { fetchHandler, WebServer } from "../../mod.ts";
import type { OutgoingResponse } from "../../src/handler/outgoing_response.ts";
import { standardErrorOf } from "../support/standard_error.ts";

/** What is sent, in a form that does not depend on the order and the case of names. */
function sent(outgoing: OutgoingResponse | undefined): unknown {
  assert(outgoing !== undefined, "it was not read directly");
  const { status, contentType, fields, body, stream, declaredLength, wantsClose, offersUpgrade } =
    outgoing;
  const headers = new Headers(fields?.map(([name, value]) => [name, value]));
  if (contentType !== null) headers.append("content-type", contentType);
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body ?? "";
  const connection = { declaredLength, wantsClose, offersUpgrade };
  return { status, headers: [...headers], text, connection, isStream: stream !== undefined };
}

function changed(response: Response, change: (headers: Headers) => void): Response {
  change(response.headers);
  return response;
}

const FIELDS = { "content-type": "text/html", "X-A": " b ", "cache-control": "no-store" };
class Derived extends Response {}

const IN_MEMORY: { what: string; make: () => Response }[] = [
  { what: "text", make: () => new Response("é") },
  { what: "empty text", make: () => new Response("") },
  { what: "no body", make: () => new Response(null, { status: 304, headers: { etag: '"a"' } }) },
  { what: "bytes", make: () => new Response(new Uint8Array([0xc3, 0xa9])) },
  { what: "an ArrayBuffer", make: () => new Response(new Uint8Array([97, 98]).buffer) },
  { what: "a view of other elements", make: () => new Response(new Uint16Array([0x6161])) },
  { what: "URLSearchParams", make: () => new Response(new URLSearchParams({ a: "é" })) },
  { what: "text with fields", make: () => new Response("a", { status: 201, headers: FIELDS }) },
  {
    what: "text with a content type",
    make: () => new Response("a", { headers: { "Content-Type": "a/b" } }),
  },
  {
    what: "bytes with fields",
    make: () => new Response(new Uint8Array([97]), { headers: FIELDS }),
  },
  { what: "Headers", make: () => new Response("a", { headers: new Headers(FIELDS) }) },
  {
    what: "fields that come twice",
    make: () =>
      new Response("a", {
        headers: [["vary", "a"], ["Vary", "b"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
      }),
  },
  {
    what: "fields of the server",
    make: () =>
      new Response("a", {
        headers: { connection: "close", upgrade: "h2c", date: "x", "content-length": "7" },
      }),
  },
  { what: "JSON", make: () => Response.json({ a: "é" }) },
  { what: "JSON with fields", make: () => Response.json([1], { status: 400, headers: FIELDS }) },
  { what: "a redirect", make: () => Response.redirect("http://localhost/a", 303) },
  { what: "a derived class", make: () => new Derived("a", { headers: FIELDS }) },
  { what: "a clone", make: () => new Response("a", { headers: FIELDS }).clone() },
  {
    what: "headers that were read",
    make: () => changed(new Response("a"), (headers) => headers.get("content-type")),
  },
  {
    what: "headers that were changed",
    make: () =>
      changed(new Response("a", { headers: FIELDS }), (headers) => {
        headers.set("x-a", "c");
        headers.append("set-cookie", "a=1");
        headers.delete("content-type");
      }),
  },
  {
    what: "headers of JSON that were changed",
    make: () => changed(Response.json(1), (headers) => headers.set("content-type", "a/b")),
  },
];

describe("outgoingInMemory()", () => {
  for (const { what, make } of IN_MEMORY) {
    it(`reads the same of a response with ${what} as the platform shows`, async () => {
      assertEquals(sent(outgoingInMemory(make())), sent(await fromPublicParts(make())));
    });
  }

  it("uses up a body", async () => {
    for (const make of [() => new Response("a"), () => new Response(new Uint8Array(1))]) {
      const response = make();
      outgoingInMemory(response);
      assertEquals(response.bodyUsed, true);
      assertEquals(outgoingInMemory(response), undefined);
      assertThrows(() => fromPublicParts(response), TypeError, "read already");
      assertThrows(() => response.clone(), TypeError);
      await response.text().then(() => assert(false), () => {});
    }
  });

  it("leaves a response without a body as it is: it can be sent again", () => {
    const response = new Response(null, { status: 204 });
    assertEquals(outgoingInMemory(response)?.status, 204);
    assertEquals(outgoingInMemory(response)?.status, 204);
    assertEquals(response.bodyUsed, false);
  });

  it("leaves a clone its body", async () => {
    const response = new Response("a");
    const clone = response.clone();
    outgoingInMemory(clone);
    assertEquals(await response.text(), "a");
  });

  it("refuses fields that the platform accepts, and that may not be sent", () => {
    const response = new Response("a", { headers: { "x-bad": "a\x07b" } });
    assertThrows(() => outgoingInMemory(response), TypeError, "x-bad");
  });

  const others: { what: string; make: () => Response }[] = [
    { what: "an error", make: () => Response.error() },
    { what: "a stream", make: () => new Response(new ReadableStream()) },
    { what: "a Blob", make: () => new Response(new Blob(["a"])) },
    { what: "a form", make: () => new Response(new FormData()) },
    {
      what: "a body that was looked at",
      make: () => {
        const response = new Response("a");
        assert(response.body !== null);
        return response;
      },
    },
    {
      what: "a body that was read",
      make: () => {
        const response = new Response("a");
        response.text();
        return response;
      },
    },
    { what: "parts of another realm", make: () => Object.create(Response.prototype) },
  ];
  for (const { what, make } of others) {
    it(`leaves a response with ${what} to the general way`, () => {
      assertEquals(outgoingInMemory(make()), undefined);
    });
  }
});

describe("innerKeys()", () => {
  it("hides the native part of responses, which Deno frees twice behind a Proxy", () => {
    innerKeys();
    const responses = [
      new Response("a", { status: 201 }),
      new Response(new ArrayBuffer(1), { headers: { "x-a": "b" } }),
      Response.json(1, { headers: { "x-a": "b" } }),
    ];
    for (const response of responses) {
      const natives = Object.getOwnPropertySymbols(response)
        .filter(({ description }) => description === "serve native response");
      // Only now is `headers` safe to read: without the fix, it would damage memory.
      assertEquals(natives, []);
      const fields = [...response.headers];
      assertEquals([...new Proxy(response, {}).headers], fields);
      assertEquals([...Object.create(response).headers], fields);
    }
  });
});

describe("findInnerKeys()", () => {
  const symbols = Object.getOwnPropertySymbols(new Response("a"));

  it("finds the keys of this version of Deno", () => {
    assert(findInnerKeys(symbols) !== null);
  });

  it("returns null if a key is missing", () => {
    for (const name of ["response", "lazy static body", "serve fast consumed"]) {
      assertEquals(findInnerKeys(symbols.filter(({ description }) => description !== name)), null);
    }
  });

  it("returns null if the values have another form", () => {
    const others = symbols.map(({ description }) => Symbol(description));
    assertEquals(findInnerKeys(others), null);
    for (const name of ["response", "lazy static body", "lazy static content type"]) {
      const mixed = symbols.map((symbol) => symbol.description === name ? Symbol(name) : symbol);
      assertEquals(findInnerKeys(mixed), null, name);
    }
  });
});

describe("isMadeOfMemory()", () => {
  const cases: { what: string; body: () => BodyInit; isOfMemory: boolean }[] = [
    { what: "text", body: () => "a", isOfMemory: true },
    { what: "bytes", body: () => new Uint8Array(1), isOfMemory: true },
    { what: "an ArrayBuffer", body: () => new ArrayBuffer(1), isOfMemory: true },
    { what: "a stream", body: () => ReadableStream.from([new Uint8Array(1)]), isOfMemory: false },
    {
      what: "a stream that has ended",
      body: () => new Response("a").body!.pipeThrough(new TransformStream()),
      isOfMemory: false,
    },
  ];
  for (const { what, body, isOfMemory } of cases) {
    it(`is ${isOfMemory} for ${what}`, async () => {
      const response = new Response(body());
      assertEquals(response.body === null, false);
      assertEquals(isMadeOfMemory(response), isOfMemory);
      await response.body?.cancel();
    });
  }
});

describe("A Response that is returned twice", () => {
  it("is a panic the second time if it has a body", async () => {
    const response = new Response("once");
    const server = new WebServer();
    server.addPath("/", fetchHandler(() => response));
    const ask = () => server.fetch(new Request("http://localhost/"));
    const lines = await standardErrorOf(async () => {
      assertEquals(await (await ask()).text(), "once");
      assertEquals((await ask()).status, 500);
    });
    assertEquals(lines.length, 1);
    assert(
      lines[0].includes("Cannot answer with a Response whose body was read already"),
      lines[0],
    );
  });
});
