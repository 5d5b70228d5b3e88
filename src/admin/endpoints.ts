// The endpoints of the operator's port. Pure: a method and a path come in, a response goes out. No
// endpoint changes the server, so only GET and HEAD are allowed.

import { PROMETHEUS_TYPE } from "./prometheus.ts";
import { PAGE, PAGE_SECURITY_POLICY } from "./page/page.ts";
import type { Readiness } from "./readiness.ts";

/** What the endpoints report. */
export interface AdminView {
  readiness(): Readiness;
  /** Returns a value that can be written as JSON. */
  stats(): unknown;
  metrics(): string;
}

type Field = readonly [name: string, value: string];

/** A response: a whole one, or a stream of events. */
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

/** Each response is about this moment, and has exactly the type that it declares. */
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

/** The endpoints that answer only yes or no, under any host name. */
const PROBES = ["/healthz", "/readyz"];

/**
 * An IP address, or a name that cannot be registered: without a dot, or of RFC 6761, section 6.3.
 */
const OWN_NAME = /^(?:[0-9.]+|\[[0-9A-Fa-f:.]+\]|[^.:]+|[^:]+\.localhost)(?::[0-9]*)?$/i;

/**
 * Returns whether the request may come from a foreign web page (DNS rebinding). A page may read
 * what its own host name serves, and the owner of that name can point it to 127.0.0.1. So on a
 * loopback address, the port answers only under the machine's own names.
 */
export function mayBeForeignPage(path: string, host: string | undefined): boolean {
  return host !== undefined && !OWN_NAME.test(host) && !PROBES.includes(path);
}

/** Returns the response to a request. */
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

/** Makes a response that states why a request is refused. */
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
