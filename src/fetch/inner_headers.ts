// Reads the fields of the platform's `Headers` where they are kept. A loop over them takes longer
// than a microsecond: the platform sorts and joins them first. A self-test shows whether they are
// kept as in Deno 2.9; if not, the platform reads them itself.

import type { Field } from "../handler/checked_headers.ts";
import { platformClass } from "../runtime/platform_classes.ts";

/** What the platform calls the key of the list. */
const KEY_NAME = "header list";

/** Undefined until it is needed, null if the self-test has failed. */
let listKey: symbol | null | undefined;

/**
 * Returns a copy of the fields of `Headers`, in the order in which they were added. Returns
 * undefined for any other value.
 */
export function fieldsOfHeaders(headers: unknown): Field[] | undefined {
  if (listKey === undefined) listKey = findListKey();
  if (listKey === null || typeof headers !== "object" || headers === null) return undefined;
  return fieldsAt(listKey, headers);
}

function fieldsAt(key: symbol, headers: object): Field[] | undefined {
  const list = (headers as Record<symbol, unknown>)[key];
  // The platform changes fields in place.
  return Array.isArray(list) ? list.map(([name, value]: Field) => [name, value]) : undefined;
}

/** Finds the key of the list among the symbols of `Headers`. Returns null if it has another form. */
export function findListKey(
  symbolsOf: (headers: Headers) => symbol[] = Object.getOwnPropertySymbols,
): symbol | null {
  const headers = new (platformClass("Headers"))([["a", " b "], ["set-cookie", "c"], ["A", "d"]]);
  const key = symbolsOf(headers).find(({ description }) => description === KEY_NAME);
  if (key === undefined) return null;
  headers.delete("set-cookie");
  try {
    return String(fieldsAt(key, headers)) === "a,b,a,d" ? key : null;
  } catch {
    // The list consists of something else than pairs.
    return null;
  }
}
