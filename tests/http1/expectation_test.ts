import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BufferPool } from "../../src/http1/buffer_pool.ts";
import { expectationOf } from "../../src/http1/expectation.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { bytesOf, DEFAULT_LIMITS } from "./reading.ts";

/** Reads the requests of a text with a parser that leaves expectations to the handlers, or does not. */
function read(text: string, takesExpectations: boolean) {
  const parser = new RequestParser(
    DEFAULT_LIMITS,
    new BufferPool(),
    () => false,
    () => takesExpectations,
  );
  parser.space.set(bytesOf(text));
  parser.received(text.length);
  return parser.next();
}

const get = (version: string, fields: string) =>
  `GET / HTTP/${version}\r\nHost: a\r\n${fields}\r\n`;

describe("expectationOf()", () => {
  for (
    const [version, fields, expectation] of [
      ["1.1", "", "nothing"],
      ["1.1", "Expect: \r\n", "nothing"],
      ["1.1", "Expect: 100-Continue\r\n", "continue"],
      ["1.1", "Expect: 100-continue, something\r\n", "other"],
      ["1.1", "Expect: 100-continue\r\nExpect: something\r\n", "other"],
      ["1.0", "Expect: something\r\n", "nothing"],
    ] as const
  ) {
    it(`expectationOf() returns "${expectation}" for HTTP/${version} with ${JSON.stringify(fields)}`, () => {
      const outcome = read(get(version, fields), true);
      assert(outcome.kind === "request");
      assertEquals(expectationOf(outcome.head), expectation);
    });
  }

  it("RequestParser declines another expectation, unless the handlers decide on it", () => {
    const text = get("1.1", "Expect: something\r\n");
    assertEquals(read(text, false).kind, "declined");
    assertEquals(read(text, true).kind, "request");
  });

  it("RequestParser sends no 100 for another expectation that the handlers decide on", () => {
    const post = "POST / HTTP/1.1\r\nHost: a\r\nExpect: something\r\nContent-Length: 2\r\n\r\n";
    assertEquals(read(post, true).kind, "incomplete");
    assertEquals(read(`${post}ab`, true).kind, "request");
  });
});
