// A request of another connection of the same worker, which is named meanwhile: ids are written into memory that requests share.

import { createPeer } from "../../../src/handler/client_origin.ts";
import { createRequest, writeId } from "../../../src/handler/request.ts";
import { BufferPool } from "../../../src/http1/buffer_pool.ts";
import { RequestParser } from "../../../src/http1/request_parser.ts";
import { resolveServerOptions } from "../../../src/options/server_options.ts";
import { get } from "../clients/raw_client.ts";

/** Writes the id of another request. */
export function nameAnotherRequest(): void {
  const settings = resolveServerOptions({});
  const parser = new RequestParser(settings, new BufferPool());
  const bytes = new TextEncoder().encode(get("/", "X-Request-Id: another"));
  parser.space.set(bytes);
  parser.received(bytes.length);
  const outcome = parser.next();
  if (outcome.kind !== "request") throw new Error(`The parser gave ${outcome.kind}`);
  const peer = createPeer(undefined, "http", settings);
  writeId(createRequest(outcome.head, outcome.body, peer, undefined));
}
