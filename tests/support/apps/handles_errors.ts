// Handles errors that go uncaught, in each of the ways that there are: `how` of its options says in which. It listens before run(), or when
// /listen is asked for. Each listener notes what it has got, and /heard answers with that.

import process from "node:process";
import { WebResponse } from "../../../mod.ts";
import { type AppOptions, appOptions, appServer, tellWorker } from "../servers/app.ts";

/** How the application handles errors. */
export type Handling = keyof typeof ways;

/** What a test says to this app. */
export interface HandlesErrorsOptions extends AppOptions {
  readonly how: Handling;
  readonly when: "before run()" | "after run()";
}

const heard: string[] = [];

function hear(what: string, error: unknown): void {
  heard.push(`${what}: ${error instanceof Error ? error.message : error}`);
}

function onErrorEvent(event: ErrorEvent): void {
  hear(`error, prevented ${event.defaultPrevented}`, event.error);
  event.preventDefault();
}

function onRejectionEvent(event: PromiseRejectionEvent): void {
  hear(`unhandledrejection, prevented ${event.defaultPrevented}`, event.reason);
  event.preventDefault();
}

const ways = {
  "listeners that prevent the default": () => {
    addEventListener("error", onErrorEvent);
    addEventListener("unhandledrejection", onRejectionEvent);
  },
  "listeners for one event": () => {
    addEventListener("error", onErrorEvent, { once: true });
    addEventListener("unhandledrejection", onRejectionEvent, { once: true });
  },
  "listeners that only look": () => {
    addEventListener("error", ({ error }) => hear("error", error));
    addEventListener("unhandledrejection", ({ reason }) => hear("unhandledrejection", reason));
  },
  "onerror and onunhandledrejection": () => {
    const onerror = (...[, , , , error]: unknown[]) => {
      hear("onerror", error);
      return true;
    };
    Object.assign(globalThis, { onerror, onunhandledrejection: onRejectionEvent });
  },
  "uncaughtException": () => {
    process.on("uncaughtException", (error, origin) => hear(`uncaughtException, ${origin}`, error));
  },
  "uncaughtException and unhandledRejection": () => {
    process.on("uncaughtException", (error) => hear("uncaughtException", error));
    process.on("unhandledRejection", (reason) => hear("unhandledRejection", reason));
  },
  "both once": () => {
    process.once("uncaughtException", (error) => hear("uncaughtException", error));
    process.once("unhandledRejection", (reason) => hear("unhandledRejection", reason));
  },
  "uncaughtExceptionMonitor": () => {
    process.on("uncaughtExceptionMonitor", (error, origin) => hear(`monitor, ${origin}`, error));
  },
  "an unhandledRejection listener that throws": () => {
    process.on("unhandledRejection", () => {
      throw new Error("a listener that throws");
    });
  },
  "nothing": () => {},
};

const options = appOptions(import.meta.url) as HandlesErrorsOptions;
const server = appServer(options);
server.addExactPath("/worker", tellWorker);
server.addExactPath("/heard", () => WebResponse.json(heard));
server.addExactPath("/timer", () => {
  setTimeout(() => {
    throw new Error("of a timer");
  });
  return WebResponse.text("answered");
});
server.addExactPath("/floating", () => {
  Promise.reject(new Error("of a promise"));
  return WebResponse.text("answered");
});
server.addExactPath("/floating-text", () => {
  Promise.reject("a text");
  return WebResponse.text("answered");
});
server.addExactPath("/throw", () => {
  throw new Error("of a handler");
});

server.addExactPath("/allocate", () => {
  const kept: number[][] = [];
  for (;;) kept.push(Array(10_000).fill(kept.length));
});
server.addExactPath("/listen", () => {
  ways[options.how]();
  return WebResponse.text("listening");
});

if (options.when === "before run()") ways[options.how]();
await server.run(options.run ?? {});
