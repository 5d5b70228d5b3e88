// A Web Worker that holds the life lock with the worker's own name, and closes itself on a message.

import { holdLifeLock } from "../../../src/runtime/life_lock.ts";

const scope = globalThis as unknown as EventTarget & {
  readonly name: string;
  postMessage(message: unknown): void;
  close(): void;
};

scope.addEventListener("message", () => scope.close());
holdLifeLock(scope.name, () => scope.postMessage("held"));
