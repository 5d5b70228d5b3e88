// What the options select.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { isWanted, peersOf, type Selection, wantedPairs } from "./selection.ts";
import { PEERS } from "./servers.ts";

const ALL: Selection = { workloads: undefined, peers: undefined, pairs: undefined };

describe("isWanted()", () => {
  const cases: { what: string; options: Partial<Selection>; wanted: string[] }[] = [
    {
      what: "everything without options",
      options: {},
      wanted: ["hello-sync", "json-small", "start"],
    },
    { what: "the rows of a pair", options: { pairs: ["fetch"] }, wanted: ["json-small"] },
    {
      what: "the named workloads, whatever the pairs have",
      options: { pairs: ["fetch"], workloads: ["start"] },
      wanted: ["start"],
    },
  ];
  for (const { what, options, wanted } of cases) {
    it(`selects ${what}`, () => {
      const names = ["hello-sync", "json-small", "start"];
      assertEquals(names.filter((name) => isWanted(name, { ...ALL, ...options })), wanted);
    });
  }
});

describe("peersOf()", () => {
  const everyone = PEERS.map(({ name }) => name);
  const cases: { what: string; options: Partial<Selection>; workload?: string; peers: string[] }[] =
    [
      { what: "every server without options", options: {}, peers: everyone },
      {
        what: "the named servers beside Mudpie and Deno.serve",
        options: { peers: ["bun"] },
        peers: ["mudpie", "deno-serve", "bun"],
      },
      {
        what: "both sides of each pair, and Deno.serve",
        options: { pairs: ["hono", "bun"] },
        peers: ["mudpie", "deno-serve", "hono", "hono-mudpie", "bun-fetch"],
      },
      {
        what: "with a workload only the sides of the pairs that have it",
        options: { pairs: ["fetch", "hono"] },
        workload: "new-connection",
        peers: ["mudpie-fetch", "deno-serve"],
      },
      {
        what: "the named servers beside the pairs",
        options: { pairs: ["fetch"], peers: ["node"] },
        workload: "json-small",
        peers: ["mudpie-fetch", "deno-serve", "node"],
      },
    ];
  for (const { what, options, workload, peers } of cases) {
    it(`selects ${what}`, () => {
      const selected = peersOf({ ...ALL, ...options }, workload);
      assertEquals(selected.map(({ name }) => name), peers);
    });
  }
});

describe("wantedPairs()", () => {
  it("selects the named pairs", () => {
    assertEquals(wantedPairs({ ...ALL, pairs: ["h3"] }).map(({ name }) => name), ["h3"]);
  });
});
