// What a handler may do with a response before it returns it, and what it can return.

import type { FidelityCase, FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { RESPONSE_MEMBERS } from "./members.ts";
import { forEach, GET, JSON_POST } from "./requests.ts";

const MEMBERS = Object.entries(RESPONSE_MEMBERS);

/** Responses of each kind, made anew each time. */
const RESPONSES: Readonly<Record<string, () => Response>> = {
  "text": () => new Response("hello", { headers: { "x-one": "1" } }),
  "bytes": () => new Response(Uint8Array.of(104, 105), { status: 201 }),
  "nothing": () => new Response(null, { status: 204 }),
  "JSON": () => Response.json({ a: [1] }),
  "a form": () => new Response(new URLSearchParams("a=1&b=2")),
  "a stream": () =>
    new Response(ReadableStream.from(["one", "two"].map((part) => new TextEncoder().encode(part)))),
  "a Blob": () => new Response(new Blob(["blob"], { type: "text/x" })),
};

/** Uses each member, and each after each other, and sends a copy. */
function eachMember(make: () => Response): FidelityCase {
  return forEach(MEMBERS, () => GET, async ([name, use], _request, { notes }) => {
    const response = make();
    const reading = notes.see(name, () => use(response));
    notes.see(`bodyUsed during ${name}`, () => response.bodyUsed);
    await reading;
    notes.see(`after ${name}`, () => [response.bodyUsed, response.body?.locked, response.status]);
    notes.see(`headers after ${name}`, () => [...response.headers]);
  });
}

const PAIRS = MEMBERS.flatMap((first) => MEMBERS.map((second) => [first, second] as const));

/** Uses each member of a response, and sends it where that does not use up its body. */
function sendAfterEach(make: () => Response): FidelityCase {
  return forEach(MEMBERS, () => GET, async ([name, use], _request, { notes }) => {
    const response = make();
    await notes.see(name, () => use(response));
    return response.bodyUsed ? new Response("used") : response;
  });
}

/** A stream that fails in a later turn, after some parts. */
function failingStream(parts: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve));
      if (parts-- > 0) controller.enqueue(new TextEncoder().encode("part"));
      else controller.error(new Error("on purpose"));
    },
  });
}

class Extended extends Response {
  constructor(body?: BodyInit | null, init?: ResponseInit) {
    super(body, init);
    this.headers.set("x-extended", "yes");
  }

  get double(): number {
    return this.status * 2;
  }

  static make(text: string): Extended {
    return new Extended(text, { status: 202 });
  }
}

class Overriding extends Response {
  override get status(): number {
    return 299;
  }

  override get headers(): Headers {
    return new Headers({ "x-overridden": "yes" });
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return new Response("overridden").body;
  }
}

class LikeNextResponse extends Response {
  readonly #cookies = new Map<string, string>();

  constructor(body?: BodyInit | null, init: ResponseInit = {}) {
    super(body, init);
    const { headers } = this;
    const cookies = this.#cookies;
    const proxy = new Proxy(cookies, {
      get(target, key) {
        const value = Reflect.get(target, key);
        if (key !== "set") return typeof value === "function" ? value.bind(target) : value;
        return (name: string, text: string) => {
          target.set(name, text);
          headers.append("set-cookie", `${name}=${text}`);
          return proxy;
        };
      },
    });
    this.cookies = proxy;
  }

  readonly cookies: Map<string, string>;

  static override json(body: unknown, init?: ResponseInit): LikeNextResponse {
    const response = Response.json(body, init);
    return new LikeNextResponse(response.body, response);
  }

  static next(): LikeNextResponse {
    return new LikeNextResponse(null, { headers: { "x-middleware-next": "1" } });
  }
}

export const responseUses: FidelityCases = {
  ...Object.fromEntries(
    Object.entries(RESPONSES).flatMap(([name, make]) => [
      [`each member of a response of ${name}`, eachMember(make)],
      [`a response of ${name}, sent after each member`, sendAfterEach(make)],
    ]),
  ),
  "each pair of members": forEach(
    PAIRS,
    () => GET,
    async ([first, second], _request, { notes }) => {
      const response = RESPONSES["JSON"]();
      const reading = notes.see(`${first[0]} before ${second[0]}`, () => first[1](response));
      notes.see(`bodyUsed during ${first[0]} before ${second[0]}`, () => response.bodyUsed);
      await reading;
      await notes.see(`${second[0]} after ${first[0]}`, () => second[1](response));
    },
  ),
  "the class": {
    send: GET,
    handle(_request, { notes }) {
      const response = new Response("a");
      notes.see("instanceof", () => [response instanceof Response, response instanceof Object]);
      notes.see(
        "constructor",
        () => [response.constructor === Response, response.constructor.name],
      );
      notes.see("name", () => [Response.name, Response.length]);
      notes.see("toString", () => [Object.prototype.toString.call(response), String(response)]);
      notes.see("prototype", () => Object.getPrototypeOf(Response.prototype) === Object.prototype);
      notes.see("its prototype", () => Object.getPrototypeOf(response) === Response.prototype);
      notes.see("class's prototype", () => Object.getPrototypeOf(Response) === Function.prototype);
      notes.see("statics", () => Object.getOwnPropertyNames(Response).sort());
      notes.see("members", () => Reflect.ownKeys(Response.prototype).map(String));
      notes.see("made by json", () => Response.json(1).constructor === Response);
      notes.see(
        "made by redirect",
        () => Response.redirect("http://a.test").constructor === Response,
      );
      notes.see("made by error", () => Response.error() instanceof Response);
      notes.see("made by clone", () => response.clone().constructor === Response);
      notes.see("descriptor", () => {
        const { writable, enumerable, configurable } =
          Object.getOwnPropertyDescriptor(globalThis, "Response") ?? {};
        return { writable, enumerable, configurable };
      });
      notes.see("keys", () => [Object.keys(response), JSON.stringify(response)]);
      notes.see("in", () => {
        const keys: string[] = [];
        for (const key in response) keys.push(key);
        return keys.sort();
      });
      notes.see("inspect", () => Deno.inspect(response));
      notes.see("inspect class", () => Deno.inspect(Response));
      notes.see("prototype's getter", () => Reflect.get(Response.prototype, "status"));
      notes.see("getter of another", () => Reflect.get(Response.prototype, "status", {}));
      notes.see(
        "isPrototypeOf",
        () => Object.prototype.isPrototypeOf.call(Response.prototype, response),
      );
      notes.see("a Proxy", () => new Proxy(response, {}) instanceof Response);
      notes.see("its status", () => new Proxy(response, {}).status);
      notes.see(
        "an object that looks alike",
        () => Object.create(Response.prototype) instanceof Response,
      );
      notes.see("its status", () => Object.create(Response.prototype).status);
    },
  },
  "how its members are described": {
    send: GET,
    handle(_request, { notes }) {
      for (const key of Object.keys(RESPONSE_MEMBERS)) {
        if (key.startsWith("Symbol")) continue;
        notes.see(key, () => {
          const found = Object.getOwnPropertyDescriptor(Response.prototype, key);
          const { get, set, value, enumerable, configurable, writable } = found ?? {};
          const names = [get?.name, set?.name, value?.name];
          return { names, enumerable, configurable, writable };
        });
      }
      for (const key of ["json", "redirect", "error"]) {
        notes.see(`static ${key}`, () => {
          const found = Object.getOwnPropertyDescriptor(Response, key);
          return { ...found, value: [found?.value.name, found?.value.length] };
        });
      }
    },
  },
  "a subclass": { send: GET, handle: () => new Extended("extended", { status: 203 }) },
  "a subclass, looked at": {
    send: GET,
    handle(_request, { notes }) {
      const response = Extended.make("made");
      notes.see("double", () => response.double);
      notes.see("instanceof", () => [response instanceof Extended, response instanceof Response]);
      notes.see("constructor", () => response.constructor.name);
      notes.see("clone", () => {
        const copy = response.clone();
        return [copy.constructor.name, copy instanceof Response, copy.status];
      });
      notes.see("inherited statics", () => Extended.json({ a: 1 }).constructor.name);
      return response;
    },
  },
  "a subclass that overrides getters": { send: GET, handle: () => new Overriding("own") },
  "a class like NextResponse": {
    send: GET,
    handle(_request, { notes }) {
      const response = LikeNextResponse.json({ a: 1 }, { status: 201 });
      response.cookies.set("a", "1").set("b", "2");
      notes.see("instanceof", () => [
        response instanceof LikeNextResponse,
        response instanceof Response,
      ]);
      notes.see("cookies", () => [...response.cookies]);
      return response;
    },
  },
  "a response of middleware": {
    send: GET,
    handle(_request, { notes }) {
      const next = LikeNextResponse.next();
      notes.see("next", () => next.headers.get("x-middleware-next"));
      return new Response("after", next);
    },
  },
  "setPrototypeOf": {
    send: GET,
    handle(_request, { notes }) {
      const response = Object.setPrototypeOf(new Response("a"), Extended.prototype) as Extended;
      notes.see("double", () => response.double);
      return response;
    },
  },
  "Reflect.construct": {
    send: GET,
    handle: () => Reflect.construct(Response, ["built", { status: 201 }], Extended) as Response,
  },
  "own properties": {
    send: GET,
    handle() {
      const response = new Response("a");
      Object.defineProperty(response, "status", { value: 418 });
      Object.defineProperty(response, "headers", { value: new Headers({ "x-own": "1" }) });
      return response;
    },
  },
  "a frozen response": { send: GET, handle: () => Object.freeze(new Response("frozen")) },
  "a response from another one": {
    send: GET,
    handle() {
      const response = new Response("of the first", { status: 201, headers: { "x-one": "1" } });
      return new Response(response.body, response);
    },
  },
  "a response from another one's parts": {
    send: GET,
    handle() {
      const { body, status, statusText, headers } = Response.json({ a: 1 }, { status: 202 });
      const changed = new Headers(headers);
      changed.set("x-changed", "1");
      return new Response(body, { status, statusText, headers: changed });
    },
  },
  "a response with another one as its init": {
    send: GET,
    handle: () => new Response("other body", new Response(null, { status: 404, statusText: "No" })),
  },
  "a clone": {
    send: GET,
    handle: () => new Response("cloned", { status: 201, headers: { "x-one": "1" } }).clone(),
  },
  "the original of a clone": {
    send: GET,
    async handle(_request, { notes }) {
      const response = new Response("cloned");
      const copy = response.clone();
      await notes.see("copy", () => copy.text());
      return response;
    },
  },
  "a clone whose original is read later": {
    send: GET,
    handle(_request, { notes }) {
      const response = new Response("cloned");
      const copy = response.clone();
      notes.see("original", () => response.text());
      return copy;
    },
  },
  "a clone of a stream": {
    send: GET,
    async handle(_request, { notes }) {
      const response = RESPONSES["a stream"]();
      const copy = response.clone();
      await notes.see("copy", () => copy.text());
      return response;
    },
  },
  "a clone of fields that were set": {
    send: GET,
    handle(_request, { notes }) {
      const response = new Response("a");
      response.headers.set("x-one", "1");
      const copy = response.clone();
      copy.headers.set("x-two", "2");
      notes.see("of the original", () => [...response.headers]);
      return copy;
    },
  },
  "a body that was touched": {
    send: GET,
    handle(_request, { notes }) {
      const response = new Response("touched");
      notes.see("body", () => response.body?.constructor.name);
      notes.see("same", () => response.body === response.body);
      return response;
    },
  },
  "a body that was used": {
    send: GET,
    async handle() {
      const response = new Response("used");
      await response.text();
      return response;
    },
  },
  "a body that is locked": {
    send: GET,
    handle() {
      const response = new Response("locked");
      response.body!.getReader();
      return response;
    },
  },
  "a body that is being read": {
    send: GET,
    handle(_request, { notes }) {
      const response = new Response("being read");
      notes.see("text", () => response.text());
      return response;
    },
  },
  "a body that was cancelled": {
    send: GET,
    async handle() {
      const response = new Response("cancelled");
      await response.body!.cancel();
      return response;
    },
  },
  "a response without a body that was read": {
    send: GET,
    async handle(_request, { notes }) {
      const response = new Response(null, { status: 204 });
      await notes.see("text", () => response.text());
      notes.see("bodyUsed", () => response.bodyUsed);
      return response;
    },
  },
  "a response that is sent twice": {
    send: [GET, GET],
    handle(_request, { kept }) {
      kept.push(kept[0] ?? new Response("once"));
      return kept[0] as Response;
    },
  },
  "a response without a body that is sent twice": {
    send: [GET, GET],
    handle(_request, { kept }) {
      kept.push(kept[0] ?? new Response(null, { status: 204 }));
      return kept[0] as Response;
    },
  },
  "a JSON response that is sent twice": {
    send: [GET, GET],
    handle(_request, { kept }) {
      kept.push(kept[0] ?? Response.json([1]));
      return kept[0] as Response;
    },
  },
  "a response to HEAD that is sent twice": {
    send: [{ ...GET, method: "HEAD" }, GET],
    handle(_request, { kept }) {
      kept.push(kept[0] ?? new Response("once"));
      return kept[0] as Response;
    },
  },
  "a response whose body is looked at after it was sent": {
    send: [GET, GET],
    async handle(_request, { notes, index, kept }) {
      if (index === 0) {
        kept.push(new Response("sent"));
        return kept[0] as Response;
      }
      const sent = kept[0] as Response;
      notes.see("bodyUsed", () => sent.bodyUsed);
      await notes.see("text", () => sent.text());
      notes.see("clone", () => sent.clone());
      notes.see("status", () => [sent.status, [...sent.headers]]);
      return undefined;
    },
  },
  "a response that is cloned for each request": {
    send: [GET, GET, GET],
    handle(_request, { kept }) {
      kept.push(kept[0] ?? new Response("each time", { headers: { "x-one": "1" } }));
      return (kept[0] as Response).clone();
    },
  },
  "bytes that are changed before they are returned": {
    send: GET,
    handle() {
      const bytes = Uint8Array.of(97, 98, 99);
      const response = new Response(bytes);
      bytes[0] = 122;
      return response;
    },
  },
  "a buffer that is changed before it is returned": {
    send: GET,
    async handle() {
      const bytes = Uint8Array.of(97, 98, 99);
      const response = new Response(bytes.buffer);
      await Promise.resolve();
      bytes[1] = 122;
      return response;
    },
  },
  "bytes that are changed after they are returned": {
    send: GET,
    handle() {
      const bytes = new Uint8Array(100_000).fill(97);
      queueMicrotask(() => bytes.fill(98));
      return new Response(bytes);
    },
  },
  "bytes that are detached before they are returned": {
    send: GET,
    handle() {
      const bytes = Uint8Array.of(97, 98, 99);
      const response = new Response(bytes);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return response;
    },
  },
  "URLSearchParams that are changed before they are returned": {
    send: GET,
    handle() {
      const params = new URLSearchParams("a=1");
      const response = new Response(params);
      params.set("a", "2");
      return response;
    },
  },
  "a stream that fails at once": {
    send: GET,
    handle: () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.error(new Error("at once")),
        }),
      ),
  },
  "a stream that fails after a part": {
    send: GET,
    handle: () => new Response(failingStream(1)),
  },
  "a stream that fails after many parts": {
    send: GET,
    handle: () => new Response(failingStream(50)),
  },
  "a stream with a length of its own": {
    send: GET,
    handle: () =>
      new Response(ReadableStream.from([new Uint8Array(3), new Uint8Array(4)]), {
        headers: { "content-length": "7" },
      }),
  },
  "a stream to HEAD is cancelled": {
    send: { ...GET, method: "HEAD" },
    handle(_request, { notes }) {
      const cancelled = Promise.withResolvers<string>();
      notes.see("cancel", () => cancelled.promise);
      let parts = 0;
      return new Response(
        new ReadableStream({
          pull(controller) {
            controller.enqueue(new Uint8Array(10));
            if (++parts < 100) return;
            controller.close();
            cancelled.resolve("sent");
          },
          cancel: () => cancelled.resolve("cancelled"),
        }, { highWaterMark: 0 }),
      );
    },
  },
  "a stream is cancelled when the client leaves": {
    send: GET,
    clientLeaves: true,
    handle(_request, { notes, letClientLeave }) {
      const cancelled = Promise.withResolvers<string>();
      notes.see("cancel", () => cancelled.promise);
      let parts = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new Uint8Array(100_000));
            letClientLeave();
            await new Promise((resolve) => setTimeout(resolve));
            // More than the system takes for a client that does not read.
            if (++parts > 1_000) controller.close();
          },
          cancel: () => cancelled.resolve("cancelled"),
        }),
      );
    },
  },
  "a stream of text": {
    send: GET,
    handle: () => new Response(ReadableStream.from(["text"]) as unknown as BodyInit),
  },
  "what is no response": forEach(
    [undefined, null, "text", 7, {}, new Map(), { status: 200, body: "a" }],
    () => GET,
    // Undefined stands for a default response in the suite, so it is wrapped.
    (value) => (value === undefined ? Promise.resolve(null) : value) as unknown as Response,
  ),
  "a Proxy around a response": {
    send: GET,
    handle: () => new Proxy(new Response("proxied"), {}),
  },
  "an object made from a response": {
    send: GET,
    handle: () => Object.create(new Response("child")) as Response,
  },
  "a handler that throws": {
    send: GET,
    handle() {
      throw new Error("on purpose");
    },
  },
  "a handler that rejects": {
    send: JSON_POST,
    async handle(request) {
      await request.text();
      throw new Error("on purpose");
    },
  },
  "a thenable": {
    send: GET,
    handle: () =>
      ({
        then: (resolve: (response: Response) => void) => resolve(new Response("then")),
      }) as unknown as Promise<
        Response
      >,
  },
  "a promise of a promise": {
    send: GET,
    handle: () => Promise.resolve(Promise.resolve(new Response("nested"))),
  },
};
