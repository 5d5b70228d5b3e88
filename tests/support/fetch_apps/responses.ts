// An application that shows what `Response` is on its thread, and that makes responses in many ways.

import { EarlyDerived, EarlyResponse, earlyResponse } from "./early_response.ts";

const HEADERS = { "content-type": "text/html", "x-a": "b" };

/** Built as NextResponse is: it looks at its headers at once, and `json()` passes a response on. */
class FrameworkResponse extends Response {
  readonly cookies: { set(name: string, value: string): void };

  constructor(body?: BodyInit | null, init: ResponseInit = {}) {
    super(body, init);
    const { headers } = this;
    this.cookies = { set: (name, value) => headers.append("set-cookie", `${name}=${value}`) };
  }

  static override json(value: unknown, init?: ResponseInit): FrameworkResponse {
    const response = Response.json(value, init);
    return new FrameworkResponse(response.body, response);
  }
}

/** What a program can see of `Response` on its thread. */
async function facts(): Promise<Record<string, unknown>> {
  const fetched = await fetch("data:text/plain,fetched");
  class Derived extends Response {}
  return {
    isReplaced: !String(Response).startsWith("class Response"),
    name: Response.name,
    isOnePrototype: Response.prototype === EarlyResponse.prototype,
    isConstructor: new Response().constructor === Response && fetched.constructor === Response,
    areInstances: [
      fetched,
      earlyResponse,
      new EarlyDerived(),
      new Derived(),
      Response.json(1),
      Response.error(),
      new Response().clone(),
    ].every((response) => response instanceof Response && response instanceof EarlyResponse),
    keys: Object.keys(Object.getOwnPropertyDescriptors(Response)).sort(),
    inspected: Deno.inspect(new Response("a", { headers: HEADERS })),
    fetched: await fetched.text(),
  };
}

const responses: Record<string, () => Response | Promise<Response>> = {
  "/facts": async () => Response.json(await facts()),
  "/text": () => new Response("é", { status: 201, headers: HEADERS }),
  "/plain": () => new Response("text"),
  "/json": () => Response.json({ a: "é" }, { headers: { "x-a": "b" } }),
  "/empty": () => new Response(null, { status: 204 }),
  "/bytes": () => new Response(Uint8Array.of(0, 255), { headers: HEADERS }),
  "/stream": () => new Response(ReadableStream.from([Uint8Array.of(97)])),
  "/form": () => new Response(new URLSearchParams({ a: "é" })),
  "/early": () => new EarlyDerived("early", { headers: HEADERS }),
  "/early-clone": () => earlyResponse.clone(),
  "/early-json": () => EarlyResponse.json(1),
  "/headers": () => {
    const response = new Response("a", { headers: HEADERS });
    response.headers.append("set-cookie", "a=1");
    response.headers.append("set-cookie", "b=2");
    response.headers.delete("x-a");
    return response;
  },
  "/body": () => {
    const response = new Response("a", { headers: HEADERS });
    return response.body === null ? Response.error() : response;
  },
  "/clone": async () => {
    const response = new Response("a", { headers: HEADERS });
    const clone = response.clone();
    return new Response(await response.text() + await clone.text());
  },
  "/passed-on": () => fetch("data:text/plain,passed"),
  "/framework": () => {
    const response = FrameworkResponse.json({ a: 1 }, { status: 202, headers: { "x-a": "b" } });
    response.cookies.set("a", "1");
    return response;
  },
  "/redirect": () => Response.redirect("http://localhost/elsewhere", 303),
  "/read": async () => {
    const response = new Response("a");
    await response.text();
    return response;
  },
  "/twice": () => twice,
};

const twice = new Response("once");

/** A fetch-style application. */
export const app = {
  fetch(request: Request): Response | Promise<Response> {
    const make = responses[new URL(request.url).pathname];
    return make === undefined ? new Response(null, { status: 404 }) : make();
  },
};

/** The paths whose answers are the same on every server. */
export const PATHS: readonly string[] = Object.keys(responses).filter((path) =>
  !["/facts", "/read", "/twice"].includes(path)
);

export default app;
