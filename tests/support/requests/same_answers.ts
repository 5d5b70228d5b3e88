// One suite for every fetch-style application: the same requests to the application alone, under Deno.serve, under Mudpie's fetch and
// under Mudpie's workers, which all have to give the same answers.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { type FetchHandler, fetchHandler, WebServer } from "../../../mod.ts";
import { within } from "../deadline.ts";
import { CAN_START_APPS, startApp, type StartedApp } from "../servers/started_app.ts";
import { MULTIPART_TEXT, MULTIPART_TYPE } from "./multipart_form.ts";

/** A request, and what it is called where its method and path do not say it. */
interface SameRequest {
  readonly path: string;
  /** A function where the body is a stream, which can be read but once. */
  readonly init?: RequestInit | (() => RequestInit);
  readonly what?: string;
}

/** A form with a file in it, always with the same delimiter. */
export const MULTIPART_FORM: RequestInit = {
  method: "POST",
  headers: { "content-type": MULTIPART_TYPE },
  body: MULTIPART_TEXT,
};

/** A POST of JSON text, which may be wrong. */
export function postJson(body: string): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}

/** What belongs to the server, or to the way: the framing, when it was, and the coding, which a client undoes. */
const FIELDS_OF_THE_WAY = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
  "vary",
]);

/** What must be the same everywhere. What an application gives to a HEAD is left out by the server, where there is one. */
async function contentOf(response: Response, { method }: RequestInit): Promise<unknown> {
  const headers = [...response.headers].filter(([name]) => !FIELDS_OF_THE_WAY.has(name));
  const body = await response.text();
  return { status: response.status, headers, body: method === "HEAD" ? undefined : body };
}

/** A way to an answer. */
interface Way {
  /** Where the application is, as it sees it itself. */
  readonly origin: () => string;
  readonly ask: (url: string, init: RequestInit) => Promise<Response>;
}

/** An application as a framework exports it. */
interface FetchApp {
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/**
 * The suite for an application, and the name of its module in apps/, where workers load it. `load` is called only where the suite
 * runs: an npm package may read the environment when it is loaded, which takes a permission.
 */
export function describeSameAnswers(
  name: string,
  load: () => Promise<FetchApp>,
  workersModule: string,
  requests: readonly SameRequest[],
): void {
  describe(name, { ignore: !CAN_START_APPS }, () => {
    const server = new WebServer();
    let app: FetchApp;
    let client: Deno.HttpClient;
    let host: Deno.HttpServer<Deno.NetAddr>;
    let fleet: StartedApp;

    beforeAll(async () => {
      app = await load();
      server.addPath("/", fetchHandler(app.fetch as FetchHandler));
      client = Deno.createHttpClient({});
      host = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
      fleet = await startApp(workersModule, { run: { workers: 2 } });
    });
    afterAll(async () => {
      client?.close();
      await fleet?.[Symbol.asyncDispose]();
      await host?.shutdown();
    });

    const overPort = (port: () => number): Way => ({
      origin: () => `http://127.0.0.1:${port()}`,
      ask: (url, init) =>
        within(fetch(url, { ...init, client, redirect: "manual" }), `an answer from ${url}`),
    });

    const ways: Readonly<Record<string, Way>> = {
      "Deno.serve": overPort(() => host.addr.port),
      "Mudpie's fetch()": {
        origin: () => "http://localhost",
        ask: (url, init) => server.fetch(new Request(url, init)),
      },
      "Mudpie's workers": overPort(() => fleet.port),
    };
    for (const [way, { origin, ask }] of Object.entries(ways)) {
      for (const { path, init = {}, what } of requests) {
        const initOf = () => typeof init === "function" ? init() : init;
        const method = initOf().method ?? "GET";
        it(`answers ${what ?? `${method} ${path}`} under ${way} as it does alone`, async () => {
          const url = origin() + path;
          assertEquals(
            await contentOf(await ask(url, initOf()), initOf()),
            await contentOf(await app.fetch(new Request(url, initOf())), initOf()),
          );
        });
      }
    }

    it("panics under none of these", () => {
      assertEquals(fleet.running.stats().total.panics, 0);
      assertEquals(fleet.events.all.filter(({ kind }) => kind === "panicked"), []);
    });
  });
}
