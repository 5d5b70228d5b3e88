import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  CloseCode,
  isProgramCloseCode,
  isReceivableCloseCode,
} from "../../src/websocket/close_code.ts";

function rangesOf(accepts: (code: number) => boolean): [first: number, last: number][] {
  const ranges: [number, number][] = [];
  for (let code = 0; code <= 0xffff; code++) {
    if (!accepts(code)) continue;
    const range = ranges.at(-1);
    if (range?.[1] === code - 1) range[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}

describe("close codes (RFC 6455, section 7.4)", () => {
  it("isReceivableCloseCode() accepts registered codes that stand in frames, and those of libraries and programs", () => {
    assertEquals(rangesOf(isReceivableCloseCode), [[1000, 1003], [1007, 1014], [3000, 4999]]);
  });

  it("isProgramCloseCode() accepts 1000, and the codes of libraries and programs", () => {
    assertEquals(rangesOf(isProgramCloseCode), [[1000, 1000], [3000, 4999]]);
  });

  it("CloseCode has no code that a peer may not send, but for the two that stand for a missing one", () => {
    const codes = Object.values(CloseCode);
    assertEquals(codes.filter((code) => !isReceivableCloseCode(code)), [1005, 1006]);
  });
});
