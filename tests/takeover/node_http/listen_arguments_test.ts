// The arguments of `server.listen`, as data: what comes in, and the place that they name.

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readListenArguments } from "../../../src/takeover/node_http/listen_arguments.ts";

const callback = () => {};

const forms: readonly { what: string; given: unknown[]; place: Record<string, unknown> }[] = [
  { what: "nothing", given: [], place: { port: 0 } },
  { what: "a port", given: [3000], place: { port: 3000 } },
  { what: "a port as text", given: ["3000"], place: { port: 3000 } },
  { what: "no port", given: [undefined], place: { port: 0 } },
  { what: "null for a port", given: [null, "::1"], place: { port: 0, hostname: "::1" } },
  { what: "a port and a host", given: [1, "::1"], place: { port: 1, hostname: "::1" } },
  { what: "a port, a host and a backlog", given: [1, "a", 511], place: { port: 1, hostname: "a" } },
  { what: "a port and a backlog", given: [1, 511], place: { port: 1 } },
  { what: "a path", given: ["/run/a.sock"], place: { path: "/run/a.sock" } },
  { what: "options", given: [{ port: 1, host: "::" }], place: { port: 1, hostname: "::" } },
  { what: "options with an empty host", given: [{ port: 1, host: "" }], place: { port: 1 } },
  {
    what: "options with a port that is undefined",
    given: [{ port: undefined }],
    place: { port: 0 },
  },
  { what: "options with a path", given: [{ path: "/a" }], place: { path: "/a" } },
  { what: "options with reusePort", given: [{ port: 1, reusePort: true }], place: { port: 1 } },
];

const refusals: readonly { what: string; given: unknown[]; code: string }[] = [
  { what: "a port that is too large", given: [65_536], code: "ERR_SOCKET_BAD_PORT" },
  { what: "a port that is no whole number", given: [1.5], code: "ERR_SOCKET_BAD_PORT" },
  { what: "a port below 0", given: [-1], code: "ERR_SOCKET_BAD_PORT" },
  { what: "an empty port in options", given: [{ port: "" }], code: "ERR_SOCKET_BAD_PORT" },
  { what: "options that name nothing", given: [{}], code: "ERR_INVALID_ARG_VALUE" },
  { what: "a file descriptor", given: [{ fd: 3 }], code: "ERR_INVALID_ARG_VALUE" },
  { what: "an open socket", given: [{ _handle: {} }], code: "ERR_INVALID_ARG_VALUE" },
];

describe("readListenArguments()", () => {
  for (const { what, given, place } of forms) {
    it(`takes ${what}, with and without a callback`, () => {
      assertEquals(readListenArguments(given).place, place);
      const call = readListenArguments([...given, callback]);
      assertEquals([call.place, call.callback], [place, callback]);
    });
  }

  for (const { what, given, code } of refusals) {
    it(`refuses ${what}`, () => {
      const error = assertThrows(() => readListenArguments(given));
      assertEquals((error as { code?: string }).code, code);
    });
  }
});
