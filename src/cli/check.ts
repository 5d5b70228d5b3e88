// --check: reports whether an application starts, and what it would serve. One worker loads it. No
// address is listened on, so a server that runs meanwhile is not disturbed.

import { httpOrigin } from "../net/host_port.ts";
import type { IntroducedRoute, Introduction } from "../ipc/messages.ts";
import { resolveRunOptions } from "../options/run_options.ts";
import { resolveWorkerCount } from "../options/worker_count.ts";
import { shortTurns } from "../runtime/event_loop.ts";
import type { FirstWorker } from "../supervisor/first_worker.ts";
import { optionsOverCode } from "../supervisor/launch.ts";
import { type OpenTelemetry, openTelemetry } from "../telemetry/opentelemetry.ts";
import type { ServeInvocation } from "./arguments.ts";
import { addressSource, failureOf, fillFor } from "./serve.ts";

/** What came of a check, in words. */
export interface CheckResult {
  readonly isGood: boolean;
  readonly text: string;
}

/** Checks an application. Its worker goes on until the process ends. */
export async function check(
  invocation: ServeInvocation,
  first: FirstWorker,
): Promise<CheckResult> {
  const outcome = await first.outcome;
  if (outcome.kind !== "introduced") {
    return { isGood: false, text: failureOf(invocation.app, outcome) };
  }
  const judgement = judge(invocation, outcome.introduction);
  if (!judgement.isGood) return judgement;
  // A call of Deno.serve() waits for its address. What follows it may fail as well.
  const last = first.pretend(judgement.address) ? await first.outcome : outcome;
  if (last.kind !== "introduced") {
    return { isGood: false, text: failureOf(invocation.app, last) };
  }
  // A promise that the module left rejected ended the worker before. Other errors may end it soon.
  const failure = await first.failureWithin(shortTurns());
  return failure === undefined
    ? judgement
    : { isGood: false, text: failureOf(invocation.app, { kind: "failed", reason: failure }) };
}

/** A result, with the address at which a good application would listen. */
type Judgement =
  | CheckResult & { readonly isGood: true; readonly address: Deno.Addr }
  | CheckResult & { readonly isGood: false };

/** The options of the application and those of the command line may still contradict each other. */
function judge(invocation: ServeInvocation, introduction: Introduction): Judgement {
  const filled = fillFor(invocation, introduction);
  if (filled.kind === "refused") return { isGood: false, text: filled.reason };
  try {
    const settings = resolveRunOptions(
      optionsOverCode(introduction.runOptions, {
        runOptions: invocation.runOptions,
        fallbackOptions: filled.options,
      }),
    );
    const source = addressSource(invocation, introduction, filled);
    const isToldHere = invocation.runOptions.workers !== undefined;
    const count = resolveWorkerCount(settings, isToldHere ? invocation.workersSource : undefined);
    const { hostname, port, path } = settings;
    const place = path ?? httpOrigin(hostname, port);
    const workers = count.workers === 1 ? "1 worker" : `${count.workers} workers`;
    const start =
      `${invocation.app} starts; it would listen on ${place} (${source}) with ${workers} (${count.source})`;
    const address: Deno.Addr = path === undefined
      ? { transport: "tcp", hostname, port }
      : { transport: "unix", path };
    const routes = describeRoutes(introduction.routes);
    const text = [start, ...routes, describeTelemetry(openTelemetry())].join("\n");
    return { isGood: true, text, address };
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return { isGood: false, text: error.message };
  }
}

/** A line about what OpenTelemetry reports. */
export function describeTelemetry(platform: OpenTelemetry | undefined): string {
  if (platform === undefined) return "  OpenTelemetry is off (OTEL_DENO=true turns it on)";
  const signals = [
    ...platform.tracing === undefined ? [] : ["traces"],
    ...platform.meter === undefined ? [] : ["metrics"],
  ];
  return `  OpenTelemetry is on: ${signals.join(" and ")}`;
}

/** A line for each route: what it answers, and where. */
export function describeRoutes(routes: readonly IntroducedRoute[]): string[] {
  if (routes.length === 0) return ["  no routes: everything is answered with 404"];
  const methods = routes.map(({ allow }) => allow ?? "every method");
  const width = Math.max(...methods.map((text) => text.length));
  return routes.map(({ pattern, isExact }, index) =>
    `  ${methods[index].padEnd(width)}  ${pattern}${isExact ? "" : " and all under it"}`
  );
}
