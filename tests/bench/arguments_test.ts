// What the benchmark can be told, and what it says to what it does not understand.

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { parseArguments } from "./arguments.ts";

const known = {
  workloads: ["hello", "start"],
  peers: ["mudpie", "bun"],
  pairs: ["own", "fetch"],
};

describe("parseArguments()", () => {
  it("without arguments everything is measured, in five rounds of three seconds", () => {
    assertEquals(parseArguments([], known), {
      workloads: undefined,
      peers: undefined,
      pairs: undefined,
      other: undefined,
      rounds: 5,
      seconds: 3,
      warmUpSeconds: 2,
      isList: false,
    });
  });

  it("each option is read", () => {
    const args = [
      "--workloads=start,hello",
      "--peers=bun",
      "--pairs=fetch",
      "--rounds=9",
      "--seconds=1",
      "--warm-up=0",
    ];
    assertEquals(parseArguments([...args, "--other=/tmp/other", "--list"], known), {
      workloads: ["start", "hello"],
      peers: ["bun"],
      pairs: ["fetch"],
      other: "/tmp/other",
      rounds: 9,
      seconds: 1,
      warmUpSeconds: 0,
      isList: true,
    });
  });

  const refusals = [
    { argument: "--workloads=hello,goodbye", message: '"goodbye"; there are hello, start' },
    { argument: "--peers=nginx", message: '"nginx"; there are mudpie, bun' },
    { argument: "--pairs=hono", message: '"hono"; there are own, fetch' },
    { argument: "--rounds=0", message: "--rounds must be a whole number from 1 on" },
    { argument: "--rounds=1.5", message: "--rounds must be a whole number from 1 on" },
    { argument: "--seconds=soon", message: "--seconds must be a whole number from 1 on" },
    { argument: "--warm-up=-1", message: "--warm-up must be a whole number from 0 on" },
    { argument: "--fast", message: 'Cannot understand "--fast"' },
    { argument: "hello", message: 'Cannot understand "hello"' },
  ];
  for (const { argument, message } of refusals) {
    it(`${argument} is refused, with what is right`, () => {
      assertThrows(() => parseArguments([argument], known), Error, message);
    });
  }
});
