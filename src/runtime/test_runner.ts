// Knows whether this thread runs under `deno test` or `deno bench`.

/**
 * Whether a test runner has loaded the program. Elsewhere `Deno.test` is there as well, but takes
 * no arguments and does nothing.
 */
export function isUnderTestRunner(): boolean {
  return typeof Deno.test === "function" && Deno.test.length > 0;
}
