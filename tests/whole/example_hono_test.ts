// examples/hono.ts: the same requests to the application alone, under Deno.serve, under Mudpie's fetch and under Mudpie's workers, which
// all have to give the same answers.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { app } from "../../examples/hono.ts";
import { fetchHandler, WebServer } from "../../mod.ts";
import { within } from "../support/deadline.ts";
import { CAN_START_APPS, startApp, type StartedApp } from "../support/started_app.ts";

/** A form with a file in it, always with the same delimiter. */
const MULTIPART = [
  "--delimiter",
  'Content-Disposition: form-data; name="a"',
  "",
  "1",
  "--delimiter",
  'Content-Disposition: form-data; name="file"; filename="note.txt"',
  "Content-Type: text/plain",
  "",
  "buy flour",
  "--delimiter--",
  "",
].join("\r\n");

const JSON_TYPE = { "content-type": "application/json" };

const REQUESTS: readonly { readonly path: string; readonly init?: RequestInit }[] = [
  { path: "/hello/Ada" },
  { path: "/hello/Ada?times=3" },
  { path: "/hello/Ada?times=many" },
  { path: "/hello/%C3%A9%2F%20b" },
  { path: "/hello/Ada", init: { method: "HEAD" } },
  { path: "/hello/Ada", init: { method: "OPTIONS" } },
  { path: "/hello/Ada", init: { method: "POST", body: "x" } },
  { path: "/notes", init: { method: "POST", headers: JSON_TYPE, body: '{"text":"é"}' } },
  { path: "/notes", init: { method: "POST", headers: JSON_TYPE, body: '{"text":7}' } },
  { path: "/notes", init: { method: "POST", headers: JSON_TYPE, body: "{" } },
  { path: "/notes", init: { method: "POST" } },
  { path: "/form", init: { method: "POST", body: new URLSearchParams("a=1&b=2&b=%C3%A9") } },
  {
    path: "/form",
    init: {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=delimiter" },
      body: MULTIPART,
    },
  },
  { path: "/visits" },
  { path: "/visits", init: { headers: { cookie: "a=b; visits=41" } } },
  { path: "/visits", init: { method: "DELETE", headers: { cookie: "visits=41" } } },
  { path: "/count/5" },
  { path: "/count/0" },
  { path: "/old" },
  { path: "/fails" },
  { path: "/nowhere?a=b" },
];

/** What must be the same everywhere. The framing, and when it was, are the server's own. */
async function contentOf(response: Response): Promise<unknown> {
  const headers = [...response.headers].filter(([name]) =>
    !["date", "connection", "content-length", "transfer-encoding", "vary", "keep-alive"].includes(
      name,
    )
  );
  return { status: response.status, headers, body: await response.text() };
}

/** A way to an answer. */
type Way = (path: string, init?: RequestInit) => Promise<Response>;

const alone: Way = async (path, init) => await app.request(path, init);

describe("examples/hono.ts", { ignore: !CAN_START_APPS }, () => {
  let client: Deno.HttpClient;
  let host: Deno.HttpServer<Deno.NetAddr>;
  let fleet: StartedApp;

  beforeAll(async () => {
    client = Deno.createHttpClient({});
    host = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
    fleet = await startApp("hono.ts", { run: { workers: 2 } });
  });
  afterAll(async () => {
    client?.close();
    await fleet?.[Symbol.asyncDispose]();
    await host?.shutdown();
  });

  const overPort = (port: () => number): Way => async (path, init) =>
    await within(
      fetch(`http://127.0.0.1:${port()}${path}`, { ...init, client, redirect: "manual" }),
      `an answer to ${path}`,
    );

  const server = new WebServer();
  server.addPath("/", fetchHandler(app.fetch));

  const ways: Readonly<Record<string, Way>> = {
    "Deno.serve": overPort(() => host.addr.port),
    "Mudpie's fetch()": (path, init) => server.fetch(new Request(`http://localhost${path}`, init)),
    "Mudpie's workers": overPort(() => fleet.port),
  };
  for (const [name, way] of Object.entries(ways)) {
    for (const { path, init } of REQUESTS) {
      it(`it answers ${init?.method ?? "GET"} ${path} under ${name} as it does alone`, async () => {
        assertEquals(
          await contentOf(await way(path, init)),
          await contentOf(await alone(path, init)),
        );
      });
    }
  }

  it("it panics under none of these", () => {
    assertEquals(fleet.running.stats().total.panics, 0);
    assertEquals(fleet.events.all.filter(({ kind }) => kind === "panicked"), []);
  });
});
