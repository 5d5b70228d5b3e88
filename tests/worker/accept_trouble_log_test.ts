// The log lines about what stops a worker from accepting.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AcceptTroubleLog } from "../../src/worker/accept_trouble_log.ts";

function openLog(budget: { limit: number; hasRoom: boolean }) {
  const lines: string[] = [];
  return { lines, troubles: new AcceptTroubleLog((line) => lines.push(line), 20, budget) };
}

describe("AcceptTroubleLog", () => {
  it("names maxConnections if the worker is full and the process is not", () => {
    const { lines, troubles } = openLog({ limit: 100, hasRoom: true });
    troubles.noteFull(0);
    assertMatch(lines[0], /^maxConnections \(20\) are open; /);
  });

  it("names the file descriptors if the process is full", () => {
    const { lines, troubles } = openLog({ limit: 100, hasRoom: false });
    troubles.noteFull(0);
    assertMatch(lines[0], /^all 100 connections are open .* \(raise ulimit -n\)$/);
  });

  it("quotes the message of an error, without its stack", () => {
    const { lines, troubles } = openLog({ limit: 100, hasRoom: true });
    troubles.noteFailure(new Error("Too many open files (os error 24)"), 0);
    assertEquals(lines, ["cannot accept, going on trying: Too many open files (os error 24)"]);
  });

  it("logs one line in ten seconds, whatever the trouble", () => {
    const { lines, troubles } = openLog({ limit: 100, hasRoom: true });
    const counts = [0, 1, 9_999, 10_000, 19_999, 20_000].map((now) => {
      if (now % 2 === 0) troubles.noteFull(now);
      else troubles.noteFailure("a", now);
      return lines.length;
    });
    assertEquals(counts, [1, 1, 1, 2, 2, 3]);
  });
});
