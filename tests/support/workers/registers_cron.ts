// A worker that registers a job, by a `Deno.cron` that is as the runtime's own: it has a getter alone. Each message is the time of
// a tick. It posts whether the job has run in this worker then.

import { runCronOnce } from "../../../src/takeover/cron.ts";

const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

let tick: () => Promise<void> = () => Promise.resolve();
const ownCron = (_name: string, _schedule: string, handler: typeof tick) => void (tick = handler);
Object.defineProperty(Deno, "cron", {
  get: () => ownCron,
  enumerable: true,
  configurable: true,
});
runCronOnce();

let hasRun = false;
const { cron } = Deno as unknown as { cron(name: string, schedule: string, job: () => void): void };
cron("tidy up", "* * * * *", () => {
  hasRun = true;
});

scope.addEventListener("message", async (event) => {
  const { data } = event as MessageEvent<number>;
  hasRun = false;
  Date.now = () => data;
  await tick();
  scope.postMessage(hasRun);
});
scope.postMessage("registered");
