import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  CLOSE_LABELS,
  closeLabelIndex,
  endWebSockets,
  NO_WEB_SOCKETS,
  sumWebSockets,
} from "../../src/ipc/web_socket_counters.ts";

const labels: readonly [code: number, label: string][] = [
  [1000, "1000"],
  [1005, "1005"],
  [1013, "1013"],
  [1004, "other"],
  [1014, "other"],
  [2999, "other"],
  [3000, "3xxx"],
  [3999, "3xxx"],
  [4000, "4xxx"],
  [4999, "4xxx"],
  [5000, "other"],
  [65535, "other"],
];

describe("closeLabelIndex()", () => {
  for (const [code, label] of labels) {
    it(`closeLabelIndex() returns the place of ${label} for ${code}`, () => {
      assertEquals(CLOSE_LABELS[closeLabelIndex(code)], label);
    });
  }
});

describe("sumWebSockets()", () => {
  it("sumWebSockets() adds up each counter, and the closes by label", () => {
    const one = {
      ...NO_WEB_SOCKETS,
      open: 1,
      opened: 3,
      closes: { "1000": 1, "1012": 1 },
    } as const;
    const two = { ...NO_WEB_SOCKETS, opened: 2, bytesSent: 9, closes: { "1000": 2 } } as const;
    assertEquals(sumWebSockets([one, two]), {
      ...NO_WEB_SOCKETS,
      open: 1,
      opened: 5,
      bytesSent: 9,
      closes: { "1000": 3, "1012": 1 },
    });
  });

  it("sumWebSockets() returns zeros for no workers", () => {
    assertEquals(sumWebSockets([]), NO_WEB_SOCKETS);
  });
});

describe("endWebSockets()", () => {
  it("endWebSockets() counts open WebSockets as ended without a close frame", () => {
    const last = {
      ...NO_WEB_SOCKETS,
      open: 2,
      opened: 5,
      closes: { "1006": 1, "1000": 2 },
    } as const;
    assertEquals(endWebSockets(last), { ...last, open: 0, closes: { "1000": 2, "1006": 3 } });
  });

  it("endWebSockets() changes nothing if none is open", () => {
    const last = { ...NO_WEB_SOCKETS, opened: 2, closes: { "1000": 2 } } as const;
    assertEquals(endWebSockets(last), last);
  });
});
