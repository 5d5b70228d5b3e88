// What handlers give to waitUntil(): observed at once, waited for at the end, logged when it fails or does not finish.

import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BackgroundTasks } from "../../src/connection/background_tasks.ts";
import { within } from "../support/deadline.ts";
import { parsedRequest } from "../support/requests/socketless_exchange.ts";
import { notSent, unwanted } from "../../src/handler/client_gone.ts";

/** Tasks, and the lines that were logged of them. */
function makeTasks(): { tasks: BackgroundTasks; lines: string[] } {
  const lines: string[] = [];
  return { tasks: new BackgroundTasks("worker 3", (line) => lines.push(line)), lines };
}

/** A time that no test comes to. */
const FAR = () => performance.now() + 60_000;

const orders = () => parsedRequest({ method: "POST", target: "/orders?a=b" });

describe("BackgroundTasks", () => {
  it("settleUntil() resolves at once if there is no work", async () => {
    const { tasks, lines } = makeTasks();
    await within(tasks.settleUntil(FAR()), "tasks that settle");
    assertEquals(lines, []);
  });

  it("settleUntil() waits for every promise, and for those that are added meanwhile", async () => {
    const { tasks } = makeTasks();
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    tasks.add(first.promise, orders());
    let hasSettled = false;
    const settled = tasks.settleUntil(FAR()).then(() => {
      hasSettled = true;
    });
    first.promise.then(() => tasks.add(second.promise, orders()));
    first.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(hasSettled, false);
    second.resolve();
    await within(settled, "tasks that settle");
  });

  it("settleUntil() keeps what a request entered from the code that waits", async () => {
    const { tasks } = makeTasks();
    const user = new AsyncLocalStorage<string>();
    const work = Promise.withResolvers<void>();
    user.run("alice", () => tasks.add(work.promise, orders()));
    const settled = tasks.settleUntil(FAR()).then(() => user.getStore());
    user.run("bob", () => work.resolve());
    assertEquals(await within(settled, "tasks that settle"), undefined);
  });

  it("settleUntil() resolves when its time is over", async () => {
    const { tasks, lines } = makeTasks();
    tasks.add(new Promise(() => {}), orders());
    await within(tasks.settleUntil(performance.now() + 1), "tasks whose time is over");
    await within(tasks.settleUntil(performance.now() - 1), "tasks whose time was over");
    assertEquals(lines, []);
  });

  for (const value of [undefined, 7, "text", { then: 1 }, () => {}]) {
    it(`add() accepts ${Deno.inspect(value)} for work that is done`, async () => {
      const { tasks, lines } = makeTasks();
      tasks.add(value, orders());
      await within(tasks.settleUntil(FAR()), "tasks that settle");
      tasks.logUnfinished(performance.now());
      assertEquals(lines, []);
    });
  }

  it("add() leaves nothing to wait for when it throws for a promise whose properties throw", async () => {
    const { tasks, lines } = makeTasks();
    const promise = Object.defineProperty(Promise.resolve(), "constructor", {
      get() {
        throw new Error("a getter");
      },
    });
    assertThrows(() => tasks.add(promise, orders()), Error, "a getter");
    await within(tasks.settleUntil(FAR()), "tasks that settle");
    tasks.logUnfinished(performance.now());
    assertEquals(lines, []);
  });

  it("add() waits for an object with a then() as for a promise", async () => {
    const { tasks, lines } = makeTasks();
    const query = {
      then(_resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        reject(new Error("no table"));
      },
    };
    tasks.add(query, orders());
    await within(tasks.settleUntil(FAR()), "tasks that settle");
    assertMatch(
      lines.join(),
      /^worker 3: waitUntil\(\) rejected in POST \/orders\?a=b: Error: no table/,
    );
  });

  it("add() logs a rejection with the request, and its id if it has one", async () => {
    const { tasks, lines } = makeTasks();
    const request = parsedRequest({ fields: [["Host", "a"], ["X-Request-Id", "abc"]] });
    assertEquals(request.id, "abc");
    tasks.add(Promise.reject(new Error("no mail server")), request);
    await tasks.settleUntil(FAR());
    assertMatch(
      lines.join(),
      /^worker 3: waitUntil\(\) rejected in GET \/ \(request id abc\): Error: no mail/,
    );
  });

  it("add() logs the first rejections of a second whole, and the others without a stack", async () => {
    const { tasks, lines } = makeTasks();
    for (let i = 0; i < 12; i++) tasks.add(Promise.reject(new Error("it broke")), orders());
    await tasks.settleUntil(FAR());
    assertEquals(lines.map((line) => line.includes("\n")), [
      ...new Array(10).fill(true),
      false,
      false,
    ]);
    assertMatch(lines[11], /: Error: it broke \(its stack is left out: more than 10 of these in a/);
  });

  for (const error of [notSent(), unwanted()]) {
    it(`add() does not log the rejection "${error}", with which only a client has gone`, async () => {
      const { tasks, lines } = makeTasks();
      tasks.add(Promise.reject(error), orders());
      await within(tasks.settleUntil(FAR()), "tasks that settle");
      assertEquals(lines, []);
    });
  }

  it("logUnfinished() names the requests of what has not settled, and how long it has taken", () => {
    const { tasks, lines } = makeTasks();
    tasks.add(new Promise(() => {}), orders());
    tasks.logUnfinished(performance.now() + 1_000);
    tasks.add(new Promise(() => {}), parsedRequest({ target: "/b" }));
    tasks.logUnfinished(performance.now() + 1_000);
    assertEquals(lines.map((line) => line.replaceAll(/after 1\d\d\d ms/g, "after 1 s")), [
      "worker 3: 1 promise given to waitUntil() has not settled and is cut off: " +
      "POST /orders?a=b after 1 s",
      "worker 3: 2 promises given to waitUntil() have not settled and are cut off: " +
      "POST /orders?a=b after 1 s, GET /b after 1 s",
    ]);
  });

  it("logUnfinished() names ten requests at the most", () => {
    const { tasks, lines } = makeTasks();
    for (let i = 0; i < 12; i++) tasks.add(new Promise(() => {}), orders());
    tasks.logUnfinished(performance.now());
    assertEquals(lines.join().split(", ").length, 11);
    assertMatch(lines.join(), /, 2 more$/);
  });

  it("settleUntil() waits for the end of a stream, and logUnfinished() names one that has not ended", async () => {
    const { tasks, lines } = makeTasks();
    const ending = Promise.withResolvers<void>();
    tasks.addEnding(ending.promise, orders());
    await within(tasks.settleUntil(performance.now() + 1), "tasks whose time is over");
    tasks.logUnfinished(performance.now());
    assertEquals(lines.length, 1);
    assertMatch(
      lines[0],
      /^worker 3: the source of 1 streamed body has not ended and is cut off: POST \/orders\?a=b after \d+ ms$/,
    );
    ending.resolve();
    await within(tasks.settleUntil(FAR()), "tasks that settle");
    tasks.logUnfinished(performance.now());
    assertEquals(lines.length, 1);
  });
});
