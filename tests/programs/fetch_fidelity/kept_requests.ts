// Requests that are kept for later, on connections that go on: what is known of them then. And what
// the second argument of a handler has.

import type { FidelityCases, SentRequest } from "../../support/fetch_fidelity/fidelity_case.ts";
import { GET, JSON_POST } from "./requests.ts";

const COUNT = 101;

/** Requests that differ in everything. */
const NUMBERED: readonly SentRequest[] = Array.from({ length: COUNT }, (_, i) => ({
  method: i % 3 === 0 ? "POST" : "GET",
  target: `/kept/${i}?number=${i}`,
  fields: [["X-Number", String(i)], ["Content-Type", `text/x-${i}`]],
  body: i % 3 === 0 ? `body ${i}` : undefined,
}));

interface Kept {
  readonly request: Request;
  readonly headers: Headers;
  readonly copy: Request;
}

export const keptRequests: FidelityCases = {
  "the heads of a hundred pipelined requests": {
    send: NUMBERED,
    async handle(request, { notes, index, kept }) {
      // Some are touched at once, and some are not.
      if (index % 2 === 0) void [...request.headers];
      kept.push({ request, headers: request.headers, copy: request.clone() } satisfies Kept);
      if (index < COUNT - 1) return;
      for (const [number, each] of (kept as Kept[]).entries()) {
        notes.see(`${number}`, () => [each.copy.method, each.copy.url]);
        notes.see(`${number}: headers`, () => [...each.headers]);
        notes.see(`${number}: headers of the copy`, () => [...each.copy.headers]);
        await notes.see(`${number}: text of the copy`, () => each.copy.text());
      }
    },
  },
  "requests of which nothing was touched": {
    send: NUMBERED,
    handle(request, { notes, index, kept }) {
      kept.push(request);
      if (index < COUNT - 1) return;
      // The last one is still under way, and the others are over.
      notes.see("the last one", () => [request.method, request.url, [...request.headers]]);
      notes.see("first: method and url", () => {
        const first = kept[0] as Request;
        return [first.method, first.url, first.headers.get("x-number")];
      });
    },
  },
  "bodies that are read while later requests wait": {
    send: [JSON_POST, { ...JSON_POST, body: '"second"' }, { ...JSON_POST, body: '"third"' }],
    async handle(request, { notes, index }) {
      const value = await notes.see(`json ${index}`, () => request.json());
      return Response.json(value);
    },
  },
  "what info has": {
    send: GET,
    handle(_request, { notes }, info) {
      const { remoteAddr } = info;
      notes.see("remoteAddr", () => ({ ...remoteAddr, port: "port" in remoteAddr }));
      notes.see("same", () => info.remoteAddr === info.remoteAddr);
      notes.see("keys", () => Object.keys(info.remoteAddr).sort());
      notes.see(
        "completed",
        () => [info.completed instanceof Promise, info.completed === info.completed],
      );
      notes.see("own keys", () => Object.keys(info));
      notes.see("json", () => JSON.stringify(info));
      const { remoteAddr: taken, completed } = info;
      notes.see("taken", () => [typeof taken, typeof completed]);
    },
  },
  "completed resolves": {
    send: [GET, GET],
    async handle(_request, { notes, index, kept }, info) {
      if (index === 0) {
        kept.push(info.completed);
        return new Response("a".repeat(100_000));
      }
      await notes.see("completed", () => kept[0] as Promise<void>);
      return undefined;
    },
  },
  "completed resolves for a stream": {
    send: [GET, GET],
    async handle(_request, { notes, index, kept }, info) {
      if (index === 0) {
        kept.push(info.completed);
        return new Response(ReadableStream.from([new Uint8Array(10), new Uint8Array(20)]));
      }
      await notes.see("completed", () => kept[0] as Promise<void>);
      return undefined;
    },
  },
  "completed when the client leaves": {
    send: GET,
    clientLeaves: true,
    async handle(request, { notes, letClientLeave }, info) {
      const { promise, resolve } = Promise.withResolvers<void>();
      request.signal.addEventListener("abort", () => resolve());
      notes.see("completed", () => info.completed.then(() => "resolves", () => "rejects"));
      letClientLeave();
      await promise;
    },
  },
};
