// Holds the comparisons to workloads and servers that exist.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { PAIRS } from "./pairs.ts";
import { BARE, canAnswer, PEERS } from "./servers.ts";
import { WORKLOADS } from "./workloads.ts";

const known = new Set(WORKLOADS.map(({ name }) => name));

describe("PAIRS", () => {
  for (const { name, own, base, rows, means } of PAIRS) {
    it(`${name} compares workloads that exist`, () => {
      assertEquals(Object.keys(rows).filter((row) => !known.has(row)), []);
    });

    it(`${name} has means of its own rows alone`, () => {
      const foreign = means.flatMap((mean) => mean.rows).filter((row) => !(row in rows));
      assertEquals(foreign, []);
    });

    it(`${name} compares two servers that can be selected and that answer its rows`, () => {
      const peers = PEERS.filter((peer) => peer === own.peer || peer === base.peer);
      assertEquals([peers.length, peers.includes(BARE)], [2, false]);
      const workloads = WORKLOADS.filter((workload) => workload.name in rows);
      const unanswered = peers.flatMap((peer) =>
        workloads.filter((each) => !canAnswer(peer, each))
      );
      assertEquals(unanswered, []);
    });
  }

  it("every workload is in one of them", () => {
    const compared = new Set(PAIRS.flatMap(({ rows }) => Object.keys(rows)));
    assertEquals([...known].filter((name) => !compared.has(name)), []);
  });

  it("no two have the same name", () => {
    assertEquals(new Set(PAIRS.map(({ name }) => name)).size, PAIRS.length);
  });
});

describe("WORKLOADS", () => {
  it("no two have the same name", () => {
    assertEquals(known.size, WORKLOADS.length);
  });
});
