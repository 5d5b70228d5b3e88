import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readWrittenHead } from "../../../src/takeover/node_http/written_head.ts";

describe("readWrittenHead()", () => {
  const cases: readonly (readonly [written: string, status: number, bytes: number])[] = [
    ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n", 101, 48],
    ["HTTP/1.1 401 Unauthorized\r\n\r\nno", 401, 29],
    ["HTTP/1.0 503\r\n\r\n", 503, 16],
    ["HTTP/1.1 400 Bad Request\r\nA: b", 400, 0],
    ["HTTP/2 200\r\n\r\n", 101, 14],
    ["hello", 101, 0],
    ["", 101, 0],
  ];
  for (const [written, status, bytes] of cases) {
    it(`finds status ${status} and ${bytes} bytes in ${JSON.stringify(written)}`, () => {
      assertEquals(readWrittenHead(new TextEncoder().encode(written)), { status, bytes });
    });
  }
});
