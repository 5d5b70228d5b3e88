import { assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { hashStep, ROOT, RouteTrie } from "../../src/routing/route_trie.ts";

/** Looks a segment up as the router does. */
function literal(trie: RouteTrie, node: number, text: string): number {
  const path = `/${text}/`;
  let hash = 0;
  for (const character of text) hash = hashStep(hash, character.charCodeAt(0));
  return trie.literal(node, hash, path, 1, 1 + text.length);
}

describe("RouteTrie", () => {
  it("has no nodes but the root at first", () => {
    const trie = new RouteTrie();
    assertEquals([literal(trie, ROOT, "a"), trie.parameter(ROOT)], [0, 0]);
    assertEquals([trie.exact(ROOT), trie.prefix(ROOT)], [0, 0]);
  });

  it("leads from a node by a literal segment, and by a parameter", () => {
    const trie = new RouteTrie();
    const a = trie.addLiteral(ROOT, "a");
    const parameter = trie.addParameter(ROOT);
    assertNotEquals(a, parameter);
    assertEquals([literal(trie, ROOT, "a"), trie.parameter(ROOT)], [a, parameter]);
    assertEquals([literal(trie, ROOT, "b"), literal(trie, a, "a"), trie.parameter(a)], [0, 0, 0]);
  });

  it("returns the node that is there already", () => {
    const trie = new RouteTrie();
    assertEquals(trie.addLiteral(ROOT, "a"), trie.addLiteral(ROOT, "a"));
    assertEquals(trie.addParameter(ROOT), trie.addParameter(ROOT));
  });

  it("tells segments of the same hash apart", () => {
    const trie = new RouteTrie();
    const one = trie.addLiteral(ROOT, "Aa");
    const other = trie.addLiteral(ROOT, "BB");
    assertNotEquals(one, other);
    assertEquals([literal(trie, ROOT, "Aa"), literal(trie, ROOT, "BB")], [one, other]);
  });

  it("takes a literal segment that hashes as a parameter does for no parameter", () => {
    const trie = new RouteTrie();
    const parameter = trie.addParameter(ROOT);
    assertEquals(literal(trie, ROOT, ""), 0);
    const empty = trie.addLiteral(ROOT, "");
    assertNotEquals(empty, parameter);
    assertEquals([literal(trie, ROOT, ""), trie.parameter(ROOT)], [empty, parameter]);
  });

  it("keeps the numbers of its nodes while it grows", () => {
    const trie = new RouteTrie();
    const texts = Array.from({ length: 1_000 }, (_, number) => `item-${number}`);
    trie.setPrefix(ROOT, 7);
    texts.forEach((text, index) => {
      const node = trie.addLiteral(ROOT, text);
      trie.setExact(node, index + 1);
      trie.setPrefix(trie.addLiteral(node, "edit"), index + 2);
    });
    assertEquals(trie.prefix(ROOT), 7);
    texts.forEach((text, index) => {
      const node = literal(trie, ROOT, text);
      assertEquals(trie.exact(node), index + 1);
      assertEquals(trie.prefix(literal(trie, node, "edit")), index + 2);
    });
  });
});
