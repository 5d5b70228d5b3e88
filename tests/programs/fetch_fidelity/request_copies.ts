// Copies of a request: clones, new ones made from it, and those that are sent on to another server.

import type { FidelityCase, FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import type { Notes } from "../../support/fetch_fidelity/notes.ts";
import { collect } from "./members.ts";
import { forEach, FORM_POST, GET, JSON_POST, KINDS } from "./requests.ts";

/** All plain members of a request. */
function plain(request: Request): unknown {
  const { method, url, cache, credentials, integrity, keepalive, mode, referrer } = request;
  const { referrerPolicy, bodyUsed, signal } = request;
  const policy = { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy };
  return { method, url, ...policy, bodyUsed, aborted: signal.aborted };
}

async function seeAll(notes: Notes, label: string, request: Request): Promise<void> {
  notes.see(`${label}: class`, () => [request instanceof Request, request.constructor.name]);
  notes.see(`${label}: plain`, () => plain(request));
  notes.see(`${label}: headers`, () => [...request.headers]);
  notes.see(`${label}: body`, () => [request.body?.locked, request.bodyUsed]);
  await notes.see(`${label}: text`, () => request.text());
  notes.see(`${label}: bodyUsed`, () => request.bodyUsed);
}

/** The ways to copy a request. */
const COPIES: Readonly<Record<string, (request: Request) => Request>> = {
  "clone()": (request) => request.clone(),
  "a clone of a clone": (request) => request.clone().clone(),
  "new Request(request)": (request) => new Request(request),
  "new Request(request, {})": (request) => new Request(request, {}),
  "new Request(request, undefined)": (request) => new Request(request, undefined),
  "new Request(clone)": (request) => new Request(request.clone()),
  "a clone of new Request(request)": (request) => new Request(request).clone(),
  "new Request(request.url, request)": (request) => new Request(request.url, request),
  "another url": (request) => new Request("http://other.test/x", request),
  "a URL object": (request) => new Request(new URL("/y", request.url), request),
  "another method": (request) => new Request(request, { method: "PUT" }),
  "a method without a body": (request) => new Request(request, { method: "GET" }),
  "another body": (request) => new Request(request, { method: "POST", body: "other" }),
  "no body": (request) => new Request(request, { body: null }),
  "other headers": (request) => new Request(request, { headers: { "x-other": "1" } }),
  "its own headers": (request) => new Request(request, { headers: request.headers }),
  "more headers": (request) =>
    new Request(request, { headers: [...request.headers, ["x-more", "1"]] }),
  "headers made from it": (request) =>
    new Request(request, { headers: new Headers(request.headers) }),
  "headers by Object.fromEntries": (request) =>
    new Request(request, { headers: Object.fromEntries(request.headers) }),
  "another signal": (request) => new Request(request, { signal: AbortSignal.abort("over") }),
  "no signal": (request) => new Request(request, { signal: null }),
  "a redirect": (request) => new Request(request, { redirect: "manual" }),
  "a mode": (request) => new Request(request, { mode: "cors", credentials: "include" }),
  "its body": (request) =>
    new Request("http://other.test/", {
      method: "POST",
      body: request.body,
      duplex: "half",
    } as RequestInit),
  "its parts": ({ url, method, headers, body }) => new Request(url, { method, headers, body }),
  "its parts by spread": (request) => new Request(request.url, { ...request }),
};

const COPY_ENTRIES = Object.entries(COPIES);

function eachCopy(kind: string): FidelityCase {
  return forEach(COPY_ENTRIES, () => KINDS[kind], async ([name, copyOf], request, { notes }) => {
    const copy = notes.see(name, () => copyOf(request) as unknown as string) as unknown as Request;
    notes.see(`${name}: bodyUsed of the request`, () => request.bodyUsed);
    if (copy !== undefined) await seeAll(notes, name, copy);
    await notes.see(`${name}: text of the request`, () => request.text());
    notes.see(`${name}: method and url of the request`, () => [request.method, request.url]);
  });
}

/** What is done before a copy is made. */
const BEFORE: Readonly<Record<string, (request: Request) => unknown>> = {
  "nothing": () => {},
  "url": ({ url }) => url,
  "headers": ({ headers }) => headers.get("x-one"),
  "all headers": ({ headers }) => [...headers],
  "signal": ({ signal }) => signal.aborted,
  "body": ({ body }) => body?.locked,
  "bodyUsed": ({ bodyUsed }) => bodyUsed,
  "clone": (request) => request.clone().method,
  "text of a clone": (request) => request.clone().text(),
  "text": (request) => request.text(),
  "a part of the body": async ({ body }) => {
    const reader = body!.getReader();
    await reader.read();
    reader.releaseLock();
  },
  "a locked body": ({ body }) => void body!.getReader(),
  "a cancelled body": ({ body }) => body!.cancel(),
};

const COPY_AFTER = Object.keys(BEFORE).flatMap((before) =>
  ["clone()", "new Request(request)", "another method", "its body"].map((copy) =>
    [before, copy] as const
  )
);

export const requestCopies: FidelityCases = {
  ...Object.fromEntries(
    ["a GET", "a POST of JSON", "a POST of a form with a file", "a POST of nothing", "a HEAD"]
      .map((kind) => [`each copy of ${kind}`, eachCopy(kind)]),
  ),
  "copies after something was done": forEach(
    COPY_AFTER,
    () => JSON_POST,
    async ([before, name], request, { notes }) => {
      const label = `${name} after ${before}`;
      await BEFORE[before](request);
      const copy = notes.see(label, () => COPIES[name](request) as unknown as string);
      if (copy !== undefined) await seeAll(notes, label, copy as unknown as Request);
      await notes.see(`${label}: text of the request`, () => request.text());
    },
  ),
  "a clone that is read first": {
    send: FORM_POST,
    async handle(request, { notes }) {
      const copy = request.clone();
      await notes.see("the clone", () => copy.formData());
      notes.see("bodyUsed", () => [request.bodyUsed, copy.bodyUsed]);
      await notes.see("the request", () => request.formData());
    },
  },
  "a clone and the request at once": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const copy = request.clone();
      await Promise.all([
        notes.see("the clone", () => copy.json()),
        notes.see("the request", () => request.json()),
      ]);
    },
  },
  "ten clones": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const copies = Array.from({ length: 10 }, () => request.clone());
      for (const copy of copies) await notes.see("a clone", () => copy.text());
      await notes.see("the request", () => request.text());
    },
  },
  "a clone of a large body": {
    send: { method: "POST", body: "x".repeat(200_000) },
    async handle(request, { notes }) {
      const copy = request.clone();
      await notes.see("the request", () => request.text());
      await notes.see("the clone", () => collect(copy.body));
    },
  },
  "headers of a clone are its own": {
    send: GET,
    handle(request, { notes }) {
      const copy = new Request(request);
      copy.headers.set("x-new", "1");
      copy.headers.delete("accept");
      copy.headers.append("x-twice", "three");
      notes.see("of the copy", () => [...copy.headers]);
      notes.see("of the request", () => [...request.headers]);
      notes.see("of the copy's clone", () => [...copy.clone().headers]);
    },
  },
  "Headers made from its headers": {
    send: GET,
    handle(request, { notes }) {
      const copy = new Headers(request.headers);
      copy.set("x-new", "1");
      notes.see("of the copy", () => [...copy]);
      notes.see("of the request", () => [...request.headers]);
      notes.see("a record", () => Object.fromEntries(request.headers));
      notes.see("a Map", () => [...new Map(request.headers)]);
      notes.see("an array", () => Array.from(request.headers));
      notes.see(
        "of a Response",
        () => [...new Response("a", { headers: request.headers }).headers],
      );
    },
  },
  "sent on as it is": {
    send: { ...GET, host: "{echo}" },
    handle: (request) => fetch(request),
  },
  "a POST that is sent on as it is": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: (request) => fetch(request),
  },
  "sent on with other headers": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: (request) => fetch(request, { headers: { "x-other": "1" } }),
  },
  "sent on with another body": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: (request) => fetch(request, { body: "other" }),
  },
  "sent on as a clone": {
    send: { ...JSON_POST, host: "{echo}" },
    async handle(request, { notes }) {
      const response = await fetch(request.clone());
      await notes.see("the request's text", () => request.text());
      return response;
    },
  },
  "sent on as a new request": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: (request) => fetch(new Request(request)),
  },
  "sent on to another path": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: (request) => fetch(new Request(new URL("/elsewhere?a=b", request.url), request)),
  },
  "sent on by its url and itself": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: (request) => fetch(request.url, request),
  },
  "sent on by its parts": {
    send: { ...JSON_POST, host: "{echo}" },
    handle: ({ url, method, headers, body }) => fetch(url, { method, headers, body }),
  },
  "sent on after it was read": {
    send: { ...JSON_POST, host: "{echo}" },
    async handle(request, { notes }) {
      await request.text();
      await notes.see("fetch", () => fetch(request));
    },
  },
  "sent on, and the answer is changed": {
    send: { ...JSON_POST, host: "{echo}" },
    async handle(request) {
      const response = await fetch(request);
      const headers = new Headers(response.headers);
      headers.set("x-via", "fidelity");
      headers.delete("date");
      return new Response(response.body, { status: 203, headers });
    },
  },
};
