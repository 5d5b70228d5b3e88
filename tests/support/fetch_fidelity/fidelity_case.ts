// What a case of the fidelity suite is: requests as they are sent, and a handler that notes what it
// sees of them. The same handler runs under Deno.serve and under Mudpie.

import type { Notes } from "./notes.ts";

/** A request as it goes over the wire. `{echo}` stands for the host of a server that echoes. */
export interface SentRequest {
  /** GET by default. */
  readonly method?: string;
  /** `/` by default. */
  readonly target?: string;
  /** The fields after Host and before those of the body. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  /** `fidelity.test` by default. */
  readonly host?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Whether the body is sent in chunks, rather than with its length. */
  readonly isChunked?: boolean;
}

/** What a handler of Deno.serve and one of Mudpie both get as their second argument. */
export interface Info {
  readonly remoteAddr: Deno.Addr;
  readonly completed: Promise<void>;
}

/** What the handlers of a case have in common while it runs. */
export interface CaseRun {
  readonly notes: Notes;
  /** Which of the case's requests this is, from 0. */
  readonly index: number;
  /** What the handlers of the case's earlier requests have kept. */
  readonly kept: unknown[];
  /** The data that a property has generated; undefined in other cases. */
  readonly data: unknown;
  /** Reports that the client may leave now. */
  readonly letClientLeave: () => void;
}

/** What a handler returns; nothing if only what it has noted counts. */
export type CaseResult = Response | undefined | void;

/** A case: requests, and a handler that is called for each of them. */
export interface FidelityCase {
  /** What is sent, pipelined if it is several requests; a GET of `/` by default. */
  readonly send?: SentRequest | readonly SentRequest[];
  /** Whether the client leaves while the handler works, when `letClientLeave` is called. */
  readonly clientLeaves?: boolean;
  readonly handle: (
    request: Request,
    run: CaseRun,
    info: Info,
  ) => CaseResult | Promise<CaseResult>;
}

/** The cases of one subject, by their names. */
export type FidelityCases = Readonly<Record<string, FidelityCase>>;

/** What the application is asked to run next. */
export interface PlannedCall {
  /** The name of the case; `probe` for a request that only shows that the connection is in order. */
  readonly name: string;
  readonly index: number;
  readonly data?: unknown;
}

/** Returns the requests of a case. */
export function requestsOf({ send = {} }: FidelityCase): readonly SentRequest[] {
  return Array.isArray(send) ? send : [send as SentRequest];
}
