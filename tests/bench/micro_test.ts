// Holds the subjects of the micro-benchmarks to their right answers: what is fast and wrong must not look like progress.

import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canReadTests } from "../support/permissions.ts";
import { subjects as encoder } from "./micro/encoder_bench.ts";
import { subjects as exchange } from "./micro/exchange_bench.ts";
import { subjects as head } from "./micro/head_bench.ts";
import { subjects as request } from "./micro/request_bench.ts";
import { subjects as router } from "./micro/router_bench.ts";
import { BROWSER_HEAD, HELLO_HEAD, ORDER } from "./requests.ts";

describe("Micro-benchmark", () => {
  for (const { name, run, tell, expected } of [head, request, router, encoder, exchange].flat()) {
    it(`"${name}" has the right answer`, async () => {
      assertEquals(await tell(await run()), expected);
    });
  }

  it("every file of the folder is among those that are tested", { ignore: !canReadTests }, () => {
    const files = Array.from(
      Deno.readDirSync(new URL("micro/", import.meta.url)),
      ({ name }) => name,
    ).filter((name) => name.endsWith("_bench.ts"));
    const source = Deno.readTextFileSync(new URL(import.meta.url));
    assertEquals(files.filter((name) => !source.includes(`"./micro/${name}"`)), []);
    assertGreater(files.length, 0);
  });
});

describe("Requests of the benchmark", () => {
  it("they have the sizes that their names promise", () => {
    assertEquals(
      [HELLO_HEAD.length, BROWSER_HEAD.length, BROWSER_HEAD.split("\r\n").length - 3, ORDER.length],
      [45, 660, 13, 1_024],
    );
  });
});
