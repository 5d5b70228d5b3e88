// The callbacks that a worker calls at its end: all at once, none for longer than there is time.

import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkShutdownCallback, ShutdownCallbacks } from "../../src/worker/shutdown_callbacks.ts";
import { within } from "../support/deadline.ts";

/** A time that no test comes to. */
const FAR = () => performance.now() + 60_000;

function withoutStack(lines: readonly string[]): string[] {
  return lines.map((line) => line.split("\n")[0]);
}

describe("ShutdownCallbacks", () => {
  it("call() calls all callbacks at once with the reason, and resolves when all have ended", async () => {
    const callbacks = new ShutdownCallbacks();
    const open = Promise.withResolvers<void>();
    const steps: string[] = [];
    for (const name of ["a", "b"]) {
      callbacks.add(async (reason) => {
        steps.push(`${name} begins: ${reason}`);
        await open.promise;
        steps.push(`${name} ends`);
      });
    }
    const called = callbacks.call("reload", FAR(), (line) => steps.push(line));
    assertEquals(steps, ["a begins: reload", "b begins: reload"]);
    open.resolve();
    await within(called, "callbacks that end");
    assertEquals(steps.slice(2), ["a ends", "b ends"]);
  });

  it("call() keeps what a callback enters from the other callbacks", async () => {
    const callbacks = new ShutdownCallbacks();
    const user = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    for (const name of ["a", "b"]) {
      callbacks.add(async () => {
        seen.push(user.getStore());
        user.enterWith(name);
        await undefined;
        seen.push(user.getStore());
      });
    }
    callbacks.add(() => {
      seen.push(user.getStore());
      user.enterWith("c");
      throw new Error("thrown");
    });
    await within(callbacks.call("shutdown", FAR(), () => {}), "callbacks that end");
    assertEquals([...seen, user.getStore()], [
      ...[undefined, undefined, undefined],
      ...["a", "b"],
      undefined,
    ]);
  });

  it("call() logs a callback that throws or rejects, and still waits for the others", async () => {
    const callbacks = new ShutdownCallbacks();
    const lines: string[] = [];
    callbacks.add(function closeDatabase() {
      throw new Error("it is closed already");
    });
    callbacks.add(() => Promise.reject(new Error("it broke")));
    callbacks.add(async () => {
      await new Promise((resolve) => setTimeout(resolve));
      lines.push("the third one has ended");
    });
    await within(callbacks.call("panic", FAR(), (line) => lines.push(line)), "callbacks that end");
    assertEquals(withoutStack(lines), [
      'onShutdown callback "closeDatabase" failed: Error: it is closed already',
      "onShutdown callback failed: Error: it broke",
      "the third one has ended",
    ]);
  });

  it("call() cuts off the callbacks that have not ended in time, and logs how many", async () => {
    const callbacks = new ShutdownCallbacks();
    const lines: string[] = [];
    callbacks.add(async function closeDatabase() {
      await new Promise(() => {});
    });
    callbacks.add(() => {});
    const time = performance.now() + 10;
    await within(callbacks.call("shutdown", time, (line) => lines.push(line)), "the end of time");
    assertEquals(lines.map((line) => line.replace(/\d+ ms/, "some ms")), [
      '1 of 2 onShutdown callbacks cut off after some ms: "closeDatabase"',
    ]);
  });

  it("add() throws once the callbacks have been called", async () => {
    const callbacks = new ShutdownCallbacks();
    await callbacks.call("shutdown", FAR(), () => {});
    assertThrows(() => callbacks.add(() => {}), TypeError, "Cannot add an onShutdown callback");
  });

  it("checkShutdownCallback() throws a TypeError for a value that is no function", () => {
    assertThrows(
      () => checkShutdownCallback(7),
      TypeError,
      "Cannot add an onShutdown callback of type number: it must be a function",
    );
  });
});
