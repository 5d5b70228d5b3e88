// Fetch-style applications of several frameworks, as they are: the same requests to each alone, under Deno.serve, under Mudpie's fetch and
// under Mudpie's workers, which all have to give the same answers.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { get, post, RawClient } from "../support/clients/raw_client.ts";
import { describeSameAnswers, MULTIPART_FORM, postJson } from "../support/requests/same_answers.ts";
import { CAN_START_APPS, startApp } from "../support/servers/started_app.ts";

// Loaded only where they are needed: see describeSameAnswers.
const loadSrvx = async () => (await import("../support/fetch_apps/srvx.ts")).app;
const loadH3 = async () => (await import("../support/fetch_apps/h3.ts")).app;
const loadHonoHelpers = async () => (await import("../support/fetch_apps/hono_helpers.ts")).app;

const FORM: RequestInit = { method: "POST", body: new URLSearchParams("a=1&b=2&b=%C3%A9") };
const BYTES: RequestInit = { method: "POST", body: Uint8Array.of(0, 255, 128, 10) };

describeSameAnswers("an application for srvx", loadSrvx, "fetch_srvx.ts", [
  { path: "/hello/Ada" },
  { path: "/hello/Ada?times=3" },
  { path: "/hello/%C3%A9%2F%20b" },
  { path: "/hello/Ada", init: { method: "HEAD" } },
  { path: "/notes", init: postJson('{"text":"é"}') },
  { path: "/notes", init: postJson('{"text":7}'), what: "a note that is not text" },
  { path: "/notes", init: postJson("{"), what: "a note that is not JSON" },
  { path: "/notes" },
  { path: "/form", init: FORM, what: "a form" },
  { path: "/form", init: MULTIPART_FORM, what: "a form with a file" },
  { path: "/form", init: { method: "POST", body: "x" }, what: "a form that is none" },
  { path: "/bytes", init: BYTES },
  {
    path: "/bytes",
    init: { method: "POST", body: "x".repeat(30_000) },
    what: "more bytes than srvx allows",
  },
  { path: "/visits" },
  { path: "/visits", init: { headers: { cookie: "a=b; visits=41" } }, what: "a cookie" },
  { path: "/later" },
  { path: "/count/5" },
  { path: "/count/0" },
  { path: "/empty" },
  { path: "/old" },
  { path: "/fails" },
  { path: "/nowhere?a=b" },
]);

describeSameAnswers(
  "an application of h3",
  loadH3,
  "fetch_h3.ts",
  [
    { path: "/hello/Ada" },
    { path: "/hello/Ada?times=3" },
    { path: "/hello/Ada?times=many" },
    { path: "/hello/%C3%A9%20b" },
    { path: "/hello/Ada", init: { method: "HEAD" } },
    { path: "/hello/Ada", init: { method: "DELETE" } },
    {
      path: "/notes",
      init: {
        method: "OPTIONS",
        headers: { origin: "http://front.test", "access-control-request-method": "POST" },
      },
      what: "a preflight",
    },
    { path: "/notes", init: postJson('{"text":"é"}') },
    { path: "/notes", init: postJson('{"text":7}'), what: "a note that is not text" },
    { path: "/notes", init: postJson("{"), what: "a note that is not JSON" },
    { path: "/form", init: FORM, what: "a form" },
    { path: "/form", init: MULTIPART_FORM, what: "a form with a file" },
    { path: "/bytes", init: BYTES },
    { path: "/visits" },
    { path: "/visits", init: { headers: { cookie: "a=b; visits=41" } }, what: "a cookie" },
    { path: "/visits", init: { method: "DELETE", headers: { cookie: "visits=41" } } },
    { path: "/count/5" },
    { path: "/count/0" },
    { path: "/old" },
    { path: "/later" },
    { path: "/fails" },
    { path: "/nowhere?a=b" },
  ],
);

const SIGNED = CAN_START_APPS ? await signedCookie() : "";

/** What the application gives to who logs in. */
async function signedCookie(): Promise<string> {
  const response = await (await loadHonoHelpers()).request("/login");
  return response.headers.getSetCookie()[0].split(";")[0];
}

describeSameAnswers("Hono's helpers", loadHonoHelpers, "fetch_hono_helpers.ts", [
  { path: "/login" },
  { path: "/user", init: { headers: { cookie: SIGNED } }, what: "a signed cookie" },
  { path: "/user", init: { headers: { cookie: SIGNED + "x" } }, what: "a forged cookie" },
  { path: "/shared/thing", init: { headers: { origin: "http://front.test" } }, what: "CORS" },
  {
    path: "/shared/thing",
    init: {
      method: "OPTIONS",
      headers: {
        origin: "http://front.test",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-other",
      },
    },
    what: "a preflight",
  },
  {
    path: "/limited",
    init: { method: "POST", body: "x".repeat(1_000) },
    what: "a body at its limit",
  },
  { path: "/limited", init: { method: "POST", body: "x".repeat(1_001) }, what: "a body over it" },
  {
    path: "/limited",
    init: () => ({ method: "POST", body: ReadableStream.from([new Uint8Array(5_000)]) }),
    what: "a body over it that does not say its length",
  },
  { path: "/etag" },
  { path: "/etag", init: { method: "HEAD" } },
  { path: "/weak-etag" },
  {
    path: "/etag",
    init: { headers: { "if-none-match": '"550736dc963ab23f64112e0169b06d848eee94f9"' } },
    what: "a validator that matches",
  },
  { path: "/timeout" },
  { path: "/stream" },
  { path: "/text" },
  { path: "/events" },
  { path: "/breaks" },
]);

describe("Applications in workers", { ignore: !CAN_START_APPS }, () => {
  for (const name of ["srvx", "h3"]) {
    it(`one of ${name} knows the address of who asks`, async () => {
      await using fleet = await startApp(`fetch_${name}.ts`);
      assertEquals((await fleet.get("/ip")).text, "127.0.0.1");
    });
  }

  it("Hono's compression goes over the wire as it is, once", async () => {
    await using fleet = await startApp("fetch_hono_helpers.ts");
    using client = await RawClient.connect(fleet.port);
    await client.send(get("/compressed", "Accept-Encoding: gzip", "Connection: close"));
    const [head] = (await client.readToEnd()).split("\r\n\r\n", 1);
    assertMatch(head, /^content-encoding: gzip$/im);
    assertMatch(head, /^transfer-encoding: chunked$/im);
  });

  for (const isolation of ["web", "thread"] as const) {
    it(`one that replaces the platform's classes is served (isolation ${isolation})`, async () => {
      await using fleet = await startApp("replaces_classes.ts", { run: { isolation } });
      using client = await RawClient.connect(fleet.port);
      assertEquals(JSON.parse((await client.ask(post("/", "body"))).text), {
        isPlatforms: [true, true, true],
        fields: 2,
        text: "body",
      });
      assertEquals((await client.ask(get("/static"))).text, '{"isOwn":false}');
      assertEquals((await client.ask(get("/fetched"))).text, "fetched");
      assertEquals((await client.ask(get("/stream"))).text, "streamed");
      assertEquals(fleet.running.stats().total.panics, 0);
    });
  }
});
