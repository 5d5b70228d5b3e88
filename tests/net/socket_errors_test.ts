// The messages of errors of listening and accepting, and what errors of sockets mean.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  cannotListenAtPath,
  explainPathError,
  explainPortError,
  isEndOfConnection,
  isOutOfResources,
  withoutStack,
} from "../../src/net/socket_errors.ts";

type ErrorClass = new (message: string) => Error;
const { AddrInUse, AddrNotAvailable, NotADirectory, NotCapable, NotFound, PermissionDenied } =
  Deno.errors;

function assertOneLine(error: Error): void {
  assertEquals(error.message.includes("\n"), false);
  assertEquals(error.stack, `${error.name}: ${error.message}`);
}

describe("explainPortError()", () => {
  const tried = { hostname: "::1", port: 80, purpose: " for the test" };
  const cases: [errorClass: ErrorClass, advice: string][] = [
    [AddrInUse, "pass another port"],
    [AddrNotAvailable, "0.0.0.0"],
    [NotCapable, "--allow-net=[::1]:80,"],
    [PermissionDenied, "above 1023"],
  ];
  for (const [errorClass, advice] of cases) {
    it(`keeps the class ${errorClass.name}, and names the address, the purpose and the advice`, () => {
      const error = explainPortError(new errorClass("(os error 1)"), tried);
      assertInstanceOf(error, errorClass);
      assertStringIncludes(error.message, "Cannot listen on [::1]:80 for the test: ");
      assertStringIncludes(error.message, advice);
      assertEquals(error.message.includes("os error"), false);
      assertOneLine(error);
    });
  }

  it("leaves the port out of the permission if any port may be picked", () => {
    const error = explainPortError(new NotCapable("a"), { ...tried, port: 0 });
    assertInstanceOf(error, NotCapable);
    assertStringIncludes(error.message, "--allow-net=::1,");
  });

  it("quotes the message of any other error, and keeps that error as the cause", () => {
    const cause = new Error("failed to look up");
    const error = explainPortError(cause, tried);
    assertInstanceOf(error, Error);
    assertStringIncludes(error.message, "failed to look up; expected an IP address");
    assertStrictEquals(error.cause, cause);
    assertOneLine(error);
    assertOneLine(cause);
  });

  it("returns what is not an error unchanged", () => {
    assertEquals(explainPortError("a", tried), "a");
  });
});

describe("explainPathError()", () => {
  const cases: [errorClass: ErrorClass, advice: string][] = [
    [NotCapable, "--allow-write"],
    [NotFound, "its folder is not there"],
    [NotADirectory, "its folder is not there"],
    [PermissionDenied, "the folder's owner"],
    [TypeError, "as it is"],
  ];
  for (const [errorClass, advice] of cases) {
    it(`names the path and the advice for the class ${errorClass.name}`, () => {
      const error = explainPathError("/run/a.sock", new errorClass("as it is"));
      assertInstanceOf(error, Error);
      assertStringIncludes(error.message, `Cannot listen on the Unix socket "/run/a.sock": `);
      assertStringIncludes(error.message, advice);
      assertOneLine(error);
    });
  }

  it("returns what is not an error unchanged", () => {
    assertEquals(explainPathError("/run/a.sock", "a"), "a");
  });
});

describe("cannotListenAtPath()", () => {
  it("makes an error of the class that it is given, in one line, with the path in quotes", () => {
    const error = cannotListenAtPath("/run/a\nb", "it is taken", AddrInUse);
    assertInstanceOf(error, AddrInUse);
    assertEquals(error.message, `Cannot listen on the Unix socket "/run/a\\nb": it is taken`);
    assertOneLine(error);
  });
});

describe("withoutStack()", () => {
  it("returns the same error, which is shown as one line", () => {
    const error = new RangeError("no room");
    assertStrictEquals(withoutStack(error), error);
    assertOneLine(error);
  });
});

describe("isOutOfResources()", () => {
  const cases: [message: string, expected: boolean][] = [
    ["Too many open files (os error 24)", true],
    ["Too many open files in system (os error 23)", true],
    ["No buffer space available (os error 105)", true],
    ["Cannot allocate memory (os error 12)", true],
    ["Software caused connection abort (os error 103)", false],
    ["Connection reset by peer (os error 104)", false],
    ["Interrupted (os error 4)", false],
  ];
  for (const [message, expected] of cases) {
    it(`returns ${expected} for ${JSON.stringify(message)}`, () => {
      assertEquals(isOutOfResources(new Error(message)), expected);
    });
  }

  it("returns false for what is not an error", () => {
    assertEquals(isOutOfResources("(os error 24)"), false);
  });
});

describe("isEndOfConnection()", () => {
  const ends = [
    new Deno.errors.ConnectionReset("Connection reset by peer (os error 104)"),
    new Deno.errors.BrokenPipe("Broken pipe (os error 32)"),
    new Deno.errors.Interrupted("operation canceled"),
    new Deno.errors.BadResource("Bad resource ID"),
    new Error("No route to host (os error 113)"),
  ];
  for (const error of ends) {
    it(`is true for ${error.name}: ${error.message}`, () => assert(isEndOfConnection(error)));
  }

  for (const fault of [new TypeError("x is not a function"), new Error("a fault"), undefined]) {
    it(`is false for ${fault}`, () => assert(!isEndOfConnection(fault)));
  }
});
