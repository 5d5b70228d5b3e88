// The promise that calls of reload() share.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ReloadRequest } from "../../src/supervisor/reload_request.ts";

describe("ReloadRequest", () => {
  it("begins one reload for all calls of a turn, and another one for a later call", async () => {
    let begun = 0;
    const request = new ReloadRequest(() => begun++);
    const promise = request.ask();
    assert(request.ask() === promise);
    assertEquals(begun, 0);
    await Promise.resolve();
    assertEquals(begun, 1);
    assert(request.ask() === promise, "a call during a reload waits for its end");
    await Promise.resolve();
    assertEquals(begun, 2);
    request.resolve();
    await promise;
    assert(request.ask() !== promise);
  });

  it("rejects with the reason for which the reload failed", async () => {
    const request = new ReloadRequest(() => {});
    const promise = request.ask();
    request.reject("a mistake");
    await assertRejects(() => promise, Error, "The reload failed: a mistake");
    request.reject("nothing waits for it");
  });
});
