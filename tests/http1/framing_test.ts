import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decideFraming, type Framing } from "../../src/http1/framing.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";
import { headWith } from "./heads.ts";

describe("decideFraming()", () => {
  const decisions: [fieldLines: string, framing: Framing, version?: string][] = [
    ["", { kind: "none" }],
    ["Content-Length: 0\r\n", { kind: "none" }],
    ["Content-Length:  0  \r\n", { kind: "none" }],
    ["Content-Length: 5\r\n", { kind: "length", length: 5 }],
    ["Content-Length: 5\r\n", { kind: "length", length: 5 }, "1.0"],
    ["Content-Length: 10\r\n", { kind: "length", length: 10 }],
    ["Content-Length: 1000000\r\n", { kind: "length", length: 1_000_000 }],
    ["Content-Length: 9007199254740991\r\n", { kind: "length", length: 9_007_199_254_740_991 }],
    ["Transfer-Encoding: chunked\r\n", { kind: "chunked" }],
    ["Transfer-Encoding: CHUNKED\r\n", { kind: "chunked" }],
    ["TE: chunked\r\nTrailer: Content-Length\r\n", { kind: "none" }],
  ];
  for (const [fieldLines, framing, version] of decisions) {
    const says = framing.kind === "length" ? `length ${framing.length}` : framing.kind;
    it(`decideFraming() says ${says} to ${JSON.stringify(fieldLines)} in HTTP/${version ?? 1.1}`, () => {
      assertEquals(decideFraming(headWith(fieldLines, version)), framing);
    });
  }

  const refusals: [fieldLines: string, refusal: keyof typeof REFUSALS, version?: string][] = [
    ["Content-Length:\r\n", "badContentLength"],
    ["Content-Length: x\r\n", "badContentLength"],
    ["Content-Length: 5, 5\r\n", "badContentLength"],
    ["Content-Length: 00\r\n", "badContentLength"],
    ["Content-Length: 05\r\n", "badContentLength"],
    ["Content-Length: 010\r\n", "badContentLength"],
    ["Content-Length: 05\r\n", "badContentLength", "1.0"],
    ["Content-Length: 5\r\nContent-Length: 5\r\n", "severalContentLengths"],
    ["Content-Length: x\r\nContent-Length: y\r\n", "severalContentLengths"],
    ["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "lengthWithTransferEncoding"],
    ["Transfer-Encoding: gzip\r\nContent-Length: x\r\n", "lengthWithTransferEncoding"],
    ["Transfer-Encoding: chunked\r\n", "transferEncodingInHttp10", "1.0"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "transferEncodingInHttp10", "1.0"],
    ["Transfer-Encoding:\tchunked\r\n", "badTransferEncoding"],
    ["Transfer-Encoding: chunked, chunked\r\n", "badTransferEncoding"],
    ["Transfer-Encoding: chunked, gzip\r\n", "badTransferEncoding"],
    ["Transfer-Encoding:\r\n", "badTransferEncoding"],
    ["Transfer-Encoding: gzip\r\n", "unknownTransferCoding"],
    ["Transfer-Encoding: gzip, chunked\r\n", "unknownTransferCoding"],
  ];
  for (const [fieldLines, refusal, version] of refusals) {
    it(`decideFraming() refuses ${JSON.stringify(fieldLines)} in HTTP/${version ?? 1.1}: ${refusal}`, () => {
      assertEquals(decideFraming(headWith(fieldLines, version)), {
        kind: "refused",
        refusal: REFUSALS[refusal],
      });
    });
  }
});
