// The Request of fetch-style handlers in real workers: what is made of it ends with its client, none shows another's data, and
// an application that lazy requests cannot serve gets whole ones.

import { assertEquals, assertMatch } from "@std/assert";
import { afterAll, describe, it } from "@std/testing/bdd";
import { get, request } from "../support/clients/raw_client.ts";
import { Gate } from "../support/servers/gate.ts";
import { CAN_WATCH_PROCESSES, ServerProcess } from "../support/servers/server_process.ts";
import {
  describeEachWay,
  startApp,
  type StartedApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

describeEachWay((way) => {
  let starting: Promise<StartedApp> | undefined;
  const start = () => starting ??= startApp("keeps_requests.ts", { run: { ...way, workers: 1 } });
  afterAll(async () => await (await starting)?.[Symbol.asyncDispose]());

  for (
    const { target, what } of [
      { target: "new", what: "new Request(request)" },
      { target: "init", what: "new Request(request, init)" },
      { target: "clone", what: "request.clone()" },
      { target: "subclass", what: "an object of a subclass made of the request" },
      { target: "fetch", what: "fetch(url, request)" },
    ]
  ) {
    it(`${what} aborts when the client goes, in the context of its handler`, async () => {
      const app = await start();
      using gate = new Gate();
      using report = new Gate();
      using client = await app.connect();
      await client.send(get(`/derives/${target}/${gate.port}/${report.port}`));
      const handler = await gate.reached();
      await client.closeWrite();
      assertEquals(await (await report.reached()).said(), "AbortError, as alice");
      await handler.open();
      assertEquals((await client.readResponse()).text, "derived");
      assertEquals((await app.get("/context")).text, "nobody");
    });
  }

  it("a request that is kept for later shows its own head, and no body of another", async () => {
    const app = await start();
    using client = await app.connect();
    const keep = (number: number) =>
      request("POST", `/keep/${number}`, `X-Number: ${number}`, "Content-Length: 6") +
      `body ${number}`;
    await client.send([1, 2, 3].map(keep).join(""));
    for (let i = 0; i < 3; i++) assertEquals((await client.readResponse()).text, "kept");
    const late = "TypeError: Cannot read the body of POST";
    const kept = JSON.parse((await client.ask(get("/kept"))).text);
    assertEquals(
      kept.map((
        [url, number, body]: string[],
      ) => [new URL(url).pathname, number, body.slice(0, late.length)]),
      [1, 2, 3].map((number) => [`/keep/${number}`, String(number), late]),
    );
  });
}, TWO_WAYS);

describe("an application that replaces Request", { ignore: !CAN_WATCH_PROCESSES }, () => {
  for (const way of TWO_WAYS) {
    it(`gets the platform's requests, as from Deno.serve (isolation ${way.isolation})`, async () => {
      await using server = await ServerProcess.start("replaces_request.ts", { way });
      using client = await server.connect();
      const response = await client.ask(
        request("POST", "/echo", "X-A: 1", "Content-Length: 4") + "body",
      );
      const isOwn = false;
      assertEquals(
        JSON.parse(response.text),
        [isOwn, "POST", "/echo", "1", "body", "PUT", "body"],
      );
      assertEquals(server.stderr.all.filter((line) => line.includes("whole Requests")), []);
    });
  }
});

describe(
  "an application on a platform that hides its state",
  { ignore: !CAN_WATCH_PROCESSES },
  () => {
    for (const way of TWO_WAYS) {
      it(`gets whole requests, and one line in the log says why (isolation ${way.isolation})`, async () => {
        await using server = await ServerProcess.start("hides_platform_state.ts", { way });
        using client = await server.connect();
        for (let i = 0; i < 3; i++) {
          const response = await client.ask(
            request("POST", "/echo", "X-A: 1", "Content-Length: 4") + "body",
          );
          assertEquals(
            JSON.parse(response.text),
            [true, "POST", "/echo", "1", "body", "PUT", "body"],
          );
        }
        const lines = server.stderr.all.filter((line) => line.includes("whole Requests"));
        assertEquals(lines.length, 1, server.stderr.all.join("\n"));
        assertMatch(lines[0], /cannot be made on demand \(TypeError: /);
      });
    }
  },
);
