// What published packages do with requests and responses: classes that extend the platform's, and
// middleware that replaces or changes a response. Their modules keep the global classes as they
// are when they are loaded.

import { type Handler, Hono } from "hono";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { prettyJSON } from "hono/pretty-json";
import { secureHeaders } from "hono/secure-headers";
import { NextRequest, NextResponse } from "next/server.js";
import createClient from "openapi-fetch";
import { FastResponse, serve } from "srvx";
import { NodeResponse, patchGlobalRequest } from "srvx/node";
import type {
  FidelityCases,
  Info,
  SentRequest,
} from "../../support/fetch_fidelity/fidelity_case.ts";
import type { Notes } from "../../support/fetch_fidelity/notes.ts";
import { GET, JSON_POST } from "./requests.ts";

/** What an OpenAPI document says of the server that echoes, as openapi-typescript writes it. */
interface Paths {
  readonly "/notes/{id}": {
    readonly post: {
      readonly parameters: {
        readonly path: { readonly id: number };
        readonly query: { readonly tags: string[] };
      };
      readonly requestBody: { readonly content: { readonly "application/json": unknown } };
      readonly responses: {
        readonly 200: { readonly content: { readonly "application/json": unknown } };
      };
    };
  };
}

/** The methods of a NextRequest that lead to the request that it was made of. */
function seeNextRequest(next: NextRequest, notes: Notes): void {
  notes.see("instanceof", () => [next instanceof NextRequest, next instanceof Request]);
  notes.see("nextUrl", () => [next.nextUrl.pathname, next.nextUrl.searchParams.get("d")]);
  notes.see("url", () => next.url);
  notes.see("cookies", () => next.cookies.getAll());
  notes.see("headers", () => [...next.headers]);
  notes.see("a copy", () => [new NextRequest(next, { method: "PUT" }).method, next.method]);
  notes.see("a plain copy", () => new Request(next).url);
}

/** A Hono application with that middleware around one handler. */
function honoWith(
  middleware: (app: Hono) => unknown,
  handler: Handler = (c) => c.json({ a: 1 }, 201, { "x-inner": "1" }),
): { readonly send: SentRequest; readonly handle: (request: Request) => Promise<Response> } {
  const app = new Hono();
  middleware(app);
  app.all("*", handler);
  return { send: GET, handle: async (request) => await app.fetch(request) };
}

const next: FidelityCases = {
  "a NextRequest": {
    send: GET,
    handle: (request, { notes }) => seeNextRequest(new NextRequest(request), notes),
  },
  "a NextRequest with a body": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const next = new NextRequest(request);
      const copy = next.clone();
      await notes.see("json", () => next.json());
      await notes.see("of a clone", () => copy.text());
      notes.see("bodyUsed", () => [next.bodyUsed, copy.bodyUsed, request.bodyUsed]);
    },
  },
  "a NextResponse of JSON with cookies": {
    send: GET,
    handle(_request, { notes }) {
      const response = NextResponse.json({ a: "é" }, { status: 201, headers: { "x-a": "b" } });
      response.cookies.set("session", "a b", { httpOnly: true });
      response.cookies.delete("old");
      notes.see("instanceof", () => [
        response instanceof NextResponse,
        response instanceof Response,
        response.constructor === NextResponse,
      ]);
      notes.see("cookies", () => response.cookies.getAll().map(({ name }) => name));
      notes.see("fields", () => [...response.headers]);
      return response;
    },
  },
  "a NextResponse that was read": {
    send: GET,
    async handle(_request, { notes }) {
      const response = new NextResponse("text", { headers: { "content-type": "text/a" } });
      const copy = response.clone();
      await notes.see("text", () => response.text());
      notes.see("bodyUsed", () => [response.bodyUsed, copy.bodyUsed]);
      notes.see("copy", () => [copy instanceof Response, copy.headers.get("content-type")]);
      return copy;
    },
  },
  "a NextResponse that redirects": {
    send: GET,
    handle: (request) => NextResponse.redirect(new URL("/next?a=b", request.url), 308),
  },
  "a NextResponse that rewrites": {
    send: GET,
    handle(request) {
      const headers = new Headers(request.headers);
      headers.set("x-added", "1");
      return NextResponse.rewrite(new URL("/next", request.url), { request: { headers } });
    },
  },
  "a NextResponse of a stream": {
    send: GET,
    handle: () => new NextResponse(new Blob(["a", "b"]).stream(), { headers: { "x-a": "b" } }),
  },
};

const openapi: FidelityCases = {
  "a client of openapi-fetch that passes fields on": {
    send: { ...JSON_POST, host: "{echo}" },
    async handle(request, { notes }) {
      const client = createClient<Paths>({ baseUrl: new URL(request.url).origin });
      client.use({
        onRequest: ({ request: sent }) => {
          notes.see("the client's request", () => [sent instanceof Request, sent.method, sent.url]);
          sent.headers.set("x-one", request.headers.get("x-one") ?? "none");
        },
        onResponse: ({ response }) => {
          const read = new Response(response.body, response);
          read.headers.set("x-read", "1");
          return read;
        },
      });
      const { data, error, response } = await client.POST("/notes/{id}", {
        params: { path: { id: 7 }, query: { tags: ["a", "b"] } },
        body: await request.json(),
        signal: request.signal,
      });
      notes.see("data", () => [data, error]);
      notes.see("response", () => [response instanceof Response, response.status]);
      return Response.json(data, { headers: { "x-read": response.headers.get("x-read")! } });
    },
  },
  "a client of openapi-fetch that calls the application itself": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const client = createClient<Paths>({
        baseUrl: "http://inner.test",
        fetch: async (sent) => Response.json({ url: sent.url, body: await sent.json() }),
      });
      const result = await client.POST("/notes/{id}", {
        params: { path: { id: 7 }, query: { tags: [] } },
        body: await request.json(),
      });
      notes.see("data", () => result.data);
      return result.response.bodyUsed ? Response.json(result.data) : result.response;
    },
  },
};

const srvx: FidelityCases = {
  "a request that srvx extends": {
    send: JSON_POST,
    async handle(request, { notes }, info) {
      const server = serve({
        manual: true,
        gracefulShutdown: false,
        async fetch(extended) {
          notes.see("instanceof", () => [extended instanceof Request, extended === request]);
          notes.see("runtime", () => extended.runtime?.name);
          notes.see("ip", () => typeof extended.ip);
          notes.see("waitUntil", () => typeof extended.waitUntil);
          notes.see("own keys", () => Object.keys(extended).sort());
          const copy = new Request(extended, { headers: { "x-a": "b" } });
          await notes.see("a copy", () => copy.text());
          return new FastResponse("of srvx", { headers: { "x-a": "b" } });
        },
      });
      const fetch = server.fetch as (request: Request, info: Info) => Promise<Response>;
      return await fetch(request, info);
    },
  },
  "a body that srvx limits": {
    send: JSON_POST,
    async handle(request, { notes }, info) {
      const server = serve({
        manual: true,
        gracefulShutdown: false,
        maxRequestBodySize: 10,
        async fetch(extended) {
          await notes.see("text", () => extended.text());
          return new FastResponse(null, { status: 413 });
        },
      });
      const fetch = server.fetch as (request: Request, info: Info) => Promise<Response>;
      return await fetch(request, info);
    },
  },
  "a global Request that srvx replaces": {
    send: GET,
    handle(request, { notes }) {
      const original = globalThis.Request;
      try {
        const Patched = patchGlobalRequest();
        notes.see("instanceof", () => [request instanceof Patched, request instanceof Request]);
        const copy = new Patched(request, { headers: { "x-a": "b" } });
        notes.see("a copy", () => [copy.url, [...copy.headers], copy instanceof original]);
      } finally {
        globalThis.Request = original;
      }
    },
  },
  "a NodeResponse of srvx": {
    send: GET,
    handle(_request, { notes }) {
      const response = new NodeResponse("of srvx", { status: 201, headers: { "x-a": "b" } });
      notes.see("instanceof", () => response instanceof Response);
      notes.see("parts", () => [response.status, response.headers.get("x-a"), response.ok]);
      return new Response(response.body, response);
    },
  },
};

const hono: FidelityCases = {
  "a middleware of Hono that replaces c.res": honoWith((app) =>
    app.use(async (c, next) => {
      await next();
      c.res = new Response(c.res.body, c.res);
      c.res.headers.set("x-after", "1");
      c.res.headers.delete("x-inner");
    })
  ),
  "a middleware of Hono that replaces c.res by other text": honoWith((app) =>
    app.use(async (c, next) => {
      await next();
      const text = await c.res.text();
      c.res = new Response(text.toUpperCase(), { status: 202, headers: c.res.headers });
    })
  ),
  "a middleware of Hono that drops c.res first": honoWith((app) =>
    app.use(async (c, next) => {
      c.header("x-before", "1");
      await next();
      c.res = undefined;
      c.res = new Response("another", { headers: { "x-a": "b" } });
    })
  ),
  "a middleware of Hono that sets fields after": honoWith((app) =>
    app.use(async (c, next) => {
      c.header("vary", "Accept");
      await next();
      c.header("vary", "Origin", { append: true });
      c.res.headers.append("set-cookie", "a=b");
      c.res.headers.append("set-cookie", "c=d");
      c.header("content-type", "application/vnd.a+json");
    })
  ),
  "a middleware of Hono that sets fields on a response of a handler": honoWith(
    (app) =>
      app.use(async (c, next) => {
        await next();
        c.res.headers.set("x-after", c.res.headers.get("x-inner") ?? "none");
      }),
    () => new Response("a", { headers: { "x-inner": "1" } }),
  ),
  "a middleware of Hono that answers with a clone": honoWith((app) =>
    app.use(async (c, next) => {
      await next();
      const copy = c.res.clone();
      c.res.headers.set("x-length", String((await c.res.text()).length));
      c.res = new Response(copy.body, c.res);
    })
  ),
  "Hono's own middleware": honoWith((app) => {
    app.use(cors({ origin: "http://a.test", credentials: true }));
    app.use(secureHeaders(), etag(), prettyJSON({ force: true }));
  }),
  "Hono's etag of an unchanged response": {
    // The client has the response already: the tag is the SHA-1 of its text.
    ...honoWith((app) => app.use(etag()), (c) => c.text("unchanged")),
    send: { ...GET, fields: [["If-None-Match", '"8012ff51a005eaa8ed8f4c08ccdce580f462fff6"']] },
  },
};

export const packages: FidelityCases = { ...next, ...openapi, ...srvx, ...hono };
