// What a request is for code that looks at the object itself: its class, its prototypes, its keys,
// what the console shows, and what a Proxy or an object made from it can do.

import { inspect, types } from "node:util";
import type { FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { inspected, REQUEST_MEMBERS } from "./members.ts";
import { GET, JSON_POST } from "./requests.ts";

/** All keys that a program can see without a look for symbols. */
function visibleKeys(object: object): unknown {
  const all: string[] = [];
  for (const key in object) all.push(key);
  return {
    all: all.sort(),
    keys: Object.keys(object),
    names: Object.getOwnPropertyNames(object),
    spread: Object.keys({ ...object }),
    entries: Object.entries(object),
    json: JSON.stringify(object),
  };
}

/** How a property is described where it is found first on the chain of prototypes. */
function descriptorOf(object: object, key: string): unknown {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key);
    if (descriptor === undefined) continue;
    const { get, set, value, enumerable, configurable, writable } = descriptor;
    const kinds = [typeof get, typeof set, typeof value];
    return { kinds, enumerable, configurable, writable, isOwn: at === object };
  }
  return undefined;
}

/** The readers of the platform, taken from its prototype. */
const METHODS = ["arrayBuffer", "blob", "bytes", "clone", "formData", "json", "text"] as const;
const GETTERS = [
  ...["method", "url", "headers", "redirect", "cache", "credentials", "integrity", "keepalive"],
  ...["mode", "referrer", "referrerPolicy", "signal", "body", "bodyUsed"],
];

function getterOf(key: string): () => unknown {
  return Object.getOwnPropertyDescriptor(Request.prototype, key)?.get as () => unknown;
}

function shown(value: unknown): unknown {
  return value instanceof Headers ? [...value] : value;
}

export const requestIdentity: FidelityCases = {
  "its class": {
    handle(request, { notes }) {
      notes.see("instanceof", () => [request instanceof Request, request instanceof Object]);
      notes.see("hasInstance", () => Function.prototype[Symbol.hasInstance].call(Request, request));
      notes.see(
        "isPrototypeOf",
        () => Object.prototype.isPrototypeOf.call(Request.prototype, request),
      );
      notes.see("constructor", () => request.constructor === Request);
      notes.see("constructor.name", () => request.constructor.name);
      notes.see("Object.prototype.toString", () => Object.prototype.toString.call(request));
      notes.see("String", () => String(request));
      notes.see("typeof", () => typeof request);
      notes.see("not a Response", () => (request as object) instanceof Response);
      notes.see("headers", () => request.headers instanceof Headers);
      notes.see("headers.constructor", () => request.headers.constructor === Headers);
      notes.see("signal", () => request.signal instanceof AbortSignal);
      notes.see("types", () => [types.isProxy(request), types.isProxy(request.headers)]);
      notes.see("frozen", () => [Object.isFrozen(request), Object.isExtensible(request)]);
    },
  },
  "its class after its body was read": {
    send: JSON_POST,
    async handle(request, { notes }) {
      await request.text();
      notes.see("instanceof", () => request instanceof Request);
      notes.see("toString", () => Object.prototype.toString.call(request));
      notes.see("headers", () => request.headers instanceof Headers);
    },
  },
  "the global class": {
    handle(request, { notes }) {
      notes.see("name", () => [Request.name, Request.length, Headers.name, Headers.length]);
      notes.see("prototype", () => Object.getPrototypeOf(Request.prototype) === Object.prototype);
      notes.see("toString", () => Function.prototype.toString.call(Request).includes("native"));
      notes.see("a plain one", () => new Request(request.url) instanceof Request);
      notes.see("hasOwn", () => Object.hasOwn(globalThis, "Request"));
      notes.see("descriptor", () => {
        const { writable, enumerable, configurable } =
          Object.getOwnPropertyDescriptor(globalThis, "Request") ?? {};
        return { writable, enumerable, configurable };
      });
    },
  },
  "its keys": {
    send: JSON_POST,
    async handle(request, { notes }) {
      notes.see("before", () => visibleKeys(request));
      notes.see("headers before", () => visibleKeys(request.headers));
      await request.text();
      notes.see("after", () => visibleKeys(request));
      notes.see("headers after", () => visibleKeys(request.headers));
      notes.see("in", () => ["url", "text", "nothing"].map((key) => key in request));
      notes.see(
        "hasOwn",
        () => ["url", "text", "nothing"].map((key) => Object.hasOwn(request, key)),
      );
    },
  },
  "how its properties are described": {
    handle(request, { notes }) {
      for (const key of Object.keys(REQUEST_MEMBERS)) {
        if (key.startsWith("Symbol")) continue;
        notes.see(key, () => descriptorOf(Request.prototype, key));
        notes.see(`${key} on the chain`, () => Reflect.has(request, key));
      }
    },
  },
  "what the console shows": {
    send: JSON_POST,
    async handle(request, { notes }) {
      notes.see("Deno.inspect", () => inspected(request));
      notes.see("node:util", () => inspect(request).replace(/redirect: .+,/, ""));
      notes.see("nested", () => Deno.inspect({ a: { b: request.headers } }, { depth: 5 }));
      notes.see("headers", () => Deno.inspect(request.headers));
      await request.text();
      notes.see("after", () => inspected(request));
    },
  },
  "what cannot be cloned as data": {
    handle(request, { notes }) {
      notes.see("request", () => structuredClone(request));
      notes.see("in an object", () => structuredClone({ request }));
      notes.see("headers", () => structuredClone(request.headers));
      notes.see("postMessage", () => {
        const { port1, port2 } = new MessageChannel();
        try {
          port1.postMessage(request);
        } finally {
          port1.close();
          port2.close();
        }
      });
    },
  },
  "getters of the prototype": {
    send: JSON_POST,
    handle(request, { notes }) {
      for (const key of GETTERS) {
        notes.see(key, () => {
          const value = getterOf(key).call(request);
          return value instanceof ReadableStream || value instanceof AbortSignal
            ? typeof value
            : shown(value);
        });
        notes.see(`Reflect.get ${key}`, () => typeof Reflect.get(Request.prototype, key, request));
        notes.see(`${key} of the prototype`, () => Reflect.get(Request.prototype, key));
        notes.see(`${key} of another object`, () => getterOf(key).call({}));
      }
    },
  },
  "assignments to its properties": {
    handle(request, { notes }) {
      for (const key of [...GETTERS, "text", "own"]) {
        notes.see(`set ${key}`, () => {
          "use strict";
          (request as unknown as Record<string, unknown>)[key] = "changed";
        });
        notes.see(`${key} is changed`, () => Reflect.get(request, key) === "changed");
        notes.see(`Reflect.set ${key}`, () => Reflect.set(request, key, "again"));
      }
    },
  },
  "own properties that frameworks define": {
    send: JSON_POST,
    async handle(request, { notes }) {
      Object.defineProperty(request, "url", { value: "http://other.test/x", configurable: true });
      Object.defineProperty(request, "ip", { get: () => "192.0.2.1" });
      Object.assign(request, { params: { id: "7" } });
      notes.see("url", () => request.url);
      notes.see("ip", () => (request as unknown as { ip: string }).ip);
      notes.see("params", () => (request as unknown as { params: unknown }).params);
      notes.see("keys", () => Object.keys(request));
      notes.see("json", () => JSON.stringify(request));
      await notes.see("text", () => request.clone().text());
      notes.see("the url of a copy", () => new Request(request).url);
      notes.see("deleted", () => delete (request as unknown as { url?: string }).url);
      notes.see("url afterwards", () => request.url);
    },
  },
  "an object that is made from it": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const child = Object.create(request);
      for (const key of GETTERS) notes.see(key, () => typeof child[key]);
      notes.see("instanceof", () => child instanceof Request);
      await notes.see("text", () => child.text());
      await notes.see("the request's text", () => request.text());
    },
  },
  "another prototype": {
    send: JSON_POST,
    async handle(request, { notes }) {
      class Extended extends Request {
        get path(): string {
          return new URL(this.url).pathname;
        }
      }
      const extended = Object.setPrototypeOf(request, Extended.prototype) as Extended;
      notes.see("path", () => extended.path);
      notes.see("instanceof", () => [extended instanceof Extended, extended instanceof Request]);
      notes.see("method", () => extended.method);
      notes.see("headers", () => [...extended.headers]);
      await notes.see("text", () => extended.text());
    },
  },
  "a Proxy that passes everything on": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const proxy = new Proxy(request, {});
      notes.see("instanceof", () => proxy instanceof Request);
      for (const key of GETTERS) notes.see(key, () => typeof Reflect.get(proxy, key));
      for (const key of METHODS) await notes.see(key, () => (proxy[key] as () => unknown)());
      notes.see("copy", () => new Request(proxy).url);
      notes.see("keys", () => Object.keys(proxy));
    },
  },
  "a Proxy that calls methods on the request": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const proxy = new Proxy(request, {
        get(target, key) {
          if (key === "url") return "http://other.test/y";
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      for (const key of GETTERS) {
        notes.see(key, () => {
          const value = Reflect.get(proxy, key);
          return typeof value === "object" ? shown(value)?.constructor.name : value;
        });
      }
      notes.see("clone", () => proxy.clone().url);
      await notes.see("json", () => proxy.json());
      notes.see("toString", () => Object.prototype.toString.call(proxy));
    },
  },
  "a copy of Request through a Proxy": {
    send: JSON_POST,
    handle(request, { notes }) {
      const proxy = new Proxy(request, {
        get: (target, key) => Reflect.get(target, key, target),
      });
      notes.see("new Request(proxy)", () => new Request(proxy).method);
      notes.see(
        "new Request(url, proxy)",
        () => new Request(request.url, proxy as RequestInit).method,
      );
    },
  },
  "methods without their object": {
    send: GET,
    async handle(request, { notes }) {
      const { text, json, clone } = request;
      const { get, has } = request.headers;
      await notes.see("text", () => text());
      await notes.see("json", () => json());
      notes.see("clone", () => clone());
      notes.see("get", () => get("accept"));
      notes.see("has", () => has("accept"));
    },
  },
  "methods of the platform called on it": {
    send: GET,
    async handle(request, { notes }) {
      for (const key of METHODS) {
        await notes.see(key, () => {
          const method = Request.prototype[key] as (this: Request) => unknown;
          const value = method.call(key === "clone" ? request : request.clone());
          return value instanceof Request ? value.url : value;
        });
        await notes.see(
          `${key} of a Response`,
          () => (Request.prototype[key] as (this: unknown) => unknown).call(new Response("a")),
        );
        await notes.see(
          `Response's ${key}`,
          () => (Response.prototype[key] as (this: unknown) => unknown).call(request.clone()),
        );
      }
    },
  },
  "methods of Headers called on its headers": {
    send: GET,
    handle(request, { notes }) {
      const { headers } = request;
      notes.see("get", () => Headers.prototype.get.call(headers, "accept"));
      notes.see("has", () => Headers.prototype.has.call(headers, "accept"));
      notes.see("entries", () => [...Headers.prototype.entries.call(headers)]);
      notes.see("of a Map", () => Headers.prototype.get.call(new Map() as never, "accept"));
      notes.see("Map.prototype.get", () => Map.prototype.get.call(headers as never, "accept"));
    },
  },
  "a WeakMap and a Set": {
    handle(request, { notes }) {
      const map = new WeakMap<object, string>([[request, "a"], [request.headers, "b"]]);
      notes.see("request", () => map.get(request));
      notes.see("headers", () => map.get(request.headers));
      notes.see("same", () => [
        request.headers === request.headers,
        request.signal === request.signal,
        request.body === request.body,
      ]);
      notes.see("set", () => new Set([request, request, request.headers, request.headers]).size);
    },
  },
};
