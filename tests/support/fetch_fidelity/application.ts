// The application that runs the cases of the fidelity suite, under every server. It knows nothing of
// Mudpie. A test sends it a plan first: the next requests go to these cases, in this order. So no
// request is looked at before its case does.

import type { CaseResult, CaseRun, FidelityCases, Info, PlannedCall } from "./fidelity_case.ts";
import { describeError, type Json, Notes } from "./notes.ts";

/** The field of the answers to what the test asks of the application itself. */
export const CONTROL_FIELD = "x-fidelity-control";

/** How long the application waits for what its handlers have promised to note. */
const NOTES_LIMIT_MS = 5_000;

/** What the handlers of a case have noted, in the order of the plan. */
export interface CaseReport {
  readonly name: string;
  readonly seen: Record<string, Json>;
}

/** What the test sends to the path of a plan. */
interface Plan {
  readonly calls: PlannedCall[];
  /** The port of a client that leaves; other plans go on meanwhile. */
  readonly fromPort?: number;
}

/** A plan under way, and the cases that run, or have run, by it. */
class Running {
  readonly runs: { readonly name: string; readonly notes: Notes; readonly kept: unknown[] }[] = [];
  readonly #mayLeave = Promise.withResolvers<void>();
  /** Resolves when a handler lets the client leave. */
  readonly mayLeave = this.#mayLeave.promise;

  constructor(readonly calls: PlannedCall[]) {}

  /** Calls the handler of the next case. */
  call(
    cases: FidelityCases,
    { name, index, data }: PlannedCall,
    request: Request,
    info: Info,
  ): Response | Promise<Response> {
    if (index === 0) this.runs.push({ name, notes: new Notes(), kept: [] });
    const { notes, kept } = this.runs.at(-1)!;
    const run: CaseRun = { notes, index, kept, data, letClientLeave: this.#mayLeave.resolve };
    try {
      const result = cases[name].handle(request, run, info);
      if (!(result instanceof Promise)) return orDefault(result);
      notes.hold(result);
      return result.then(orDefault);
    } catch (error) {
      notes.see("the handler's error", () => describeError(error));
      throw error;
    }
  }

  async report(): Promise<CaseReport[]> {
    return await Promise.all(this.runs.map(async ({ name, notes }) => ({
      name,
      seen: await notes.complete(NOTES_LIMIT_MS),
    })));
  }
}

/** The answer of a handler that only notes something. */
function orDefault(result: CaseResult): Response {
  return result === undefined ? new Response("seen") : result;
}

/** The key of the plan for all clients that do not leave. */
const ALL_PORTS = 0;

/** Runs the cases of a plan, each when its request comes. */
export class FidelityApplication {
  readonly #cases: FidelityCases;
  readonly #running = new Map<number, Running>();

  constructor(cases: FidelityCases) {
    this.#cases = cases;
  }

  /** An own property, as `deno serve` wants it. */
  readonly fetch = (request: Request, info: Info): Response | Promise<Response> => {
    const running = this.#runningOf(info);
    const planned = running?.calls.shift();
    if (running === undefined || planned === undefined) return this.#control(request);
    if (planned.name === "probe") return new Response("probe");
    return running.call(this.#cases, planned, request, info);
  };

  /** Looks at `info` only if clients leave: a case may have to be the first that does. */
  #runningOf(info: Info): Running | undefined {
    const common = this.#running.get(ALL_PORTS);
    if (this.#running.size === (common === undefined ? 0 : 1)) return common;
    return this.#running.get((info.remoteAddr as Deno.NetAddr).port) ?? common;
  }

  /** Answers what the test asks of the application itself. */
  async #control(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const port = Number(searchParams.get("port") ?? ALL_PORTS);
    const running = this.#running.get(port);
    switch (pathname) {
      case "/plan": {
        const { calls, fromPort = ALL_PORTS }: Plan = await request.json();
        this.#running.set(fromPort, new Running(calls));
        return controlResponse(null);
      }
      case "/may-leave":
        await running?.mayLeave;
        return controlResponse(null);
      case "/report":
        this.#running.delete(port);
        return controlResponse(await running?.report());
      default:
        return new Response(`Nothing was planned for ${pathname}`, { status: 404 });
    }
  }
}

function controlResponse(value: unknown): Response {
  return Response.json(value, { headers: { [CONTROL_FIELD]: "1" } });
}
