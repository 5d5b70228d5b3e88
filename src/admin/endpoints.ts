// What the operator's port answers to which path. Pure: a method and a path come in, an answer goes out. Nothing here changes
// anything, so nothing but GET and HEAD is allowed.

import { PROMETHEUS_TYPE } from "./prometheus.ts";
import { PAGE, PAGE_SECURITY_POLICY } from "./page/page.ts";
import type { Readiness } from "./readiness.ts";

/** What there is to tell. */
export interface AdminView {
  readiness(): Readiness;
  /** What can be written as JSON. */
  stats(): unknown;
  metrics(): string;
}

type Field = readonly [name: string, value: string];

/** An answer: one that is whole, or events as they happen. */
export type AdminResponse =
  | {
    readonly kind: "whole";
    readonly status: number;
    readonly contentType: string;
    readonly fields: readonly Field[];
    readonly body: string;
  }
  | { readonly kind: "events"; readonly contentType: string; readonly fields: readonly Field[] };

const TEXT = "text/plain; charset=utf-8";
const ALLOW: Field = ["Allow", "GET, HEAD"];

/** It is about this moment, and only what it says it is. */
const COMMON_FIELDS: readonly Field[] = [
  ["Cache-Control", "no-store"],
  ["X-Content-Type-Options", "nosniff"],
];

const PAGE_FIELDS: readonly Field[] = [
  ["Content-Security-Policy", PAGE_SECURITY_POLICY],
  ["Referrer-Policy", "no-referrer"],
];

const ENDPOINTS = new Map<string, (view: AdminView) => AdminResponse>([
  ["/", () => whole(200, "text/html; charset=utf-8", PAGE, PAGE_FIELDS)],
  ["/events", () => ({
    kind: "events",
    contentType: "text/event-stream",
    fields: COMMON_FIELDS,
  })],
  ["/healthz", () => whole(200, TEXT, "ok\n")],
  ["/readyz", (view) => {
    const { isReady, reason } = view.readiness();
    return isReady ? whole(200, TEXT, "ready\n") : refusal(503, reason);
  }],
  ["/stats", (view) => whole(200, "application/json", JSON.stringify(view.stats()) + "\n")],
  ["/metrics", (view) => whole(200, PROMETHEUS_TYPE, view.metrics())],
]);

/** What tells nothing but yes and no: whoever asks, and however. */
const PROBES = ["/healthz", "/readyz"];

/** An IP address, or a name that nobody can have registered: one without a dot, and those of RFC 6761, section 6.3. */
const OWN_NAME = /^(?:[0-9.]+|\[[0-9A-Fa-f:.]+\]|[^.:]+|[^:]+\.localhost)(?::[0-9]*)?$/i;

/**
 * Whether somebody else's page may be asking, whose own name leads here: browsers let a page read what comes from its own name, and
 * who owns the name can have it lead to 127.0.0.1 (DNS rebinding). So what is told to this machine alone is told under its own
 * names alone.
 */
export function mayBeForeignPage(path: string, host: string | undefined): boolean {
  return host !== undefined && !OWN_NAME.test(host) && !PROBES.includes(path);
}

/** The answer to a request. */
export function responseTo(method: string, path: string, view: AdminView): AdminResponse {
  const answer = ENDPOINTS.get(path);
  if (answer === undefined) {
    return refusal(404, `there is nothing but ${[...ENDPOINTS.keys()].join(", ")}`);
  }
  if (method !== "GET" && method !== "HEAD") {
    return refusal(405, "nothing can be changed here", ALLOW);
  }
  return answer(view);
}

/** An answer that says why not. */
export function refusal(status: number, reason: string, ...fields: Field[]): AdminResponse {
  return whole(status, TEXT, `${reason}\n`, fields);
}

function whole(
  status: number,
  contentType: string,
  body: string,
  fields: readonly Field[] = [],
): AdminResponse {
  return { kind: "whole", status, contentType, body, fields: [...COMMON_FIELDS, ...fields] };
}
