import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  CapturedContext,
  createAbortController,
  keepContext,
  queueMicrotask,
} from "../../src/runtime/async_context.ts";

const user = new AsyncLocalStorage<string>();

describe("queueMicrotask()", () => {
  it("runs the callback in the context of its caller, and restores it afterwards", async () => {
    await user.run("alice", async () => {
      const seen: unknown[] = [];
      queueMicrotask(() => {
        seen.push(user.getStore());
        user.enterWith("mallory");
      });
      await undefined;
      assertEquals([...seen, user.getStore()], ["alice", "alice"]);
    });
  });
});

describe("CapturedContext", () => {
  it("run() calls a function in the context in which the object was made", () => {
    const context = user.run("alice", () => new CapturedContext());
    user.run("bob", () => {
      assertEquals(context.run(() => user.getStore()), "alice");
      assertEquals(user.getStore(), "bob");
    });
  });

  it("run() restores the caller's context, even if the function throws", () => {
    const context = new CapturedContext();
    user.run("bob", () => {
      assertThrows(
        () =>
          context.run(() => {
            user.enterWith("mallory");
            throw new Error("thrown");
          }),
        Error,
        "thrown",
      );
      assertEquals(user.getStore(), "bob");
    });
  });
});

describe("keepContext()", () => {
  it("calls a function in the context of the caller, and restores that afterwards", () => {
    user.run("bob", () => {
      const seen = keepContext(() => {
        const found = user.getStore();
        user.enterWith("mallory");
        return found;
      });
      assertEquals([seen, user.getStore()], ["bob", "bob"]);
    });
  });
});

describe("createAbortController()", () => {
  it("calls the listeners in the context of its caller, and restores that of who aborts", () => {
    const controller = user.run("alice", () => createAbortController());
    const seen: unknown[] = [];
    controller.signal.addEventListener("abort", () => {
      seen.push(user.getStore());
      user.enterWith("mallory");
    });
    user.run("bob", () => {
      controller.abort("a reason");
      assertEquals([...seen, user.getStore()], ["alice", "bob"]);
    });
    assertEquals(controller.signal.reason, "a reason");
  });
});
