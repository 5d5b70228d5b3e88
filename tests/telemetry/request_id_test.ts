// What a request is called: the name it has brought along, where that can stand in a log, or a new
// one.

import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { TEMPLATE_ID_LENGTHS } from "../../src/http1/response_encoder.ts";
import {
  idOfNumber,
  makeRequestId,
  requestIdFrom,
  WrittenId,
} from "../../src/telemetry/request_id.ts";

describe("requestIdFrom()", () => {
  const kept = [
    "7",
    "0b5a7d2e-3b1c-4f53-9d0e-5d9f6a1c2b3d",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "Root=1-67891233-abcdef012345678912345678",
    "a.b_c+d=e:f@g/h-i",
    "x".repeat(128),
  ];
  for (const id of kept) {
    it(`keeps ${id.slice(0, 50)}`, () => assertEquals(requestIdFrom(id), id));
  }

  const replaced = [
    "",
    " ",
    "a b",
    'a"b',
    "a\\b",
    "a\tb",
    "a,b",
    "a;b",
    "<b>",
    "$(id)",
    "a%0ab",
    "é",
    "\x9b2J",
    "a\x7f",
    "x".repeat(129),
  ];
  for (const id of replaced) {
    it(`makes a new one in place of ${JSON.stringify(id.slice(0, 50))}`, () => {
      assertMatch(requestIdFrom(id), /^[a-z0-9]{8}-[a-z0-9]{9}$/);
    });
  }

  it("makes one where there is none", () => {
    assertMatch(requestIdFrom(null), /^[a-z0-9]{8}-[a-z0-9]{9}$/);
  });
});

describe("makeRequestId()", () => {
  it("makes another one each time, which a log can take as it is", () => {
    const ids = Array.from({ length: 1_000 }, makeRequestId);
    assertEquals(new Set(ids).size, ids.length);
    for (const id of ids) assertEquals(requestIdFrom(id), id);
  });

  it("makes others in another process", async () => {
    if ((await Deno.permissions.query({ name: "run" })).state !== "granted") return;
    const module = JSON.stringify(import.meta.resolve("../../src/telemetry/request_id.ts"));
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", `import { makeRequestId } from ${module}; console.log(makeRequestId());`],
    }).output();
    const theirs = new TextDecoder().decode(stdout).trim();
    assertMatch(theirs, /^[a-z0-9]{8}-000000001$/);
    assertNotEquals(theirs.split("-")[0], makeRequestId().split("-")[0]);
  });
});

describe("WrittenId", () => {
  const textOf = ({ bytes, length }: WrittenId) =>
    new TextDecoder().decode(bytes.subarray(0, length));

  it("counts new names on as their numbers do, wherever a digit is carried", () => {
    const written = new WrittenId();
    // Three digits are carried together in so many names.
    for (let i = 0; i < 36 ** 3 + 1; i++) {
      const number = written.writeNew();
      assertEquals(textOf(written), idOfNumber(number));
    }
    const last = textOf(written);
    assertEquals(makeRequestId() > last, true);
  });

  it("makes names of a length for which there are ready-made heads", () => {
    const written = new WrittenId();
    written.writeNew();
    assertEquals(TEMPLATE_ID_LENGTHS.includes(written.length), true);
  });

  it("holds what was written last", () => {
    const written = new WrittenId();
    for (const id of ["a", "x".repeat(128), "7"]) {
      written.write(id);
      assertEquals(textOf(written), id);
    }
    const number = written.writeNew();
    assertEquals(textOf(written), idOfNumber(number));
    written.write("b");
    assertEquals(textOf(written), "b");
    written.writeNew();
    assertEquals(textOf(written), idOfNumber(number + 1));
  });
});
