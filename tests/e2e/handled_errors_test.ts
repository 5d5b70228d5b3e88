// What the application handles by itself is no panic, however it does it, and whenever it begins to.

import { assertEquals, assertMatch } from "@std/assert";
import { it } from "@std/testing/bdd";
import type { HandlesErrorsOptions, Handling } from "../support/apps/handles_errors.ts";
import {
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

type When = HandlesErrorsOptions["when"];

const MOMENTS: When[] = ["before run()", "after run()"];

interface Case {
  how: Handling;
  target: string;
  heard: string[];
}

const handled: Case[] = [
  {
    how: "listeners that prevent the default",
    target: "/timer",
    heard: ["error, prevented false: of a timer"],
  },
  {
    how: "listeners that prevent the default",
    target: "/floating",
    heard: ["unhandledrejection, prevented false: of a promise"],
  },
  {
    how: "listeners for one event",
    target: "/timer",
    heard: ["error, prevented false: of a timer"],
  },
  {
    how: "listeners for one event",
    target: "/floating",
    heard: ["unhandledrejection, prevented false: of a promise"],
  },
  {
    how: "onerror and onunhandledrejection",
    target: "/timer",
    heard: ["onerror: of a timer"],
  },
  {
    how: "onerror and onunhandledrejection",
    target: "/floating",
    heard: ["unhandledrejection, prevented false: of a promise"],
  },
  {
    how: "uncaughtException",
    target: "/timer",
    heard: ["uncaughtException, uncaughtException: of a timer"],
  },
  {
    how: "uncaughtException",
    target: "/floating",
    heard: ["uncaughtException, unhandledRejection: of a promise"],
  },
  {
    how: "uncaughtException",
    target: "/floating-text",
    heard: [
      'uncaughtException, unhandledRejection: A promise that nothing awaits was rejected with "a text"',
    ],
  },
  {
    how: "uncaughtException and unhandledRejection",
    target: "/timer",
    heard: ["uncaughtException: of a timer"],
  },
  {
    how: "uncaughtException and unhandledRejection",
    target: "/floating",
    heard: ["unhandledRejection: of a promise"],
  },
  { how: "both once", target: "/timer", heard: ["uncaughtException: of a timer"] },
  { how: "both once", target: "/floating", heard: ["unhandledRejection: of a promise"] },
];

const unhandled: (Omit<Case, "heard"> & { error: RegExp; heard?: string[] })[] = [
  { how: "nothing", target: "/timer", error: /of a timer/ },
  { how: "nothing", target: "/floating", error: /of a promise/ },
  {
    how: "listeners that only look",
    target: "/timer",
    error: /of a timer/,
    heard: ["error: of a timer"],
  },
  {
    how: "listeners that only look",
    target: "/floating",
    error: /of a promise/,
    heard: ["unhandledrejection: of a promise"],
  },
  {
    how: "uncaughtExceptionMonitor",
    target: "/timer",
    error: /of a timer/,
    heard: ["monitor, uncaughtException: of a timer"],
  },
  {
    how: "uncaughtExceptionMonitor",
    target: "/floating",
    error: /of a promise/,
    heard: ["monitor, unhandledRejection: of a promise"],
  },
  {
    how: "an unhandledRejection listener that throws",
    target: "/floating",
    error: /a listener that throws/,
  },
];

describeEachWay((way) => {
  async function start(
    how: Handling,
    when: When,
    onPanic: "replace" | "keep" = "replace",
  ): Promise<StartedApp> {
    const app: HandlesErrorsOptions = { how, when, server: { onPanic } };
    const started = await startApp("handles_errors.ts", { app, run: { ...way } });
    if (when === "after run()") await started.get("/listen");
    return started;
  }

  async function waitUntilHeard(app: StartedApp, count: number): Promise<string[]> {
    for (;;) {
      const heard = JSON.parse((await app.get("/heard")).text);
      if (heard.length >= count) return heard;
    }
  }

  for (const when of MOMENTS) {
    for (const { how, target, heard } of handled) {
      it(`a worker survives ${target} if the application handles it by ${how}, added ${when}`, async () => {
        await using app = await start(how, when);
        const worker = (await app.get("/worker")).text;
        assertEquals((await app.get(target)).text, "answered");
        assertEquals(await waitUntilHeard(app, heard.length), heard);
        assertEquals((await app.get("/worker")).text, worker);
        assertEquals(app.running.stats().total.panics, 0);
        assertEquals(app.events.all.filter(({ kind }) => kind === "panicked"), []);
      });
    }

    for (const { how, target, error, heard } of unhandled) {
      it(`a worker panics at ${target} if the application has ${how}, added ${when}`, async () => {
        await using app = await start(how, when);
        await app.get(target);
        assertMatch((await app.events.find("panicked")).error, error);
        assertEquals((await app.events.find("ended")).cause, "panic");
      });
      if (heard === undefined) continue;
      it(`a worker lets ${how} hear of ${target}, added ${when}`, async () => {
        await using app = await start(how, when, "keep");
        await app.get(target);
        assertEquals(await waitUntilHeard(app, heard.length), heard);
      });
    }
  }

  for (const how of ["listeners that prevent the default", "uncaughtException"] as const) {
    it(`a worker whose handler panics ends, if the application handles all errors by ${how}`, async () => {
      await using app = await start(how, "before run()");
      assertEquals((await app.get("/throw")).status, 500);
      assertMatch((await app.events.find("panicked")).error, /of a handler/);
      const { cause, detail } = await app.events.find("ended");
      assertEquals(cause, "panic");
      assertMatch(detail, /of a handler/);
    });
  }
}, TWO_WAYS);
