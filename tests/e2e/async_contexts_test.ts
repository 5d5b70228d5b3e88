// What a handler enters with AsyncLocalStorage.enterWith() ends with its request: no later request sees it, on any connection.

import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals, assertNotEquals } from "@std/assert";
import { afterAll, it } from "@std/testing/bdd";
import { Gate } from "../support/servers/gate.ts";
import { get, request } from "../support/clients/raw_client.ts";
import { describeEachWay, startApp, type StartedApp } from "../support/servers/started_app.ts";

interface Entering {
  what: string;
  target: string;
  method?: string;
  status?: number;
}

const entering: Entering[] = [
  { what: "a plain handler", target: "/plain" },
  { what: "an async handler", target: "/async" },
  { what: "a handler that returns a promise", target: "/async-without-await" },
  { what: "a handler that returns a thenable", target: "/thenable" },
  { what: "a fetch-style handler, and by what follows completed", target: "/fetch" },
  { what: "an async fetch-style handler", target: "/fetch-async" },
  { what: "a handler that throws", target: "/throws", status: 500 },
  { what: "a handler that rejects", target: "/rejects", status: 500 },
  { what: "a handler that returns nothing", target: "/returns-nothing", status: 500 },
  { what: "an error that is logged", target: "/throws-what-enters", status: 500 },
  { what: "a handler that throws an HttpError", target: "/http-error", status: 404 },
  { what: "a generator", target: "/generator" },
  { what: "the pull of a stream", target: "/pull" },
  { what: "the pull of a fetch-style stream", target: "/fetch-pull" },
  { what: "an iterator", target: "/iterator" },
  { what: "a body that fails", target: "/failing-body", status: 500 },
  { what: "the cancelling of a body", target: "/cancelled-body", method: "HEAD" },
  { what: "a timer", target: "/timer" },
  { what: "the listener of an event", target: "/dispatches" },
  { what: "a listener to unhandled rejections", target: "/floating" },
];

const user = new AsyncLocalStorage<string>();

const LOOKS = ["/seen", "/seen/fetch", "/seen/async"];

describeEachWay((way) => {
  const seenByEvents: unknown[] = [];
  const onEvent = () => {
    seenByEvents.push(user.getStore());
    user.enterWith("alice");
  };
  let starting: Promise<StartedApp> | undefined;
  const start = () =>
    starting ??= startApp("enters_contexts.ts", {
      app: { server: { onPanic: "keep" } },
      run: { ...way, onEvent },
    });
  afterAll(async () => await (await starting)?.[Symbol.asyncDispose]());

  it("onEvent sees nothing of the context that an earlier call of it entered", async () => {
    await start();
    assertNotEquals(seenByEvents, []);
    assertEquals(seenByEvents, seenByEvents.map(() => undefined));
  });

  for (const { what, target, method = "GET", status = 200 } of entering) {
    const entry = request(method, target);

    it(`a server shows no later request on a connection the context that was entered by ${what}`, async () => {
      const app = await start();
      using client = await app.connect();
      for (const look of LOOKS) {
        assertEquals((await client.ask(entry)).status, status);
        assertEquals((await client.ask(get(look))).text, "nobody", look);
      }
      assertEquals((await app.get("/seen")).text, "nobody", "on a connection of its own");
    });

    it(`a server shows no pipelined request the context that was entered by ${what}`, async () => {
      const app = await start();
      using client = await app.connect();
      await client.send(LOOKS.map((look) => entry + get(look)).join(""));
      for (const look of LOOKS) {
        assertEquals((await client.readResponse(method === "HEAD")).status, status);
        assertEquals((await client.readResponse()).text, "nobody", look);
      }
    });
  }

  it("a server shows other connections no context that was entered while a body is sent", async () => {
    const app = await start();
    using gate = new Gate();
    using client = await app.connect();
    using other = await app.connect();
    await client.send(get(`/generator-at-gate/${gate.port}`) + get("/seen"));
    const visitor = await gate.reached();
    assertEquals((await other.ask(get("/seen"))).text, "nobody");
    assertEquals((await app.get("/seen")).text, "nobody");
    await visitor.open();
    assertEquals((await client.readResponse()).text, "entered");
    assertEquals((await client.readResponse()).text, "nobody");
  });

  it("a server shows no later request the context in which a handler's promise was settled", async () => {
    const app = await start();
    using gate = new Gate();
    using client = await app.connect();
    await client.send(get(`/settled-elsewhere/${gate.port}`) + get("/seen"));
    await gate.reached();
    assertEquals((await app.get("/settles")).text, "entered");
    assertEquals((await client.readResponse()).text, "entered");
    assertEquals((await client.readResponse()).text, "nobody");
  });

  it("a server calls the listeners of a signal in no other request's context", async () => {
    const app = await start();
    using gate = new Gate();
    using report = new Gate();
    using client = await app.connect();
    // The first of the two has the client watched, and the second is the one whose client goes.
    await client.send(get("/watched") + get(`/listens/nobody/${gate.port}/${report.port}`));
    const handler = await gate.reached();
    assertEquals((await client.readResponse()).text, "entered");
    await client.closeWrite();
    assertEquals(await (await report.reached()).said(), "nobody");
    await handler.open();
    assertEquals((await client.readResponse()).text, "entered");
    assertEquals((await app.get("/seen")).text, "nobody");
  });

  it("a server calls the listeners of a signal in the context of their own handler", async () => {
    const app = await start();
    using gate = new Gate();
    using report = new Gate();
    using client = await app.connect();
    await client.send(get(`/listens/alice/${gate.port}/${report.port}`));
    const handler = await gate.reached();
    await client.closeWrite();
    assertEquals(await (await report.reached()).said(), "alice");
    await handler.open();
    assertEquals((await client.readResponse()).text, "entered");
  });

  it("a server makes a streamed body in the context of its own handler", async () => {
    const app = await start();
    assertEquals((await app.get("/own-body")).text, "alice and alice");
  });
});
