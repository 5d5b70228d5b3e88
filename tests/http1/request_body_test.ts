import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { BufferPool, LARGE_BUFFER_BYTES } from "../../src/http1/buffer_pool.ts";
import { RequestBody } from "../../src/http1/request_body.ts";
import { bytesOf, SpoilingPool } from "./reading.ts";
import { runs } from "../support/runs.ts";

/** A body in each of the ways in which one can be had: the tests below hold for all of them. */
const ways: [way: string, make: (bytes: Uint8Array) => RequestBody][] = [
  ["lent", (bytes) => {
    const buffer = new Uint8Array(bytes.length + 20).fill(0x41);
    buffer.set(bytes, 10);
    return RequestBody.lent(buffer, 10, 10 + bytes.length);
  }],
  ["own", (bytes) => {
    const buffer = new Uint8Array(bytes.length + 10).fill(0x41);
    buffer.set(bytes);
    return RequestBody.own(buffer, bytes.length, new BufferPool());
  }],
  ["own, of no pool", (bytes) => RequestBody.own(bytes.slice(), bytes.length, undefined)],
];

describe("RequestBody", () => {
  for (const [way, make] of ways) {
    it(`RequestBody (${way}) gives its bytes, the same ones each time`, () => {
      const body = make(bytesOf("a\0\xff"));
      assertEquals(body.length, 3);
      const bytes = body.take();
      assertEquals(bytes, bytesOf("a\0\xff"));
      assertStrictEquals(body.take(), bytes);
    });

    it(`RequestBody (${way}) gives bytes with nothing else in their memory`, () => {
      const bytes = make(bytesOf("abc")).take();
      assertEquals(bytes && new Uint8Array(bytes.buffer), bytesOf("abc"));
    });

    it(`RequestBody (${way}) can be read as text and as bytes, in any order`, () => {
      const body = make(bytesOf("abc"));
      assertEquals(body.decode(), "abc");
      assertEquals(body.take(), bytesOf("abc"));
      assertEquals(body.decode(), "abc");
    });

    it(`RequestBody (${way}) is gone when it is released before anybody took it`, () => {
      const body = make(bytesOf("abc"));
      assertEquals(body.decode(), "abc");
      body.release();
      assertEquals([body.take(), body.decode()], [undefined, undefined]);
      assertEquals(body.length, 3);
      body.release();
      assertEquals([body.take(), body.decode()], [undefined, undefined]);
    });

    it(`RequestBody (${way}) stays with a reader who took it before the release`, () => {
      const body = make(bytesOf("abc"));
      const bytes = body.take();
      body.release();
      assertEquals(bytes, bytesOf("abc"));
      assertStrictEquals(body.take(), bytes);
      assertEquals(body.decode(), "abc");
    });

    it(`RequestBody (${way}) decodes any bytes as the platform's TextDecoder does`, () => {
      const tempting = fc.constantFrom(
        [0xef, 0xbb, 0xbf],
        [0xef, 0xbb],
        [0xc3, 0xa9],
        [0xf0, 0x9f, 0x98, 0x80],
        [0xf0, 0x9f, 0x98],
        [0xed, 0xa0, 0x80],
        [0xc0, 0xaf],
        [0xf4, 0x90, 0x80, 0x80],
        [0xe2, 0x82],
      );
      const bytes = fc.array(fc.oneof(tempting, fc.nat(255).map((byte) => [byte])), {
        maxLength: 80,
      }).map((parts) => Uint8Array.from(parts.flat()));
      const decoder = new TextDecoder();
      fc.assert(
        fc.property(bytes, (sent) => {
          assertEquals(make(sent).decode(), decoder.decode(sent));
        }),
        { numRuns: runs(500) },
      );
    });

    const texts: [what: string, bytes: string, text: string][] = [
      ["nothing", "", ""],
      ["a byte order mark alone", "\xef\xbb\xbf", ""],
      ["a byte order mark before a text", "\xef\xbb\xbfa", "a"],
      ["a second byte order mark", "\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"],
      ["a byte order mark inside of a text", "a\xef\xbb\xbf", "a\ufeff"],
      ["a part of a byte order mark", "\xef\xbb", "\ufffd"],
      ["UTF-8", "\xc3\xa9\xf0\x9f\x98\x80", "é😀"],
      ["what is not UTF-8", "a\xffb\xc3", "a\ufffdb\ufffd"],
    ];
    for (const [what, bytes, text] of texts) {
      it(`RequestBody (${way}) decodes ${what} as ${JSON.stringify(text)}`, () => {
        assertEquals(make(bytesOf(bytes)).decode(), text);
      });
    }
  }

  it("RequestBody, where it is lent, gives bytes that do not change with the buffer", () => {
    const buffer = bytesOf("xxabcxx");
    const body = RequestBody.lent(buffer, 2, 5);
    const bytes = body.take();
    buffer.fill(0);
    assertEquals(bytes, bytesOf("abc"));
    assert(bytes?.buffer !== buffer.buffer);
  });

  it("RequestBody gives its own memory to the pool when nobody took it", () => {
    const pool = new BufferPool();
    const buffer = new Uint8Array(LARGE_BUFFER_BYTES);
    const body = RequestBody.own(buffer, 5, pool);
    body.decode();
    body.release();
    assertStrictEquals(pool.take(LARGE_BUFFER_BYTES), buffer);
  });

  it("RequestBody does not give memory to the pool that a reader took", () => {
    const pool = new SpoilingPool();
    const buffer = new Uint8Array(LARGE_BUFFER_BYTES);
    const body = RequestBody.own(buffer, LARGE_BUFFER_BYTES, pool);
    body.take();
    body.release();
    assert(pool.take(LARGE_BUFFER_BYTES) !== buffer);
  });

  it("RequestBody gives memory that is larger than its bytes to the pool when a reader takes them", () => {
    const pool = new BufferPool();
    const buffer = new Uint8Array(LARGE_BUFFER_BYTES);
    const body = RequestBody.own(buffer, 5, pool);
    const bytes = body.take();
    assertStrictEquals(pool.take(LARGE_BUFFER_BYTES), buffer);
    buffer.fill(1);
    body.release();
    assert(pool.take(LARGE_BUFFER_BYTES) !== buffer);
    assertEquals(bytes, new Uint8Array(5));
  });

  it("RequestBody gives its memory to the pool once, however often it is released", () => {
    const pool = new SpoilingPool();
    const body = RequestBody.own(new Uint8Array(LARGE_BUFFER_BYTES), 5, pool);
    body.release();
    body.release();
  });

  it("RequestBody.EMPTY is empty, before and after a release", () => {
    for (let i = 0; i < 2; i++) {
      assertEquals(RequestBody.EMPTY.length, 0);
      assertEquals(RequestBody.EMPTY.decode(), "");
      assertEquals(RequestBody.EMPTY.take(), new Uint8Array(0));
      RequestBody.EMPTY.release();
    }
  });
});
