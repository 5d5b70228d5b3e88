// The restart policy: tables of deaths, with a number for a clock.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  FIRST_GAP_DELAY_MS,
  FIRST_PANIC_DELAY_MS,
  RestartPolicy,
  YOUNG_MS,
} from "../../src/supervisor/restart_policy.ts";

/** No chance: delays are the whole of what they can be. */
const NO_JITTER = () => 0;

/** Notes deaths of workers that were spawned a moment after the one before them died; returns the delays. */
function delaysAfter(
  deaths: number,
  livedMs = 0,
  random: () => number = NO_JITTER,
  firstDelayMs = FIRST_GAP_DELAY_MS,
): number[] {
  const policy = new RestartPolicy(firstDelayMs, random);
  const delays: number[] = [];
  let now = 0;
  for (let i = 0; i < deaths; i++) {
    const spawnedAt = now;
    now += livedMs + 1;
    policy.noteDeath(spawnedAt, livedMs, now);
    delays.push(Math.max(0, policy.notBefore - now));
    now = Math.max(now, policy.notBefore);
  }
  return delays;
}

describe("RestartPolicy", () => {
  it("lets the first worker start at once", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    assert(policy.notBefore <= 0);
    assertEquals(policy.consecutiveFailures, 0);
  });

  it("lets the first replacement start at once and delays those behind it, twice as long each time", () => {
    assertEquals(delaysAfter(6), [0, 100, 200, 400, 800, 1_600]);
  });

  it("delays longer for panics, which leave no gap", () => {
    const delays = delaysAfter(8, 0, NO_JITTER, FIRST_PANIC_DELAY_MS);
    assertEquals(delays, [0, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  it("says whether one death has followed on another", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    policy.noteDeath(0, 10, 10);
    assertEquals(policy.isRecurring, false);
    policy.noteDeath(20, 10, 30);
    assertEquals(policy.isRecurring, true);
  });

  it("bounds the delay", () => {
    assertEquals(delaysAfter(30).slice(-20), Array(20).fill(10_000));
  });

  it("shortens delays by chance, by a quarter at the most", () => {
    assertEquals(delaysAfter(4, 0, () => 0.5), [0, 87.5, 175, 350]);
    const least = delaysAfter(12, 0, () => 0.999_999).slice(-1)[0];
    assert(least > 7_499 && least < 7_501, `${least}`);
  });

  it("does not count a worker that lived long enough to show that it can", () => {
    assertEquals(delaysAfter(6, YOUNG_MS), Array(6).fill(0));
    assertEquals(delaysAfter(3, YOUNG_MS / 2), [0, 100, 200]);
  });

  it("does not hold the death of an old worker against the young ones", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    const now = 10 * YOUNG_MS;
    policy.noteDeath(now - 20, 10, now);
    policy.noteDeath(now + 1, 0, now + 2);
    assertEquals([policy.consecutiveFailures, policy.notBefore], [2, now + 102]);
    policy.noteDeath(now + 3, YOUNG_MS, now + 3 + YOUNG_MS);
    policy.noteDeath(now + 4, YOUNG_MS, now + 4 + YOUNG_MS);
    assertEquals(policy.notBefore, now + 102);
  });

  it("begins a new count when nobody has died young for a while", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    for (let i = 0; i < 5; i++) policy.noteDeath(i, 0, i);
    assertEquals(policy.consecutiveFailures, 5);
    const later = 4 + YOUNG_MS + 1;
    policy.noteDeath(later - 10, 0, later);
    assertEquals([policy.consecutiveFailures, policy.notBefore], [1, later]);
  });

  it("counts workers that were spawned together and die of the same cause once", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    for (let worker = 0; worker < 10; worker++) policy.noteDeath(0, 0, 5 + worker);
    assertEquals([policy.consecutiveFailures, policy.notBefore], [1, 5]);
    for (let worker = 0; worker < 10; worker++) policy.noteDeath(20, 0, 30 + worker);
    assertEquals([policy.consecutiveFailures, policy.notBefore], [2, 130]);
  });

  it("feels its way after a failure, until a worker has come up", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    assert(!policy.isProbing);
    policy.noteDeath(0, 0, 1);
    assert(policy.isProbing);
    policy.noteAccepting();
    assert(!policy.isProbing);
    policy.noteDeath(2, 0, 3);
    assert(!policy.isProbing);
  });

  it("gives up after three rounds in which no worker came up", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    for (let round = 0; round < 3; round++) {
      assert(!policy.isHopeless, `hopeless after ${round} rounds`);
      policy.noteDeath(round, 0, round);
    }
    assert(policy.isHopeless);
  });

  it("never gives up when a worker has come up once", () => {
    const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, NO_JITTER);
    policy.noteAccepting();
    for (let i = 0; i < 100; i++) policy.noteDeath(i, 0, i);
    assert(!policy.isHopeless);
    assert(policy.notBefore <= 99 + 10_000);
  });

  it("never delays for longer than its bound, whatever dies when", () => {
    const death = fc.record({
      pauseMs: fc.integer({ min: 0, max: 100_000 }),
      ageMs: fc.integer({ min: 0, max: 100_000 }),
      livedShare: fc.double({ min: 0, max: 1, noNaN: true }),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(fc.property(fc.array(death), (deaths) => {
      let chance = 0;
      const policy = new RestartPolicy(FIRST_GAP_DELAY_MS, () => chance);
      let now = 0;
      for (const { pauseMs, ageMs, livedShare, chance: nextChance } of deaths) {
        chance = nextChance;
        now += pauseMs;
        policy.noteDeath(now - ageMs, ageMs * livedShare, now);
        const delayMs = policy.notBefore - now;
        assert(delayMs <= 10_000, `a delay of ${delayMs} ms`);
      }
    }));
  });
});
