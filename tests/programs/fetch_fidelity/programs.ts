// Handlers that are data: what is done with a request, or with a response, one step after another.
// A property generates them, and expects the same under each server.

import type { CaseRun, FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { REQUEST_MEMBERS, RESPONSE_MEMBERS } from "./members.ts";

/** One step: what is done, with which of the objects so far, and whether the next one waits. */
export interface Step {
  readonly does: string;
  readonly to: number;
  readonly waits: boolean;
}

/** What a response is made of. */
export interface ResponseParts {
  readonly body: { readonly kind: keyof typeof BODY_KINDS; readonly text: string };
  readonly status: number;
  readonly headers: {
    readonly kind: keyof typeof HEADERS_KINDS;
    readonly pairs: [string, string][];
  };
}

/** Steps that add an object to those that later steps can use. */
const REQUEST_COPIES: Readonly<Record<string, (request: Request) => Request>> = {
  "clones": (request) => request.clone(),
  "copies": (request) => new Request(request),
  "copies with a method": (request) => new Request(request, { method: "PUT" }),
  "copies with headers": (request) => new Request(request, { headers: { "x-step": "1" } }),
};

const STREAM_STEPS: Readonly<Record<string, (object: Request | Response) => unknown>> = {
  "reads a part": async ({ body }) => {
    const reader = body?.getReader();
    const part = await reader?.read();
    reader?.releaseLock();
    return part?.value;
  },
  "locks": ({ body }) => body?.getReader().constructor.name,
  // Not awaited: to cancel a clone ends only when the original was cancelled, too.
  "cancels": ({ body }) => void body?.cancel().catch(() => {}),
  "is locked": ({ body }) => body?.locked,
  "gets": ({ headers }) => [headers.get("x-a"), headers.get("content-type"), headers.has("X-B")],
  "lists": ({ headers }) => [...headers],
};

const CHANGES: Readonly<Record<string, (object: Request | Response) => unknown>> = {
  "sets": ({ headers }) => headers.set("X-A", "set"),
  "appends": ({ headers }) => headers.append("x-a", "appended"),
  "appends a cookie": ({ headers }) => headers.append("set-cookie", "a=1"),
  "deletes": ({ headers }) => headers.delete("x-b"),
  "deletes the type": ({ headers }) => headers.delete("content-type"),
};

const RESPONSE_COPIES: Readonly<Record<string, (response: Response) => Response>> = {
  "clones": (response) => response.clone(),
  "wraps": (response) => new Response(response.body, response),
  "wraps its parts": ({ body, status, headers }) => new Response(body, { status, headers }),
};

/** What is never the same, or is looked at elsewhere. */
const isCompared = (name: string): boolean => name !== "redirect" && !name.startsWith("Symbol");

const REQUEST_USES = Object.fromEntries(
  Object.entries({ ...REQUEST_MEMBERS, ...STREAM_STEPS, ...CHANGES })
    .filter(([name]) => isCompared(name)),
);
const RESPONSE_USES = Object.fromEntries(
  Object.entries({ ...RESPONSE_MEMBERS, ...STREAM_STEPS, ...CHANGES })
    .filter(([name]) => isCompared(name)),
);

/** The names of all steps. */
export const REQUEST_STEPS: readonly string[] = Object.keys({ ...REQUEST_USES, ...REQUEST_COPIES });
export const RESPONSE_STEPS: readonly string[] = Object.keys({
  ...RESPONSE_USES,
  ...RESPONSE_COPIES,
});

/** The forms in which a body of text can be given. */
export const BODY_KINDS = {
  text: (text: string) => text,
  bytes: (text: string) => new TextEncoder().encode(text),
  buffer: (text: string) => new TextEncoder().encode(text).buffer,
  blob: (text: string) => new Blob([text], { type: "text/x-blob" }),
  parameters: (text: string) => new URLSearchParams({ text }),
  nothing: (_text: string) => null,
  stream: (text: string) => ReadableStream.from([new TextEncoder().encode(text)]),
} as const;

/** The forms in which fields can be given. */
export const HEADERS_KINDS = {
  record: (pairs: [string, string][]) => Object.fromEntries(pairs),
  pairs: (pairs: [string, string][]) => pairs,
  headers: (pairs: [string, string][]) => new Headers(pairs),
  map: (pairs: [string, string][]) => new Map(pairs) as unknown as [string, string][],
} as const;

/** Does the steps. Returns all objects. */
async function follow<Object extends Request | Response>(
  first: Object,
  steps: readonly Step[],
  uses: Readonly<Record<string, (object: Object) => unknown>>,
  copies: Readonly<Record<string, (object: Object) => Object>>,
  { notes }: CaseRun,
): Promise<Object[]> {
  const objects = [first];
  for (const [number, { does, to, waits }] of steps.entries()) {
    const object = objects[to % objects.length];
    const label = `step ${number}, ${does}`;
    if (does in copies) {
      const copy = notes.see(label, () => copies[does](object) as unknown as string);
      if (copy !== undefined) objects.push(copy as unknown as Object);
      continue;
    }
    const seen = notes.see(label, () => uses[does](object));
    if (waits) await seen;
    notes.see(`bodyUsed after ${label}`, () => object.bodyUsed);
  }
  return objects;
}

export const programs: FidelityCases = {
  "steps with a Request": {
    async handle(request, run) {
      const steps = run.data as Step[];
      await follow(request, steps, REQUEST_USES, REQUEST_COPIES, run);
    },
  },
  "a body that is returned": {
    handle: async (request) => new Response(await request.bytes(), { headers: request.headers }),
  },
  "steps with a Response": {
    async handle(_request, run) {
      const { parts, steps } = run.data as { parts: ResponseParts; steps: Step[] };
      const { body, status, headers } = parts;
      const response = run.notes.see(
        "made",
        () =>
          new Response(BODY_KINDS[body.kind](body.text) as BodyInit, {
            status,
            headers: HEADERS_KINDS[headers.kind](headers.pairs),
          }) as unknown as string,
      ) as unknown as Response;
      if (response === undefined) return;
      const all = await follow(response, steps, RESPONSE_USES, RESPONSE_COPIES, run);
      return all.find(({ bodyUsed, body }) => !bodyUsed && body?.locked !== true);
    },
  },
};
