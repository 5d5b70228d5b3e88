// A Web Worker whose end a test watches. Its name says what it does; it posts what happens.

import process from "node:process";
import { dispatchEndEvents } from "../../../src/worker/end_events.ts";
import { injectFault } from "../../../src/worker/fault_injection.ts";
import { holdLifeLock } from "../../../src/runtime/life_lock.ts";
import { dieOf, endAfterModule } from "../../../src/worker/worker_end.ts";

const scope = globalThis as unknown as EventTarget & {
  readonly name: string;
  postMessage(message: unknown): void;
};
const post = (message: unknown) => scope.postMessage(message);
const link = { moduleHasRun: Promise.resolve(true), end: () => post("link ended") };
const [action, lock = ""] = scope.name.split(" ");

function postEndEvents(): void {
  scope.addEventListener("unload", () => post("unload"));
  process.on("exit", (code) => post(`exit ${code}`));
}

switch (action) {
  case "dispatches_events":
    postEndEvents();
    await dispatchEndEvents(3, () => {});
    post(`${process.listenerCount("exit")} listeners left`);
    break;
  case "has_failing_listeners":
    scope.addEventListener("unload", () => {
      throw new Error("of unload");
    });
    process.on("exit", () => {
      throw new Error("of exit");
    });
    await dispatchEndEvents(0, (during, error) => post(`${during}: ${(error as Error).message}`));
    post("dispatched");
    break;
  case "ends":
    postEndEvents();
    await endAfterModule(link, { fatal: undefined }, post);
    break;
  case "ends_of_panic":
    postEndEvents();
    await endAfterModule(link, { fatal: { error: new RangeError("the panic") } }, post);
    break;
  case "dies":
    setTimeout(() => dieOf(new Error("the end"), link));
    break;
  case "dies_though_errors_are_handled":
    scope.addEventListener("error", (event) => event.preventDefault());
    setTimeout(() => dieOf(new Error("the end"), link));
    break;
  case "hides_errors":
    scope.addEventListener("error", (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
    });
    setTimeout(() => dieOf(new Error("the end"), link));
    break;
  case "crashes":
    injectFault("crash");
    break;
  case "exits":
    scope.addEventListener("message", () => injectFault("exit"));
    holdLifeLock(lock, () => post("held"));
    break;
}
