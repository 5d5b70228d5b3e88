import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  checkCopy,
  claimThread,
  type Overrides,
  overrides,
  setOverrides,
} from "../../src/supervisor/overrides.ts";

describe("overrides()", () => {
  it("is undefined before the command line has set any, and then what it has set", () => {
    assertEquals(overrides(), undefined);
    const set: Overrides = {
      app: "file:///app.ts",
      isAppWrittenInFull: true,
      runOptions: { workers: 3 },
      serverOptions: {},
      workersSource: "--workers",
      onBegin: () => {},
      onStarted: () => {},
    };
    setOverrides(set);
    assertEquals(overrides() === set, true);
  });
});

describe("checkCopy()", () => {
  it("lets every copy of the library be until the command line has claimed the thread for its own", () => {
    checkCopy("file:///a/server.ts");
    claimThread("file:///a/server.ts");
    checkCopy("file:///a/server.ts");
    const error = assertThrows(
      () => checkCopy("file:///b/server.ts"),
      TypeError,
      "The application has another copy of @mudpie/server (file:///b/server.ts) than the command line " +
        "(file:///a/server.ts): name the same version in both",
    );
    assertEquals(error.stack, `TypeError: ${error.message}`);
  });
});
