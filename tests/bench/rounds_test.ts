// How long a server is warmed up.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { warmUp } from "./rounds.ts";

/** The seconds of each load that `warmUp` puts on a server that gives so many answers a second. */
async function loadsOf(answersPerSecond: number, seconds: number): Promise<number[]> {
  const loads: number[] = [];
  await warmUp((seconds) => {
    loads.push(seconds);
    return Promise.resolve({ requests: answersPerSecond * seconds });
  }, seconds);
  return loads;
}

describe("warmUp()", () => {
  it("loads a fast server once", async () => {
    assertEquals(await loadsOf(25_000, 2), [2]);
  });

  it("loads a slow server until it has given 50,000 answers", async () => {
    assertEquals(await loadsOf(24_999, 2), [2, 2]);
    assertEquals(await loadsOf(10_000, 2), [2, 2, 2]);
  });

  it("loads no server more than four times", async () => {
    assertEquals(await loadsOf(1, 3), [3, 3, 3, 3]);
  });

  it("loads no server if there is to be no warm-up", async () => {
    assertEquals(await loadsOf(10_000, 0), []);
  });
});
