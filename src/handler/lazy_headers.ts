// The `Headers` of a request for fetch-style handlers. `get` and `has` answer from the head of the
// request. Everything else makes the platform's `Headers`, which most handlers never need: for the
// thirteen fields of a browser that takes longer than the rest of a request.
// As under `Deno.serve`, the headers of a request cannot be changed.

import { isToken } from "../http1/grammar.ts";
import { RequestHead } from "../http1/request_head.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import { standFor, stateKeyOf, stateKeysOf } from "./lazy_forwarding.ts";

/** The head of a request, or what an own handler has made of its `headers`. */
export type FieldSource = RequestHead | Headers;

/** Makes lazy headers. */
export interface LazyHeadersMaker {
  /** Makes the headers of a request. */
  create(head: RequestHead): Headers;
  /** Fills headers of the platform, and has them refuse every change from then on. */
  fill(headers: Headers, fields: FieldSource): void;
}

/** Adds the fields of a request to headers of the platform. */
export function addFields(headers: Headers, fields: FieldSource): void {
  if (!(fields instanceof RequestHead)) {
    for (const [name, value] of fields) headers.append(name, value);
    return;
  }
  for (let i = 0; i < fields.fieldCount; i++) {
    headers.append(fields.fieldName(i), fields.fieldValue(i));
  }
  // Several lines of Cookie are joined with ";", which the platform's Headers does not know.
  const cookie = fields.header("cookie");
  if (cookie !== null) headers.set("cookie", cookie);
}

/** No private field: a proxy of an object, and one that inherits from it, are as good as itself. */
const STATE = Symbol("state");

interface State {
  readonly head: RequestHead;
  /** Undefined until something needs it. */
  real: Headers | undefined;
}

/**
 * Defines the class of lazy headers.
 *
 * @throws {TypeError} when the platform keeps the state of `Headers` in another way than it did
 */
export function defineLazyHeaders(): LazyHeadersMaker {
  const PlatformHeaders = platformClass("Headers");
  const platform = PlatformHeaders.prototype;
  const guardKey = stateKeyOf(new PlatformHeaders(), (value) => value === "none");

  function fill(headers: Headers, fields: FieldSource): void {
    addFields(headers, fields);
    Reflect.set(headers, guardKey, "immutable");
  }

  function realOf(lazy: LazyHeaders): Headers {
    const state = lazy[STATE];
    if (state.real === undefined) fill(state.real = new PlatformHeaders(), state.head);
    return state.real;
  }

  class LazyHeaders {
    readonly [STATE]: State;

    constructor(head: RequestHead) {
      this[STATE] = { head, real: undefined };
    }

    get(name: string): string | null {
      const state = this?.[STATE];
      if (state !== undefined && typeof name === "string") {
        const value = state.head.header(name);
        if (value !== null || isToken(name)) return value;
      }
      // The platform converts the name, or refuses it, or an object that is no headers.
      return platform.get.apply(this as unknown as Headers, arguments as unknown as [string]);
    }

    has(name: string): boolean {
      const state = this?.[STATE];
      if (state !== undefined && typeof name === "string") {
        if (state.head.header(name) !== null) return true;
        if (isToken(name)) return false;
      }
      return platform.has.apply(this as unknown as Headers, arguments as unknown as [string]);
    }
  }

  standFor(LazyHeaders.prototype, platform, stateKeysOf(new PlatformHeaders()), realOf);
  return { create: (head) => new LazyHeaders(head) as unknown as Headers, fill };
}
