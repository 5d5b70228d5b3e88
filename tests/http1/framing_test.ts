import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  decideRequestFraming,
  decideResponseFraming,
  hasContentLength,
  type RequestFraming,
  type ResponseFraming,
} from "../../src/http1/framing.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";
import { headWith } from "./heads.ts";

describe("decideRequestFraming()", () => {
  const decisions: [fieldLines: string, framing: RequestFraming, version?: string][] = [
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
    it(`decideRequestFraming() says ${says} to ${JSON.stringify(fieldLines)} in HTTP/${version ?? 1.1}`, () => {
      assertEquals(decideRequestFraming(headWith(fieldLines, version)), framing);
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
    it(`decideRequestFraming() refuses ${JSON.stringify(fieldLines)} in HTTP/${version ?? 1.1}: ${refusal}`, () => {
      assertEquals(decideRequestFraming(headWith(fieldLines, version)), {
        kind: "refused",
        refusal: REFUSALS[refusal],
      });
    });
  }
});

describe("decideResponseFraming()", () => {
  const decisions: [
    status: number,
    minorVersion: 0 | 1,
    length: number | undefined,
    framing: ResponseFraming,
  ][] = [
    [200, 1, 5, { kind: "length", length: 5 }],
    [200, 0, 5, { kind: "length", length: 5 }],
    [200, 1, 0, { kind: "length", length: 0 }],
    [200, 1, undefined, { kind: "chunked" }],
    [500, 1, undefined, { kind: "chunked" }],
    [200, 0, undefined, { kind: "until close" }],
    [204, 1, 5, { kind: "none" }],
    [204, 0, undefined, { kind: "none" }],
    [304, 1, 5, { kind: "none" }],
    [304, 1, undefined, { kind: "none" }],
    [205, 1, 5, { kind: "length", length: 0 }],
    [205, 0, undefined, { kind: "length", length: 0 }],
  ];
  for (const [status, minorVersion, length, framing] of decisions) {
    const kind = framing.kind === "length" ? `length ${framing.length}` : `"${framing.kind}"`;
    const body = length === undefined ? "a body of unknown length" : `${length} bytes`;
    it(`decideResponseFraming() returns ${kind} for ${status} with ${body} in HTTP/1.${minorVersion}`, () => {
      assertEquals(decideResponseFraming(status, minorVersion, length), framing);
    });
  }
});

describe("hasContentLength()", () => {
  it("hasContentLength() is false for 204 and 304 alone", () => {
    const without = [];
    for (let status = 200; status < 600; status++) {
      if (!hasContentLength(status)) without.push(status);
    }
    assertEquals(without, [204, 304]);
  });
});
