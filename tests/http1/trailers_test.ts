import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BufferPool } from "../../src/http1/buffer_pool.ts";
import type { RequestHead } from "../../src/http1/request_head.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { trailersOf } from "../../src/http1/trailers.ts";
import { bytesOf, DEFAULT_LIMITS } from "./reading.ts";

const POST = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const BODY = "1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n";

function give(parser: RequestParser, text: string): void {
  parser.space.set(bytesOf(text));
  parser.received(text.length);
}

/** The head of the next request. */
function headFrom(parser: RequestParser): RequestHead {
  const outcome = parser.next();
  assert(outcome.kind === "request");
  return outcome.head;
}

describe("trailersOf()", () => {
  it("trailersOf() returns the trailers of a request whose body has come, and of no other", () => {
    const parser = new RequestParser(DEFAULT_LIMITS, new BufferPool());
    give(parser, `${POST}${BODY}${POST}0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n`);
    const heads = [headFrom(parser), headFrom(parser), headFrom(parser)];
    assertEquals(heads.map(trailersOf), [["X-Sum", "7"], undefined, undefined]);
    assertEquals(heads[0].header("x-sum"), null);
  });

  it("trailersOf() returns the trailers of a body under way when it has been read", () => {
    const parser = new RequestParser(DEFAULT_LIMITS, new BufferPool(), () => true);
    give(parser, POST);
    const head = headFrom(parser);
    give(parser, BODY);
    assertEquals(trailersOf(head), undefined);
    assertEquals(parser.readBody(new Uint8Array(8)), { kind: "data", count: 1 });
    assertEquals(trailersOf(head), ["X-Sum", "7"]);
  });
});
