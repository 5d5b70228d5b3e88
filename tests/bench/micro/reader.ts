// Requests out of bytes, the way a connection makes them, for the micro-benchmarks.

import { BufferPool } from "../../../src/http1/buffer_pool.ts";
import { type ParserOutcome, RequestParser } from "../../../src/http1/request_parser.ts";
import { resolveServerOptions } from "../../../src/options/server_options.ts";
import type { Peer } from "../../../src/handler/client_origin.ts";
import { createRequest, type WebRequest } from "../../../src/handler/request.ts";

const PEER: Peer = {
  addr: { transport: "tcp", hostname: "192.0.2.1", port: 4321 },
  scheme: "http",
  trust: undefined,
};

export type ReadRequest = ParserOutcome & { readonly kind: "request" };

/** Reads the same bytes over and over. They hold one whole request. */
export class Reader {
  readonly #parser = new RequestParser(resolveServerOptions({}), new BufferPool());
  readonly #bytes: Uint8Array;

  constructor(text: string) {
    this.#bytes = new TextEncoder().encode(text);
  }

  /** The next request, as far as the parser knows it. */
  read(): ReadRequest {
    const parser = this.#parser;
    parser.space.set(this.#bytes);
    parser.received(this.#bytes.length);
    const outcome = parser.next();
    if (outcome.kind !== "request") throw new Error(`Got ${outcome.kind} in place of a request`);
    return outcome;
  }

  /** The next request, as a handler gets it. */
  request(): WebRequest {
    const { head, body } = this.read();
    return createRequest(head, body, PEER, undefined);
  }
}
