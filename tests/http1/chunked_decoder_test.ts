import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { CollectedBody } from "../../src/http1/body_target.ts";
import { ChunkedDecoder, type ChunkedOutcome } from "../../src/http1/chunked_decoder.ts";
import { HeadParser } from "../../src/http1/head_parser.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";
import { chunks, mutation, splitPlaces } from "./arbitraries.ts";
import { bytesOf, DEFAULT_LIMITS, splitAt, textOf } from "./reading.ts";
import { runs } from "../support/runs.ts";

/** What a decoder has made of some pieces, which it is given as a connection would: what is not consumed comes again. */
interface Decoded {
  readonly outcome: ChunkedOutcome;
  readonly body: string;
  /** What the decoder has left for whoever comes behind it. */
  readonly rest: string;
}

function decode(pieces: readonly Uint8Array[], limits = DEFAULT_LIMITS): Decoded {
  const decoder = new ChunkedDecoder(limits, new HeadParser(limits));
  const collected = new CollectedBody(limits.maxBodyBytes);
  let waiting = "";
  let outcome: ChunkedOutcome = { kind: "incomplete", consumed: 0 };
  for (const [index, piece] of pieces.entries()) {
    // Something stands before the bytes, as it does in a connection's buffer.
    const before = "x".repeat(index % 3);
    waiting += textOf(piece);
    const bytes = bytesOf(before + waiting);
    outcome = decoder.decode(bytes, before.length, bytes.length, collected);
    if (outcome.kind === "refused") return { outcome, body: "", rest: "" };
    waiting = waiting.slice(outcome.consumed - before.length);
    if (outcome.kind === "complete") {
      const behind = pieces.slice(index + 1).map(textOf).join("");
      return { outcome, body: textOf(collected.bytes), rest: waiting + behind };
    }
  }
  return { outcome, body: "", rest: waiting };
}

describe("ChunkedDecoder", () => {
  it("ChunkedDecoder gives the bytes that were chunked, however they are split", () => {
    fc.assert(
      fc.property(chunks, splitPlaces, ({ body, bytes }, placesOf) => {
        const sent = bytesOf(bytes + "behind");
        const decoded = decode(splitAt(sent, placesOf(sent.length)));
        assertEquals(decoded.outcome.kind, "complete");
        assert(decoded.body === body, "the body differs");
        assertEquals(decoded.rest, "behind");
      }),
      { numRuns: runs(300) },
    );
  });

  it("ChunkedDecoder comes to the same end however the bytes are split, and never throws", () => {
    const mutated = fc.tuple(
      chunks.filter(({ bytes }) => bytes.length < 1_000),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
    ).map(([{ bytes }, mutations]) =>
      bytesOf(mutations.reduce((text, mutate) => mutate(text), bytes))
    );
    const limits = fc.constantFrom(
      DEFAULT_LIMITS,
      { ...DEFAULT_LIMITS, maxBodyBytes: 20, maxHeadBytes: 64 },
    );
    fc.assert(
      fc.property(mutated, limits, splitPlaces, (bytes, some, placesOf) => {
        const expected = decode([bytes], some);
        const decoded = decode(splitAt(bytes, placesOf(bytes.length)), some);
        assertEquals(decoded.outcome.kind, expected.outcome.kind);
        assertEquals(decoded.body, expected.body);
        assertLessOrEqual(decoded.body.length, some.maxBodyBytes);
        if (decoded.outcome.kind === "refused") assertEquals(decoded.outcome, expected.outcome);
        if (decoded.outcome.kind === "complete") assertEquals(decoded.rest, expected.rest);
      }),
      { numRuns: runs(500) },
    );
  });

  it("ChunkedDecoder consumes data as they come, and a trailer section when it is whole", () => {
    const decoder = new ChunkedDecoder(DEFAULT_LIMITS, new HeadParser(DEFAULT_LIMITS));
    const collected = new CollectedBody(DEFAULT_LIMITS.maxBodyBytes);
    const data = bytesOf("5\r\nhel");
    assertEquals(decoder.decode(data, 0, data.length, collected), {
      kind: "incomplete",
      consumed: 6,
    });
    const more = bytesOf("lo\r\n0\r\nA: b\r");
    assertEquals(decoder.decode(more, 0, more.length, collected), {
      kind: "incomplete",
      consumed: 7,
    });
    const again = bytesOf("A: b\r\n\r\nGET");
    assertEquals(decoder.decode(again, 0, again.length, collected), {
      kind: "complete",
      consumed: 8,
    });
    assertEquals(textOf(collected.bytes), "hello");
  });

  it("ChunkedDecoder has the trailer fields at the end of the body, however they are split", () => {
    const text = "1\r\na\r\n0\r\nX-Sum: \t7 \r\nx-b:\r\nX-Sum: \u00e9\r\n\r\n";
    for (let size = 1; size <= text.length; size++) {
      const decoder = new ChunkedDecoder(DEFAULT_LIMITS, new HeadParser(DEFAULT_LIMITS));
      const collected = new CollectedBody(DEFAULT_LIMITS.maxBodyBytes);
      let waiting = "";
      for (let at = 0; at < text.length; at += size) {
        assertEquals(decoder.trailers, undefined);
        waiting += text.slice(at, at + size);
        const { length } = waiting;
        const outcome = decoder.decode(bytesOf(waiting), 0, length, collected);
        assert(outcome.kind !== "refused");
        waiting = waiting.slice(outcome.consumed);
      }
      assertEquals(decoder.trailers, ["X-Sum", "7", "x-b", "", "X-Sum", "\u00e9"]);
    }
  });

  it("ChunkedDecoder has no trailer fields where a body has none, or is refused for one", () => {
    for (const end of ["0\r\n\r\n", "0\r\nA: b\r\nContent-Length: 1\r\n\r\n"]) {
      const decoder = new ChunkedDecoder(DEFAULT_LIMITS, new HeadParser(DEFAULT_LIMITS));
      decoder.decode(bytesOf(end), 0, end.length, new CollectedBody(0));
      assertEquals(decoder.trailers, undefined);
    }
  });

  it("ChunkedDecoder makes a body of many small chunks", () => {
    const sent = bytesOf("1\r\na\r\n2\r\nbc\r\n".repeat(10_000) + "0\r\n\r\n");
    const decoded = decode([sent]);
    assert(decoded.body === "abc".repeat(10_000));
  });

  it("ChunkedDecoder takes memory in step with what has come, whatever the limit allows", () => {
    const decoder = new ChunkedDecoder(DEFAULT_LIMITS, new HeadParser(DEFAULT_LIMITS));
    const collected = new CollectedBody(DEFAULT_LIMITS.maxBodyBytes);
    const size = bytesOf("f4240\r\n");
    decoder.decode(size, 0, size.length, collected);
    assertEquals(collected.bytes.buffer.byteLength, 0);
    const data = bytesOf("x".repeat(1_000));
    for (let length = 1_000; length <= 20_000; length += 1_000) {
      decoder.decode(data, 0, data.length, collected);
      assertEquals(collected.bytes.length, length);
      assertLessOrEqual(collected.bytes.buffer.byteLength, Math.max(4_096, 2 * length));
    }
  });

  it("ChunkedDecoder makes a body that is as large as the limit, and no larger", () => {
    const limits = { ...DEFAULT_LIMITS, maxBodyBytes: 5_000 };
    const first = `1000\r\n${"a".repeat(4_096)}\r\n`;
    const exact = bytesOf(`${first}388\r\n${"b".repeat(904)}\r\n0\r\n\r\n`);
    assert(decode([exact], limits).body === "a".repeat(4_096) + "b".repeat(904));
    assertEquals(decode([bytesOf(`${first}389\r\n`)], limits).outcome, {
      kind: "refused",
      refusal: REFUSALS.bodyTooLarge,
    });
  });

  const reasons: [what: string, bytes: string, refusal: keyof typeof REFUSALS][] = [
    ["a size that is none", "x", "badChunkSize"],
    ["a size with something behind it", "5x", "badChunkSize"],
    ["a size of too many digits", "00000000000000000", "badChunkSize"],
    ["a bare LF behind a size", "5\n", "badLineEnd"],
    ["a bare CR behind a size", "5\rx", "badLineEnd"],
    ["an extension that is none", "5;;", "badChunkExtension"],
    ["data that are too long", "1\r\nab", "badChunkEnd"],
    ["a bare CR behind data", "1\r\na\rb", "badChunkEnd"],
    ["a chunk over the limit", "f4241\r\n", "bodyTooLarge"],
    ["a trailer that is none", "0\r\nA\r\n", "badFieldName"],
    ["a folded trailer", "0\r\nA: b\r\n c\r\n", "foldedLine"],
  ];
  for (const [what, bytes, refusal] of reasons) {
    it(`ChunkedDecoder names the reason why it refuses ${what}: ${refusal}`, () => {
      assertEquals(decode([bytesOf(bytes)]).outcome, {
        kind: "refused",
        refusal: REFUSALS[refusal],
      });
    });
  }
});
