import { assertEquals, assertGreater, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { resolveRunOptions, type RunOptions } from "../../src/options/run_options.ts";
import { resolveWorkerCount } from "../../src/options/worker_count.ts";
import { canUseVariable } from "../support/permissions.ts";
import { withEnvironment } from "../support/environment_variables.ts";

const VARIABLES = ["MUDPIE_WORKERS", "MUDPIE_THREADS", "WEB_CONCURRENCY"] as const;
const canSetThreads = VARIABLES.every(canUseVariable);

describe("The number of workers", { ignore: !canSetThreads }, () => {
  const count = (
    threads?: string,
    concurrency?: string,
    options: RunOptions = {},
    workers?: string,
  ) =>
    withEnvironment(
      { MUDPIE_WORKERS: workers, MUDPIE_THREADS: threads, WEB_CONCURRENCY: concurrency },
      () => resolveWorkerCount(resolveRunOptions(options)),
    );

  it("is the option's, whatever the environment says", () => {
    const { workers, source } = count("3", "5", { workers: 7 });
    assertEquals(workers, 7);
    assertStringIncludes(source, "run()");
  });

  it("is else that of MUDPIE_THREADS, and the source says so", () => {
    const { workers, source } = count("3", "5");
    assertEquals(workers, 3);
    assertStringIncludes(source, "MUDPIE_THREADS");
  });

  it("is else that of MUDPIE_WORKERS, which has the rank of MUDPIE_THREADS", () => {
    for (const threads of [undefined, "", "3"]) {
      const { workers, source } = count(threads, "5", {}, "4");
      assertEquals(workers, 4);
      assertStringIncludes(source, "MUDPIE_WORKERS");
    }
    assertEquals(count("3", "5", { workers: 7 }, "4").workers, 7);
  });

  it("is else that of WEB_CONCURRENCY, and the source says so", () => {
    for (const unset of [undefined, ""]) {
      const { workers, source } = count(unset, "5");
      assertEquals(workers, 5);
      assertStringIncludes(source, "WEB_CONCURRENCY");
    }
  });

  it("is else that of the machine's cores, and the source says so", () => {
    const { workers, source } = count();
    assertEquals(workers, navigator.hardwareConcurrency);
    assertStringIncludes(source, "core");
  });

  for (const text of ["0", "-1", "1.5", "four", "1025", "4 threads", "NaN", "Infinity"]) {
    it(`cannot be ${JSON.stringify(text)}: an error names the variable, and what it says`, () => {
      for (const name of VARIABLES) {
        const fail = () =>
          withEnvironment(
            { ...Object.fromEntries(VARIABLES.map((each) => [each, undefined])), [name]: text },
            () => resolveWorkerCount(resolveRunOptions({})),
          );
        const { message } = assertThrows(fail, RangeError);
        for (const part of [name, JSON.stringify(text), "1 to 1024"]) {
          assertStringIncludes(message, part);
        }
      }
    });
  }

  it("does not ask the environment where the option is there", () => {
    assertEquals(count("none", "none", { workers: 2 }).workers, 2);
  });
});

describe("The number of workers, where the environment may not be read,", {
  ignore: canSetThreads,
}, () => {
  it("is that of the machine's cores, and nobody is asked", () => {
    const { workers } = resolveWorkerCount(resolveRunOptions({}));
    assertGreater(workers, 0);
    assertEquals(workers, navigator.hardwareConcurrency);
  });
});
