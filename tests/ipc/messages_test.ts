import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { messageIn } from "../../src/ipc/messages.ts";

describe("messageIn()", () => {
  it("returns what the library in a worker has posted", () => {
    const message = { kind: "loaded", lock: "mudpie 1" } as const;
    assertEquals(messageIn({ mudpie: message }), message);
  });

  for (const post of [undefined, null, "mudpie", 1, [], {}, { kind: "loaded", lock: "mudpie 1" }]) {
    it(`returns undefined for what the application posts, such as ${JSON.stringify(post)}`, () => {
      assertEquals(messageIn(post), undefined);
    });
  }
});
