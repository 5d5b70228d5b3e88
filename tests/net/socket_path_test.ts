// The paths of Unix sockets. The link to the first one is tested with the sockets themselves.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { isNumbered, socketPath } from "../../src/net/socket_path.ts";

describe("socketPath()", () => {
  const cases: [pattern: string, slot: number, path: string][] = [
    ["/run/app.{n}.sock", 1, "/run/app.1.sock"],
    ["/run/{n}/app-{n}", 12, "/run/12/app-12"],
    ["/run/app.sock", 2, "/run/app.2.sock"],
    ["/run/app.v2.sock", 2, "/run/app.v2.2.sock"],
    ["/run/app", 3, "/run/app.3"],
    ["/run/app.d/socket", 3, "/run/app.d/socket.3"],
    ["/run/.hidden", 3, "/run/.hidden.3"],
    ["app.sock", 1, "app.1.sock"],
  ];
  for (const [pattern, slot, path] of cases) {
    it(`is ${path} for ${pattern} and the slot ${slot}`, () => {
      assertEquals(socketPath(pattern, slot), path);
    });
  }
});

describe("isNumbered()", () => {
  it("asks whether a path has a place for a number", () => {
    assertEquals([isNumbered("/run/a.{n}.sock"), isNumbered("/run/a.sock")], [true, false]);
  });
});
