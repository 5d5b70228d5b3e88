// The `Response` of workers: what a program sees of it, and that it is sent as from Deno.serve, with
// both kinds of worker, with the option and without.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { app, PATHS } from "../support/fetch_apps/responses.ts";
import { within } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_WATCH_PROCESSES, ServerProcess } from "../support/servers/server_process.ts";
import {
  CAN_START_APPS,
  CAN_START_PROGRAMS,
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const APP = new URL("../support/fetch_apps/responses.ts", import.meta.url).pathname;

/** What a client sees, except for what each server adds. */
async function answer(port: number, path: string): Promise<unknown> {
  const response = await within(
    fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual" }),
    `an answer to ${path}`,
  );
  const bytes = [...await response.bytes()];
  const headers = [...response.headers].filter(([name]) =>
    !["date", "content-length", "transfer-encoding", "vary"].includes(name)
  );
  return { status: response.status, headers, bytes };
}

async function factsOf(port: number): Promise<Record<string, unknown>> {
  const response = await within(fetch(`http://127.0.0.1:${port}/facts`), "the facts");
  return await response.json();
}

/** The facts on this thread, where nothing is replaced. */
async function platformFacts(): Promise<Record<string, unknown>> {
  const response = await app.fetch(new Request("http://localhost/facts"));
  return await response.json();
}

describeEachWay((way) => {
  for (const fastResponse of [true, false]) {
    describe(`with fastResponse: ${fastResponse}`, () => {
      let started: StartedApp;
      let base: Deno.HttpServer<Deno.NetAddr>;
      beforeAll(async () => {
        started = await startApp("fetch_responses.ts", {
          app: { server: { onPanic: "keep" } },
          run: { ...way, fastResponse },
        });
        base = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
      });
      afterAll(async () => {
        await started?.[Symbol.asyncDispose]();
        await base?.shutdown();
      });

      it("replaces Response in workers, or leaves it, and shows the platform's in any case", async () => {
        const facts = await factsOf(started.port);
        assertEquals(facts.isReplaced, fastResponse);
        assertEquals({ ...facts, isReplaced: false }, await platformFacts());
      });

      for (const path of PATHS) {
        it(`sends ${path} as Deno.serve does`, async () => {
          assertEquals(await answer(started.port, path), await answer(base.addr.port, path));
        });
      }

      it("answers 500 to a response that was read, or sent before", async () => {
        const statuses: number[] = [];
        for (const path of ["/read", "/twice", "/twice"]) {
          const response = await fetch(`http://127.0.0.1:${started.port}${path}`);
          await response.body?.cancel();
          statuses.push(response.status);
        }
        assertEquals(statuses, [500, 200, 500]);
      });
    });
  }
}, TWO_WAYS);

describeEachWay((way) => {
  for (const fastResponse of [true, false]) {
    const title =
      `survives responses that are read through a Proxy, with fastResponse: ${fastResponse}`;
    it(title, { ignore: !CAN_WATCH_PROCESSES }, async () => {
      const run = { fastResponse };
      await using server = await ServerProcess.start("proxies_responses.ts", { way, run });
      for (let request = 0; request < 3; request++) {
        assertEquals(await server.text("/"), "proxied");
      }
    });
  }
}, TWO_WAYS);

describe("the main thread", { ignore: !CAN_START_APPS }, () => {
  it("keeps the platform's Response in a program that imports the library", () => {
    assertEquals(Response.prototype.constructor, Response);
    assertStringIncludes(String(Response), "class Response");
  });
});

describe("the command line", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const flag of [[], ["--no-fast-response"]]) {
    it(`replaces Response unless it is told not to: ${flag.join(" ") || "no flag"}`, async () => {
      const args = ["run", "-A", CLI, APP, "--port", "0", "--workers", "1", ...flag];
      await using program = Program.deno(args);
      const { port } = await program.listening();
      const facts = await factsOf(port);
      assertEquals(facts.isReplaced, flag.length === 0);
      assertEquals({ ...facts, isReplaced: false }, await platformFacts());
    });
  }
});
