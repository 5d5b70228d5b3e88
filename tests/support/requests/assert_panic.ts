// Checks what a handler's panic comes to.

import { assert, assertEquals, assertFalse } from "@std/assert";
import type { Handler } from "../../../mod.ts";
import { TestDispatcher } from "./socketless_exchange.ts";

/**
 * Asserts that the handler panics: its client gets a 500 with nothing of the error in it, and the
 * panic is reported once. Returns what was reported, in a list: a promise of the panic itself would
 * look for a then() in it.
 */
export async function assertPanic(handler: Handler, expected?: unknown): Promise<unknown[]> {
  const dispatcher = new TestDispatcher({ "prefix /": handler });
  const { status, text, headers } = await dispatcher.answer({});
  assertEquals([status, text], [500, "Internal Server Error"]);
  assertFalse(JSON.stringify([...headers]).includes("secret"));
  assertEquals(dispatcher.panics.length, 1);
  if (expected !== undefined) assert(Object.is(dispatcher.panics[0], expected));
  return dispatcher.panics;
}
