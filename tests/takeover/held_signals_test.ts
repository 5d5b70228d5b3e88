// Listeners that are held back, in worker threads: what they replace are globals of a thread.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Worker } from "node:worker_threads";
import { within } from "../support/deadline.ts";
import { canReadTests } from "../support/permissions.ts";

const MODULE = new URL("../../src/takeover/held_signals.ts", import.meta.url).href;

/** Runs code in a thread, in which `held` holds back, and returns what it notes until its end. */
async function notesOf(code: string): Promise<string[]> {
  const script = `
    import process from "node:process";
    import { HeldSignals } from ${JSON.stringify(MODULE)};
    const note = (text) => globalThis.postMessage(text);
    const { exit } = Deno;
    const held = new HeldSignals();
    const call = () => held.call(
      { report: () => note("reported") }, performance.now() + 5_000, (signal, error) => note(signal + ": " + error.message),
    );
    ${code}
    note("end");
    exit();`;
  const notes: string[] = [];
  const ended = Promise.withResolvers<void>();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  worker.on("message", (text) => notes.push(text));
  worker.on("error", ended.reject);
  worker.on("exit", () => ended.resolve());
  await within(ended.promise, "the end of the thread");
  return notes;
}

const cases: readonly { what: string; code: string; notes: string[] }[] = [
  {
    what: "calls listeners of Deno and of node:process once, those to SIGTERM alone",
    code: `
      Deno.addSignalListener("SIGTERM", () => note("Deno"));
      process.on("SIGTERM", (signal) => note("on " + signal));
      process.once("SIGTERM", () => note("once"));
      process.on("SIGINT", () => note("never"));
      await call();`,
    notes: ["Deno", "on SIGTERM", "once", "end"],
  },
  {
    what: "calls those to SIGINT where there are no others",
    code: `process.on("SIGINT", () => note("on")); await call();`,
    notes: ["on", "end"],
  },
  {
    what: "shows a listener no async context that another one has entered",
    code: `
      const { AsyncLocalStorage } = await import("node:async_hooks");
      const store = new AsyncLocalStorage();
      const listener = (name) => () => {
        note(name + " sees " + store.getStore());
        store.enterWith(name);
      };
      Deno.addSignalListener("SIGTERM", listener("first"));
      Deno.addSignalListener("SIGTERM", listener("second"));
      await call();`,
    notes: ["first sees undefined", "second sees undefined", "end"],
  },
  {
    what: "does not call what was removed",
    code: `
      const listener = () => note("never");
      Deno.addSignalListener("SIGTERM", listener);
      Deno.removeSignalListener("SIGTERM", listener);
      process.on("SIGTERM", listener);
      process.off("SIGTERM", listener);
      await call();`,
    notes: ["end"],
  },
  {
    what: "waits for the promises of listeners, and reports what they throw",
    code: `
      process.on("SIGTERM", async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        note("done");
      });
      process.on("SIGTERM", () => { throw new Error("boom"); });
      await call();`,
    notes: ["SIGTERM: boom", "done", "end"],
  },
  {
    what: "waits no longer than its time",
    code: `
      process.on("SIGTERM", () => new Promise(() => {}));
      await held.call({ report: () => {} }, performance.now(), () => {});`,
    notes: ["end"],
  },
  ...[
    { end: "Deno.exit(0)", events: ["unload"] },
    { end: "process.exit(0)", events: ["exit", "unload"] },
    { end: 'process.kill(process.pid, "SIGTERM")', events: ["unload"] },
    { end: "Deno.kill(Deno.pid)", events: ["unload"] },
  ]
    .map(({ end, events }) => ({
      what: `ends the thread after its end events and a report where a listener calls ${end}`,
      code: `
        globalThis.addEventListener("unload", () => note("unload"));
        process.on("exit", () => note("exit"));
        process.on("SIGTERM", () => { note("on"); ${end}; note("never"); });
        await call();`,
      notes: ["on", ...events, "reported"],
    })),
];

describe("HeldSignals", { ignore: !canReadTests || Deno.build.os === "windows" }, () => {
  for (const { what, code, notes } of cases) {
    it(`call() ${what}`, async () => {
      assertEquals(await notesOf(code), notes);
    });
  }
});
