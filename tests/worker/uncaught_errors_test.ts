// The errors that go uncaught in a worker. Events of the same form as the runtime's are dispatched.

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { watchForUncaught } from "../../src/worker/uncaught_errors.ts";
import { eventually } from "../support/deadline.ts";
import { settle } from "../support/connections/fake_conn.ts";

const IGNORED = new Error("a client has gone");

describe("watchForUncaught()", () => {
  let seen: [during: string, error: unknown][];
  let stop: () => void;

  beforeEach(() => {
    seen = [];
    stop = watchForUncaught(
      (during, error) => seen.push([during, error]),
      (reason) => reason === IGNORED,
    );
  });
  afterEach(() => stop());

  function dispatchError(error: unknown): Event {
    const event = new ErrorEvent("error", { error, message: "message", cancelable: true });
    globalThis.dispatchEvent(event);
    return event;
  }

  function dispatchRejection(reason: unknown): Event {
    const promise = Promise.reject(reason);
    promise.catch(() => {});
    const event = new PromiseRejectionEvent("unhandledrejection", {
      promise,
      reason,
      cancelable: true,
    });
    globalThis.dispatchEvent(event);
    return event;
  }

  it("reports an error, and keeps the runtime from ending the thread", async () => {
    const error = new Error("a");
    const event = dispatchError(error);
    await settle();
    assertEquals(seen, [["outside of any request", error]]);
    assert(event.defaultPrevented);
  });

  it("reports the message if the event has no error", async () => {
    dispatchError(null);
    await settle();
    assertEquals(seen, [["outside of any request", "message"]]);
  });

  it("reports a rejection", async () => {
    const reason = new Error("a");
    dispatchRejection(reason);
    await eventually(() => seen.length > 0, "the report");
    assertEquals(seen, [["in a promise that nobody awaits", reason]]);
  });

  it("does not report a rejection with an ignored reason", async () => {
    const event = dispatchRejection(IGNORED);
    assert(event.defaultPrevented);
    dispatchRejection("next");
    await eventually(() => seen.length > 0, "the report of the next rejection");
    assertEquals(seen.map(([, error]) => error), ["next"]);
  });

  it("does not report what a later listener handles", async () => {
    const handle = (event: Event) => event.preventDefault();
    globalThis.addEventListener("error", handle);
    const event = dispatchError(new Error("a"));
    globalThis.removeEventListener("error", handle);
    await settle();
    assertEquals(seen, []);
    assert(event.defaultPrevented);
  });

  it("does not report a rejection that a listener of node:process handles", async () => {
    const handled: unknown[] = [];
    const handle = (reason: unknown) => handled.push(reason);
    process.on("unhandledRejection", handle);
    dispatchRejection("a");
    await eventually(() => handled.length > 0, "the listener's call");
    process.off("unhandledRejection", handle);
    await settle();
    assertEquals([handled, seen], [["a"], []]);
  });

  it("reports what a listener of node:process throws", async () => {
    const failure = new Error("in the listener");
    const handle = () => {
      throw failure;
    };
    process.on("unhandledRejection", handle);
    dispatchRejection("a");
    await eventually(() => seen.length > 0, "the report");
    process.off("unhandledRejection", handle);
    assertEquals(seen, [["in a listener of node:process", failure]]);
  });

  it("reports nothing after the watch has stopped", async () => {
    stop();
    const keep = (event: Event) => event.preventDefault();
    globalThis.addEventListener("error", keep);
    dispatchError(new Error("a"));
    globalThis.removeEventListener("error", keep);
    await settle();
    assertEquals(seen, []);
  });
});
