import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { isMadeOfMemory } from "../../src/fetch/response_source.ts";

describe("isMadeOfMemory()", () => {
  const cases: { what: string; body: () => BodyInit; isOfMemory: boolean }[] = [
    { what: "text", body: () => "a", isOfMemory: true },
    { what: "bytes", body: () => new Uint8Array(1), isOfMemory: true },
    { what: "an ArrayBuffer", body: () => new ArrayBuffer(1), isOfMemory: true },
    { what: "a stream", body: () => ReadableStream.from([new Uint8Array(1)]), isOfMemory: false },
    {
      what: "a stream that has ended",
      body: () => new Response("a").body!.pipeThrough(new TransformStream()),
      isOfMemory: false,
    },
  ];
  for (const { what, body, isOfMemory } of cases) {
    it(`is ${isOfMemory} for ${what}`, async () => {
      const response = new Response(body());
      assertEquals(response.body === null, false);
      assertEquals(isMadeOfMemory(response), isOfMemory);
      await response.body?.cancel();
    });
  }
});
