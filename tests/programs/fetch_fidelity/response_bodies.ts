// Responses with each kind of body: what the client receives, to GET and to HEAD.

import type {
  CaseRun,
  FidelityCase,
  FidelityCases,
} from "../../support/fetch_fidelity/fidelity_case.ts";
import { GET } from "./requests.ts";

const encoder = new TextEncoder();
const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.of(...values);
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, i) => i);

/** A stream of text, with a part for each. */
function streamOf(...parts: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(parts.map((part) => encoder.encode(part)));
}

/** A stream whose parts come one by one, each in a later turn. */
function slowStreamOf(...parts: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve));
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(encoder.encode(part));
    },
  });
}

function form(): FormData {
  const form = new FormData();
  form.append("a", "1");
  form.append("b", "\u00e9");
  return form;
}

/** Each kind of body; made anew for each response. */
const BODIES: Readonly<Record<string, () => unknown>> = {
  "text": () => "hello",
  "empty text": () => "",
  "null": () => null,
  "undefined": () => undefined,
  "text outside of ASCII": () => "gr\u00fc\u00df \u4e16\u754c \u{1f600}",
  "Latin-1 text": () => "\u00e9\u00ff\u0080",
  "lone surrogates": () => "a\ud800b\udc00c\udc00\ud800",
  "text with a byte order mark": () => "\ufeffa",
  "text with NUL": () => "a\0b",
  "a String object": () => new String("boxed"),
  "a number": () => 7,
  "zero": () => 0,
  "a boolean": () => false,
  "an object": () => ({ a: 1 }),
  "an object with toString": () => ({ toString: () => "made" }),
  "an array": () => [1, 2],
  "an array of bytes": () => [[1], [2]],
  "a Date": () => new Date(0),
  "a bigint": () => 10n,
  "a function": () => function f() {},
  "a Uint8Array": () => bytes(1, 2, 255, 0),
  "no bytes": () => bytes(),
  "all bytes": () => ALL_BYTES,
  "a view of a part": () => ALL_BYTES.subarray(10, 20),
  "a Uint8ClampedArray": () => Uint8ClampedArray.of(1, 2),
  "a Uint16Array": () => Uint16Array.of(258, 772),
  "a Float64Array": () => Float64Array.of(1),
  "a BigInt64Array": () => BigInt64Array.of(1n),
  "a DataView": () => new DataView(ALL_BYTES.buffer, 4, 3),
  "an ArrayBuffer": () => bytes(7, 8, 9).buffer,
  "an empty ArrayBuffer": () => new ArrayBuffer(0),
  "a resizable ArrayBuffer": () => new ArrayBuffer(3, { maxByteLength: 10 }),
  "a SharedArrayBuffer": () => new SharedArrayBuffer(3),
  "a view of shared memory": () => new Uint8Array(new SharedArrayBuffer(3)),
  "a detached buffer": () => {
    const gone = bytes(1, 2, 3);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    return gone;
  },
  "a Blob": () => new Blob(["blob"]),
  "a Blob with a type": () => new Blob(["<p>"], { type: "text/html;charset=utf-8" }),
  "an empty Blob": () => new Blob([]),
  "a File": () => new File(["file"], "a.txt", { type: "text/x-file" }),
  "a slice of a Blob": () => new Blob(["0123456789"]).slice(2, 5, "x/y"),
  "URLSearchParams": () => new URLSearchParams([["a", "1"], ["b", "\u00e9 &"]]),
  "empty URLSearchParams": () => new URLSearchParams(),
  "a stream": () => streamOf("one"),
  "a stream of several parts": () => streamOf("one", "two", "three"),
  "an empty stream": () => streamOf(),
  "a stream with empty parts": () => streamOf("", "a", "", "b", ""),
  "a slow stream": () => slowStreamOf("one", "two"),
  "a slow stream of nothing": () => slowStreamOf(),
  "a stream of bytes": () =>
    new ReadableStream({
      type: "bytes",
      start(controller) {
        controller.enqueue(encoder.encode("byte stream"));
        controller.close();
      },
    }),
  "a stream through a transform": () =>
    ReadableStream.from(["a", "b"]).pipeThrough(new TextEncoderStream()),
  "the stream of a Blob": () => new Blob(["streamed blob"]).stream(),
  "the body of another Response": () => new Response("of another").body,
  "an async iterable": async function* () {
    yield encoder.encode("generated ");
    yield encoder.encode("parts");
  },
  "an iterable": () => new Set([encoder.encode("in a set")]),
  "text of 64 KiB": () => "x".repeat(65_536),
  "text of 64 KiB and a byte": () => "x".repeat(65_537),
  "text of 200 KiB outside of ASCII": () => "\u00fc".repeat(100_000),
  "bytes of 1 MiB": () => new Uint8Array(1_048_576).fill(7),
  "a large stream": () =>
    streamOf(...Array.from({ length: 40 }, (_, i) => `${i % 10}`.repeat(5_000))),
  "text that is joined": () => ["a", "b"].join("x".repeat(100)) + "c",
  "text of a number": () => `${1e21}`,
};

/** One request for each body, which is a case of its own, since some end the connection. */
function respond(makeBody: () => unknown, method: string, init?: ResponseInit): FidelityCase {
  return {
    send: { ...GET, method },
    handle(_request, { notes }) {
      const response = notes.see(
        "new Response",
        () => new Response(makeBody() as BodyInit, init) as unknown as string,
      ) as unknown as Response;
      if (response === undefined) return new Response("thrown");
      notes.see("content-type", () => response.headers.get("content-type"));
      return response;
    },
  };
}

/** The same, without a look at the response. */
function respondUntouched(makeBody: () => unknown, init?: ResponseInit): FidelityCase {
  return { send: GET, handle: () => new Response(makeBody() as BodyInit, init) };
}

/** A form has a boundary that differs each time. */
async function describeForm(_request: Request, { notes }: CaseRun): Promise<Response> {
  const response = new Response(form());
  await notes.see("entries", async () => [...await response.clone().formData()]);
  const type = response.headers.get("content-type") ?? "";
  const boundary = /boundary=(.+)$/.exec(type)?.[1] ?? "";
  notes.see("type", () => type.replace(boundary, "*"));
  return new Response((await response.text()).replaceAll(boundary, "*"));
}

/** Those that cannot be made are seen by {@linkcode respond} alone: an error that escapes is logged. */
const CANNOT_BE_MADE = /shared|Shared|detached/;

/** Makes a case of each body. */
function ofEachBody(
  how: string,
  caseOf: (makeBody: () => unknown) => FidelityCase,
  bodies = Object.entries(BODIES),
): FidelityCases {
  return Object.fromEntries(
    bodies.map(([name, makeBody]) => [`${name}, ${how}`, caseOf(makeBody)]),
  );
}

export const responseBodies: FidelityCases = {
  ...ofEachBody("alone", (makeBody) => respond(makeBody, "GET")),
  ...ofEachBody(
    "with a type",
    (makeBody) => respond(makeBody, "GET", { headers: { "content-type": "text/x-own" } }),
  ),
  ...ofEachBody(
    "with a status",
    (makeBody) => respond(makeBody, "GET", { status: 201, statusText: "Made" }),
  ),
  ...ofEachBody("to HEAD", (makeBody) => respond(makeBody, "HEAD")),
  ...ofEachBody(
    "untouched",
    (makeBody) => respondUntouched(makeBody),
    Object.entries(BODIES).filter(([name]) => !CANNOT_BE_MADE.test(name)),
  ),
  "a form": { send: GET, handle: describeForm },
};
