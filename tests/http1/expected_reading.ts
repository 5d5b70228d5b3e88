// What must be read of a request that a wire case expects, as far as the case names it.

import type { ExpectedRequest } from "./wire_cases.ts";

/** The reading; what the case does not name is as of the plainest request, or left out where it is not looked at. */
export function expectedReading(expected: ExpectedRequest): object {
  const { method = "GET", target = "/", body = "", persists = true } = expected;
  if (expected.declined !== undefined) {
    return { kind: "declined", status: expected.declined, method, persists };
  }
  const { path, query, minorVersion, fields } = expected;
  return {
    kind: "request",
    method,
    target,
    body,
    persists,
    ...(path === undefined ? {} : { path }),
    ...(query === undefined ? {} : { query }),
    ...(minorVersion === undefined ? {} : { minorVersion }),
    ...(fields === undefined ? {} : { fields }),
  };
}
