// `automaticCompression: true` of `Deno.serve`: responses in gzip or brotli, under the runtime's own
// conditions. A response that a condition leaves out is passed on as it is.

import { isMadeOfMemory } from "../fetch/inner_response.ts";
import type { FetchHandler } from "../handler/handler.ts";

/** A body that is known to be shorter is left as it is: it would hardly get smaller. */
const MIN_BYTES = 64;

/** Types of content that get smaller, beside all of `text/`. */
const COMPRESSIBLE =
  /^(?:text\/|.+\+(?:json|text|xml|yaml)$|application\/(?:javascript|ecmascript|json|ld\+json|manifest\+json|rtf|sql|toml|vnd\.ms-fontobject|wasm|x-javascript|x-ndjson|x-sh|x-www-form-urlencoded|xml|xml-dtd|yaml)$|font\/(?:otf|ttf)$|image\/(?:bmp|svg\+xml|vnd\.adobe\.photoshop|x-icon)$|message\/rfc822$)/i;

type Coding = "gzip" | "br";

/** Makes a handler whose responses are compressed if the client accepts that. */
export function withCompression(handler: FetchHandler): FetchHandler {
  return async (request, info, context) => {
    const response = await handler(request, info, context);
    const hasBody = response instanceof Response && response.body !== null && !response.bodyUsed;
    const coding = preferredCoding(request.headers.get("accept-encoding"));
    return hasBody && coding !== undefined ? await compress(response, coding) : response;
  };
}

/** Returns the coding that a client prefers; undefined if it accepts none of the two. */
export function preferredCoding(acceptEncoding: string | null): Coding | undefined {
  const weights = new Map<string, number>();
  for (const part of (acceptEncoding ?? "").toLowerCase().split(",")) {
    const [name, ...parameters] = part.split(";").map((each) => each.trim());
    const weight = parameters.find((each) => each.startsWith("q="))?.slice("q=".length) ?? "1";
    weights.set(name, Number(weight));
  }
  const weightOf = (name: string) => weights.get(name) ?? 0;
  const best: Coding = weightOf("br") >= weightOf("gzip") ? "br" : "gzip";
  const isWanted = weightOf(best) > 0 && weightOf(best) >= weightOf("identity");
  return isWanted ? best : undefined;
}

async function compress(response: Response, coding: Coding): Promise<Response> {
  const { status, statusText } = response;
  if (!isCompressible(response.headers)) return response;
  let { body } = response;
  if (isMadeOfMemory(response)) {
    const bytes = await response.bytes();
    if (bytes.length < MIN_BYTES) {
      return new Response(bytes, { status, statusText, headers: response.headers });
    }
    ({ body } = new Response(bytes));
  }
  const headers = new Headers(response.headers);
  headers.append("vary", "Accept-Encoding");
  headers.set("content-encoding", coding);
  headers.delete("content-length");
  // The bytes are others now, although the content is the same (RFC 9110, section 8.8.1).
  const tag = headers.get("etag");
  if (tag?.startsWith('"')) headers.set("etag", `W/${tag}`);
  return new Response(body!.pipeThrough(await compressor(coding)), { status, statusText, headers });
}

function isCompressible(headers: Headers): boolean {
  if (headers.has("content-encoding") || headers.has("content-range")) return false;
  if (/\bno-transform\b/i.test(headers.get("cache-control") ?? "")) return false;
  const [type] = (headers.get("content-type") ?? "").split(";");
  return COMPRESSIBLE.test(type.trim());
}

/** Makes a transform that sends on each part at once: the rest of a stream may come much later. */
async function compressor(
  coding: Coding,
): Promise<ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>> {
  // Loaded only where a client wants it.
  const [{ createBrotliCompress, createGzip, constants }, { Duplex }] = await Promise.all([
    import("node:zlib"),
    import("node:stream"),
  ]);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  const transform = coding === "gzip"
    ? createGzip({ flush: constants.Z_SYNC_FLUSH })
    : createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH, params: quality });
  return Duplex.toWeb(transform) as unknown as ReadableWritablePair<
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>
  >;
}

/** The best quality, zlib's default here, takes longer than a response may. */
const BROTLI_QUALITY = 4;
