// Finds out what a platform `Response` was made of. The platform has no public way: once a body is
// read, text is a stream of one part like any other. So this looks where `Deno.serve` does.

/** The platform's own part of a response. The "source" of a body is what it was made of. */
interface InnerResponse {
  readonly body?: { readonly source?: unknown } | null;
}

/** The key of that part; undefined until it was looked for, null if it was not found. */
let innerKey: symbol | null | undefined;

/**
 * Whether a response was made of text or bytes. The response's `body` must have been read before.
 * If the platform has moved the source, the answer is true: then the length of a body that comes at
 * once is corrected, and text with a wrong length is no panic.
 */
export function isMadeOfMemory(response: Response): boolean {
  innerKey ??= findInnerKey();
  if (innerKey === null) return true;
  const source = sourceOf(response, innerKey);
  return typeof source === "string" || ArrayBuffer.isView(source) || source instanceof ArrayBuffer;
}

function findInnerKey(): symbol | null {
  const probe = new Response("probe");
  // The platform notes the source when `body` is first read.
  if (probe.body === null) return null;
  const keys = Object.getOwnPropertySymbols(probe);
  return keys.find((key) => sourceOf(probe, key) === "probe") ?? null;
}

function sourceOf(response: Response, key: symbol): unknown {
  const inner = (response as unknown as Record<symbol, InnerResponse | null | undefined>)[key];
  return inner?.body?.source;
}
