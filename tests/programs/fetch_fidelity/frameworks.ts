// What frameworks and libraries do with requests and responses, each reduced to its pattern.

import { Readable } from "node:stream";
import { AsyncLocalStorage } from "node:async_hooks";
import type { FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { collect } from "./members.ts";
import { FORM_POST, GET, JSON_POST, MULTIPART_POST } from "./requests.ts";

/** A class like NextRequest: a copy with more members, kept under a symbol of its own. */
const INTERNALS = Symbol("internals");
class LikeNextRequest extends Request {
  readonly [INTERNALS]: { readonly url: URL; readonly cookies: Map<string, string> };

  constructor(input: Request | string | URL, init: RequestInit = {}) {
    const url = typeof input !== "string" && "url" in input ? input.url : String(input);
    super(input instanceof Request ? input : url, init);
    const pairs = (this.headers.get("cookie") ?? "").split("; ").filter(Boolean)
      .map((pair) => pair.split("=") as [string, string]);
    this[INTERNALS] = { url: new URL(url), cookies: new Map(pairs) };
  }

  get nextUrl(): URL {
    return this[INTERNALS].url;
  }

  get cookies(): Map<string, string> {
    return this[INTERNALS].cookies;
  }

  override get url(): string {
    return this[INTERNALS].url.href;
  }

  [Symbol.for("edge-runtime.inspect.custom")](): unknown {
    return { cookies: this.cookies, nextUrl: this.nextUrl, ...Object.fromEntries(this.headers) };
  }
}

/** A class like srvx's: its objects look like a Request, and make one when they need it. */
class LikeServerRequest {
  readonly #request: Request;
  readonly context: Record<string, unknown> = {};

  constructor(request: Request) {
    this.#request = request;
  }

  static {
    Object.setPrototypeOf(LikeServerRequest.prototype, Request.prototype);
  }

  get _request(): Request {
    return this.#request;
  }

  get url(): string {
    return this.#request.url;
  }

  get headers(): Headers {
    return this.#request.headers;
  }

  get method(): string {
    return this.#request.method;
  }

  text(): Promise<string> {
    return this.#request.text();
  }
}

/** A body that a middleware counts while it passes. */
function counted(request: Request, count: (bytes: number) => void): Request {
  const reader = request.body!.getReader();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async start(controller) {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        count(value.length);
        controller.enqueue(value);
      }
      controller.close();
    },
  });
  return new Request(request, { body, duplex: "half" } as RequestInit);
}

const storage = new AsyncLocalStorage<Request>();

export const frameworks: FidelityCases = {
  "a class like NextRequest": {
    send: { ...GET, target: "/next?a=b" },
    handle(request, { notes }) {
      const next = new LikeNextRequest(request);
      notes.see("instanceof", () => [next instanceof LikeNextRequest, next instanceof Request]);
      notes.see("nextUrl", () => [next.nextUrl.pathname, next.url]);
      notes.see("cookies", () => [...next.cookies]);
      notes.see("headers", () => [...next.headers]);
      notes.see("a copy of it", () => new LikeNextRequest(next, { method: "PUT" }).method);
      notes.see("a plain copy", () => new Request(next).url);
      notes.see("clone", () => [next.clone().constructor.name, next.clone().url]);
      next.headers.set("x-middleware", "1");
      notes.see("headers that were set", () => next.headers.get("x-middleware"));
    },
  },
  "a class like NextRequest with a body": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const next = new LikeNextRequest(request.url, {
        method: request.method,
        headers: request.headers,
        body: request.body,
        duplex: "half",
      } as RequestInit);
      await notes.see("json", () => next.json());
      notes.see("bodyUsed", () => [next.bodyUsed, request.bodyUsed]);
    },
  },
  "a class like srvx's request": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const server = new LikeServerRequest(request) as unknown as Request;
      notes.see("instanceof", () => server instanceof Request);
      notes.see("members", () => [server.method, server.url, [...server.headers]]);
      notes.see("a member of the platform", () => server.redirect);
      await notes.see("text", () => server.text());
      notes.see("clone", () => server.clone());
    },
  },
  "a wrapper of Hono": {
    send: FORM_POST,
    async handle(request, { notes }) {
      const cache: Record<string, Promise<unknown>> = {};
      const cached = (key: "text" | "json" | "arrayBuffer" | "formData") => {
        const known = Object.keys(cache)[0];
        if (known === undefined) return cache[key] = request[key]();
        return cache[known].then((body) =>
          new Response((known === "json" ? JSON.stringify(body) : body) as BodyInit)[key]()
        );
      };
      await notes.see("text", () => cached("text"));
      await notes.see("text again", () => cached("text"));
      await notes.see("arrayBuffer", () => cached("arrayBuffer"));
      notes.see("bodyUsed", () => request.bodyUsed);
    },
  },
  "a method that a form overrides": {
    send: { ...FORM_POST, body: "_method=DELETE&a=1" },
    async handle(request, { notes }) {
      const form = await request.clone().formData();
      const method = String(form.get("_method"));
      form.delete("_method");
      const headers = new Headers(request.headers);
      headers.delete("content-type");
      headers.delete("content-length");
      const changed = new Request(request, { method, headers, body: new URLSearchParams("a=1") });
      notes.see("method", () => changed.method);
      await notes.see("form", () => changed.formData());
    },
  },
  "a limit of the body": {
    send: JSON_POST,
    async handle(request, { notes }) {
      let length = 0;
      const limited = counted(request, (bytes) => length += bytes);
      await notes.see("json", () => limited.json());
      notes.see("length", () => length);
    },
  },
  "middleware that puts something on the request": {
    send: GET,
    handle(request, { notes }) {
      const clientAddress = Symbol.for("astro.clientAddress");
      Reflect.set(request, clientAddress, "192.0.2.1");
      Object.assign(request, { user: "Ada" });
      (request as unknown as { params: object }).params = { id: "7" };
      notes.see("symbol", () => Reflect.get(request, clientAddress));
      notes.see("user", () => Reflect.get(request, "user"));
      notes.see("params", () => Reflect.get(request, "params"));
      notes.see("of a clone", () => Reflect.get(request.clone(), "user"));
      notes.see("own keys", () => Object.keys(request));
    },
  },
  "a request behind a Proxy, as in itty-router": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const own = request as unknown as Record<string | symbol, unknown>;
      const proxy = new Proxy(request, {
        get: (target, key) => {
          const value = (target as unknown as typeof own)[key];
          return (value as { bind?: (to: object) => unknown })?.bind?.(request) ?? value;
        },
      });
      notes.see("method", () => proxy.method);
      notes.see("headers", () => proxy.headers.get("content-type"));
      await notes.see("json", () => proxy.json());
    },
  },
  "a reader that is replaced": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const text = request.text.bind(request);
      request.text = async () => `replaced ${await text()}`;
      await notes.see("text", () => request.text());
      await notes.see("of a clone", () => request.clone());
      notes.see("keys", () => Object.keys(request));
    },
  },
  "a reader of the prototype that is replaced": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const { text } = Request.prototype;
      const calls: string[] = [];
      Request.prototype.text = function (this: Request) {
        calls.push(this.method);
        return text.call(this);
      };
      try {
        await notes.see("text", () => new Request(request).text());
      } finally {
        Request.prototype.text = text;
      }
      notes.see("calls", () => calls);
    },
  },
  "a node stream of the body": {
    send: MULTIPART_POST,
    async handle(request, { notes }) {
      const stream = Readable.fromWeb(request.body as never);
      await notes.see("parts", () => collect(stream));
      notes.see("bodyUsed", () => request.bodyUsed);
    },
  },
  "headers for a client of node:http": {
    send: GET,
    handle({ headers }, { notes }) {
      const record: Record<string, string | string[]> = {};
      for (const [name, value] of headers.entries()) record[name] = value;
      headers.forEach((value, name) => record[`each-${name}`] = value);
      notes.see("record", () => record);
      notes.see("raw", () => [...headers].flat());
    },
  },
  "a request that is described for a log": {
    send: JSON_POST,
    handle(request, { notes }) {
      const { method, url, headers } = request;
      notes.see("destructured", () => ({ method, url, type: headers.get("content-type") }));
      notes.see("json", () => JSON.stringify({ request, headers }));
      notes.see("entries", () => Object.fromEntries(headers.entries()));
      notes.see("template", () => `${request} ${headers}`);
    },
  },
  "an error that names the request as its cause": {
    send: GET,
    handle(request, { notes }) {
      const error = new Error("failed", { cause: request });
      notes.see("cause", () => error.cause === request);
      notes.see("inspect", () => Deno.inspect({ cause: error.cause }).includes("Request"));
    },
  },
  "a request in an async context": {
    send: JSON_POST,
    async handle(request, { notes }) {
      await storage.run(request, async () => {
        await Promise.resolve();
        notes.see("same", () => storage.getStore() === request);
        await notes.see("json", () => storage.getStore()!.json());
      });
    },
  },
  "a request that is mounted below another path": {
    send: { ...JSON_POST, target: "/mount/inner?a=b" },
    async handle(request, { notes }) {
      const url = new URL(request.url);
      url.pathname = url.pathname.slice("/mount".length);
      const inner = new Request(url, request);
      notes.see("url", () => inner.url);
      await notes.see("json", () => inner.json());
      notes.see("outer", () => request.bodyUsed);
    },
  },
  "a validator that reads a clone first": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const validated = await request.clone().json();
      notes.see("validated", () => validated);
      const form = request.clone();
      await notes.see("no form", () => form.formData());
      await notes.see("the handler's own", () => request.json());
    },
  },
  "a cache of responses": {
    send: [GET, GET, GET],
    handle(_request, { kept, index }) {
      if (kept.length === 0) {
        kept.push(new Response(`made for ${index}`, { headers: { etag: '"a"' } }));
      }
      return (kept[0] as Response).clone();
    },
  },
  "middleware that wraps the response": {
    send: GET,
    async handle(_request, { notes }) {
      const inner = Response.json({ a: 1 }, { headers: { "x-inner": "1" } });
      const text = await inner.text();
      notes.see("used", () => inner.bodyUsed);
      return new Response(text.toUpperCase(), inner);
    },
  },
  "middleware that sets fields on the response": {
    send: GET,
    handle() {
      const response = new Response("a", { headers: { vary: "Accept" } });
      response.headers.append("vary", "Origin");
      response.headers.set("access-control-allow-origin", "*");
      response.headers.append("server-timing", "total;dur=1");
      return response;
    },
  },
  "middleware that sets fields on an immutable response": {
    send: { ...JSON_POST, host: "{echo}" },
    async handle(request, { notes }) {
      const response = await fetch(
        new Request(request.url, {
          method: request.method,
          headers: request.headers,
          body: await request.text(),
        }),
      );
      notes.see("set", () => response.headers.set("x-a", "1"));
      return new Response(response.body, { status: response.status, headers: { "x-a": "2" } });
    },
  },
  "a response of fetch": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: async (request) =>
      await fetch(request.url, {
        method: "POST",
        body: await request.text(),
        headers: { "x-b": "1" },
      }),
  },
  "a response of fetch, cloned": {
    send: { ...GET, host: "{echo}" },
    async handle(request, { notes }) {
      const response = await fetch(request.url);
      const copy = response.clone();
      await notes.see("json", () => copy.json());
      notes.see(
        "instanceof",
        () => [response instanceof Response, response.constructor === Response],
      );
      return response;
    },
  },
  "a response of a data: URL": {
    send: GET,
    handle: async () => await fetch("data:text/plain,hello%20there"),
  },
  "a server-sent event": {
    send: GET,
    handle() {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue("data: 1\n\n");
          controller.enqueue("data: 2\n\n");
          controller.close();
        },
      }).pipeThrough(new TextEncoderStream());
      return new Response(body, {
        headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
      });
    },
  },
  "a compressed body": {
    send: GET,
    handle() {
      const body = new Blob(["compress me"]).stream().pipeThrough(new CompressionStream("gzip"));
      return new Response(body, { headers: { "content-encoding": "gzip" } });
    },
  },
};
