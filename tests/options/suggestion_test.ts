import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { editDistance, ownNameOf, suggest } from "../../src/options/suggestion.ts";

describe("suggest()", () => {
  const flags = ["port", "hostname", "workers", "max-body-bytes", "max-head-bytes", "watch"];
  const cases = [
    { word: "prot", meant: "port" },
    { word: "worker", meant: "workers" },
    { word: "max-bodybytes", meant: "max-body-bytes" },
    { word: "maxBodyBytes", meant: "max-body-bytes" },
    { word: "host", meant: "hostname" },
    { word: "wacth", meant: "watch" },
    { word: "zzz", meant: undefined },
    { word: "", meant: undefined },
  ];
  for (const { word, meant } of cases) {
    it(`takes ${JSON.stringify(word)} for ${meant ?? "nothing that there is"}`, () => {
      assertEquals(suggest(word, flags), meant);
    });
  }

  it("knows nothing where there is nothing", () => assertEquals(suggest("port", []), undefined));
});

describe("editDistance()", () => {
  const cases = [
    { from: "", to: "", distance: 0 },
    { from: "abc", to: "", distance: 3 },
    { from: "", to: "abc", distance: 3 },
    { from: "abc", to: "abd", distance: 1 },
    { from: "abc", to: "acb", distance: 1 },
    { from: "abc", to: "xabc", distance: 1 },
    { from: "kitten", to: "sitting", distance: 3 },
  ];
  for (const { from, to, distance } of cases) {
    it(`is ${distance} from ${JSON.stringify(from)} to ${JSON.stringify(to)}`, () => {
      assertEquals(editDistance(from, to), distance);
    });
  }
});

describe("ownNameOf()", () => {
  const names = ["port", "workers", "watch"];
  for (const word of ["parallel", "threads", "processes", "instances"]) {
    it(`returns "workers" for ${JSON.stringify(word)}`, () => {
      assertEquals(ownNameOf(word, names), "workers");
    });
  }

  it("returns undefined for a word that no other server uses", () => {
    assertEquals(ownNameOf("prot", names), undefined);
    assertEquals(ownNameOf("constructor", names), undefined);
  });

  it("returns undefined when the option cannot be used here", () => {
    assertEquals(ownNameOf("reload", names), "watch");
    assertEquals(ownNameOf("reload", ["port"]), undefined);
  });
});
