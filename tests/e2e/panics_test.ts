// What happens when a handler panics, or a worker ends without a word: its client gets a 500 where there is one to give,
// and everybody is served, by a worker with another number.

import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { RunOptions, WebServerOptions } from "../../mod.ts";
import { eventually } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { get } from "../support/clients/raw_client.ts";
import { describeEachWay, startApp, type StartedApp } from "../support/servers/started_app.ts";

/** The number of the only worker. */
async function workerOf(app: StartedApp): Promise<number> {
  return Number(/^mudpie:(\d+)$/.exec((await app.get("/worker")).text)?.[1]);
}

describeEachWay((way) => {
  const start = (name: string, run: RunOptions = {}, server: WebServerOptions = {}) =>
    startApp(name, { app: { server }, run: { ...way, ...run } });

  const inHandlers = [
    { what: "throws", target: "/throw", error: /a secret of the handler/ },
    { what: "rejects", target: "/reject", error: /a secret of the handler/ },
    {
      what: "throws where console.error does, too",
      target: "/unlogged",
      error: /a secret of the handler/,
    },
    {
      what: "answers with nothing",
      target: "/nothing",
      error: /returned a value of type undefined/,
    },
  ];
  for (const { what, target, error } of inHandlers) {
    it(`answers 500 for a handler that ${what}, and replaces the worker`, async () => {
      await using app = await start("panics.ts");
      const worker = await workerOf(app);
      const response = await app.get(target);
      assertEquals([response.status, response.text], [500, "Internal Server Error"]);

      const panicked = await app.events.find("panicked");
      assertEquals(panicked.worker, worker);
      assertMatch(panicked.error, error);
      assertEquals((await app.events.find("replacing")).cause, "panic");
      const ended = await app.events.find("ended");
      assertEquals([ended.worker, ended.cause], [worker, "panic"]);
      assertMatch(ended.detail, error);
      assertEquals(await workerOf(app), worker + 1);
    });
  }

  const outsideOfHandlers = [
    { what: "a promise that nobody awaits rejects", target: "/floating", error: /nobody awaits/ },
    { what: "a timer throws", target: "/timer", error: /secret of the timer/ },
  ];
  for (const { what, target, error } of outsideOfHandlers) {
    it(`replaces a worker in which ${what}`, async () => {
      await using app = await start("panics.ts");
      const worker = await workerOf(app);
      assertEquals((await app.get(target)).text, "answered");
      assertMatch((await app.events.find("panicked")).error, error);
      const ended = await app.events.find("ended");
      assertEquals([ended.worker, ended.cause], [worker, "panic"]);
      assertEquals(await workerOf(app), worker + 1);
    });
  }

  it("serves the same client's next request after a panic", async () => {
    await using app = await start("panics.ts");
    using httpClient = Deno.createHttpClient({});
    const ask = async (target: string) => {
      const response = await fetch(`http://127.0.0.1:${app.port}${target}`, { client: httpClient });
      return { status: response.status, text: await response.text() };
    };
    const before = await ask("/worker");
    assertEquals((await ask("/throw")).status, 500);
    assertEquals((await ask("/worker")).status, 200);
    await app.events.find("ended");
    const after = await ask("/worker");
    assertEquals(after.status, 200);
    assert(after.text !== before.text, `both answers are of ${after.text}`);
  });

  it("has the replacement accept before the worker that panicked goes", async () => {
    await using app = await start("panics.ts");
    const from = app.events.all.length;
    await app.get("/throw");
    await app.events.find("ended");
    const kinds = app.events.all.slice(from).map(({ kind }) => kind);
    assertEquals(kinds, ["panicked", "replacing", "accepting", "draining", "ended"]);
  });

  it("lets a worker that panicked finish its other requests", async () => {
    await using app = await start("panics.ts");
    using gate = new Gate();
    using slow = await app.connect();
    await slow.send(get(`/gate/${gate.port}`));
    const visitor = await gate.reached();
    const worker = await workerOf(app);
    assertEquals((await app.get("/throw")).status, 500);
    await app.events.find("draining");
    assertEquals(await workerOf(app), worker + 1);
    await visitor.open("finished");
    const response = await slow.readResponse();
    assertEquals([response.status, response.text], [200, "finished"]);
    assertEquals(response.headers.get("connection"), "close");
    await slow.assertEnded();
    slow[Symbol.dispose]();
    assertEquals((await app.events.find("ended")).worker, worker);
  });

  it("answers every panic of many at once, and counts them", async () => {
    await using app = await start("panics.ts", { workers: 2 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => app.get("/throw")));
    assertEquals(answers.map(({ status }) => status), Array(20).fill(500));
    await eventually(() => app.running.stats().total.panics === 20, "20 panics that are counted");
    assertEquals((await app.get("/worker")).status, 200);
    const { workers, replacements } = app.running.stats();
    assert(workers.length <= 4, `there are ${workers.length} workers, and 2 are wanted`);
    assert((replacements.panic ?? 0) >= 1);
  });

  it("keeps a worker that panics with onPanic keep", async () => {
    await using app = await start("panics.ts", {}, { onPanic: "keep" });
    const worker = await workerOf(app);
    using client = await app.connect();
    for (const target of ["/throw", "/reject", "/nothing"]) {
      const response = await client.ask(get(target));
      assertEquals([response.status, response.headers.get("connection")], [500, null]);
    }
    for (const target of ["/floating", "/timer"]) {
      assertEquals((await client.ask(get(target))).status, 200);
    }
    await eventually(() => app.running.stats().total.panics === 5, "5 panics that are counted");
    assertEquals(await workerOf(app), worker);
    assertFalse(app.events.all.some(({ kind }) => kind === "panicked" || kind === "replacing"));
  });

  it("takes nothing that a handler posts for a word of the worker", async () => {
    await using app = await start("panics.ts");
    const worker = await workerOf(app);
    const { length } = app.events.all;
    assertEquals((await app.get("/post")).text, "posted");
    // What comes from a worker comes in order.
    assertEquals((await app.get("/throw")).status, 500);
    assertEquals((await app.events.find("panicked")).worker, worker);
    assertEquals(app.events.all[length].kind, "panicked");
  });

  for (const target of ["/close", "/exit"]) {
    it(`replaces a worker that ends without a word (${target})`, async () => {
      await using app = await start("leaves.ts");
      const worker = await workerOf(app);
      using client = await app.connect();
      await client.send(get(target));
      const ended = await app.events.find("ended");
      assertEquals([ended.worker, ended.cause], [worker, "crash"]);
      await app.events.find("accepting", (event) => event.worker === worker + 1);
      assertEquals(await workerOf(app), worker + 1);
      assertEquals(app.running.stats().replacements, { crash: 1 });
      assert(app.lines.some((line) => line.includes(`worker ${worker}: ended (crash)`)));
    });
  }

  it("goes on with the other workers when one ends without a word", async () => {
    await using app = await start("leaves.ts", { workers: 2 });
    using client = await app.connect();
    const { text } = await client.ask(get("/worker"));
    await client.send(get("/exit"));
    const ended = await app.events.find("ended");
    assertEquals(`mudpie:${ended.worker}`, text);
    assertEquals((await app.get("/worker")).status, 200);
  });
});
