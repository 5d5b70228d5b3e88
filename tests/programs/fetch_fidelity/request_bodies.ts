// The body of a request: each reader, `bodyUsed`, what is read twice, in part, or at the same time,
// and streams of it.

import type { FidelityCase, FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { collect } from "./members.ts";
import {
  BYTES_PUT,
  CHUNKED_POST,
  EMPTY_POST,
  forEach,
  FORM_POST,
  GET,
  JSON_POST,
  MULTIPART_POST,
} from "./requests.ts";

const READERS = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const;
type Reader = typeof READERS[number];

const PAIRS = READERS.flatMap((first) => READERS.map((second) => [first, second] as const));

function read(body: Request | Response, reader: Reader): Promise<unknown> {
  return body[reader]();
}

/** Bytes that show where they belong. */
function numbered(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
}

const LARGE_POST = { method: "POST", target: "/large", body: numbered(300_000) } as const;

/** The state of a body, before and after what is done with it. */
function stateOf({ body, bodyUsed }: Request): unknown {
  return { bodyUsed, locked: body?.locked };
}

/** Reads the body a second time, in each way. */
const TWICE: FidelityCase = forEach(
  PAIRS,
  () => FORM_POST,
  async ([first, second], request, run) => {
    const { notes } = run;
    const label = `${first}, then ${second}`;
    notes.see(`before ${label}`, () => request.bodyUsed);
    const reading = notes.see(label, () => read(request, first));
    notes.see(`during ${label}`, () => request.bodyUsed);
    await reading;
    notes.see(`between ${label}`, () => stateOf(request));
    await notes.see(`again ${label}`, () => read(request, second));
  },
);

/** Begins two reads at once. */
const RACE: FidelityCase = forEach(
  PAIRS,
  () => JSON_POST,
  async ([first, second], request, run) => {
    const { notes } = run;
    const label = `${first} beside ${second}`;
    await Promise.all([
      notes.see(`1st of ${label}`, () => read(request, first)),
      notes.see(`2nd of ${label}`, () => read(request, second)),
    ]);
  },
);

/** Has a reader of the stream, and uses a reader of the request meanwhile. */
const LOCKED: FidelityCase = forEach(READERS, () => JSON_POST, async (reader, request, run) => {
  const { notes } = run;
  const streamReader = request.body!.getReader();
  notes.see(`state before ${reader}`, () => stateOf(request));
  await notes.see(`${reader} while locked`, () => read(request, reader));
  notes.see(`clone before ${reader}`, () => request.clone());
  streamReader.releaseLock();
  notes.see(`state after ${reader}`, () => stateOf(request));
  await notes.see(`${reader} when released`, () => read(request, reader));
});

/** Touches the body, and reads it in another way without a part of it being read. */
const TOUCHED: FidelityCase = forEach(READERS, () => FORM_POST, async (reader, request, run) => {
  const { notes } = run;
  notes.see(`touched before ${reader}`, () => request.body?.constructor.name);
  notes.see(`bodyUsed before ${reader}`, () => request.bodyUsed);
  await notes.see(reader, () => read(request, reader));
  notes.see(`state after ${reader}`, () => stateOf(request));
});

/**
 * Reads a part of the stream, and the rest in another way. The part may be the whole body: Deno.serve
 * leaves a connection as it is whose body was read in part.
 */
const PARTLY: FidelityCase = forEach(READERS, () => JSON_POST, async (reader, request, run) => {
  const { notes } = run;
  const streamReader = request.body!.getReader();
  const { value } = await streamReader.read();
  notes.see(`has a part before ${reader}`, () => value !== undefined && value.length > 0);
  streamReader.releaseLock();
  notes.see(`state before ${reader}`, () => stateOf(request));
  await notes.see(`${reader} of the rest`, () => read(request, reader));
  notes.see(`clone before ${reader}`, () => request.clone());
  notes.see(`a new one before ${reader}`, () => new Request(request));
});

export const requestBodies: FidelityCases = {
  "each reader after each other": TWICE,
  "each reader beside each other": RACE,
  "each reader of a locked body": LOCKED,
  "each reader of a touched body": TOUCHED,
  "each reader of a body that was read in part": PARTLY,
  "each reader of an empty body": forEach(
    READERS,
    () => EMPTY_POST,
    async (reader, request, run) => {
      await run.notes.see(reader, () => read(request, reader));
    },
  ),
  "each reader of a GET": forEach(READERS, () => GET, async (reader, request, run) => {
    await run.notes.see(reader, () => read(request, reader));
    run.notes.see(`bodyUsed after ${reader}`, () => request.bodyUsed);
    await run.notes.see(`${reader} again`, () => read(request, reader));
  }),
  "each reader of a large body": forEach(
    READERS,
    () => LARGE_POST,
    async (reader, request, run) => {
      // The error of json() shows a part of the text.
      const name = reader === "json" ? "text" : reader;
      await run.notes.see(reader, () => read(request, name));
    },
  ),
  "each reader of a body in chunks": forEach(
    READERS,
    () => CHUNKED_POST,
    async (reader, request, run) => {
      await run.notes.see(reader, () => read(request, reader));
    },
  ),
  "each reader of bytes that are no text": forEach(
    READERS,
    () => BYTES_PUT,
    async (reader, request, run) => {
      if (reader === "json") return;
      await run.notes.see(reader, () => read(request, reader));
    },
  ),
  "what each reader returns is its own": {
    send: { ...JSON_POST, body: "abcdef" },
    async handle(request, { notes }) {
      const copy = request.clone();
      const bytes = await request.bytes();
      bytes.fill(0x7a);
      notes.see("buffer", () => [bytes.byteOffset, bytes.buffer.byteLength]);
      await notes.see("the copy", () => copy.text());
    },
  },
  "the stream, part by part": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const body = request.body!;
      const reader = body.getReader();
      notes.see("closed", () => reader.closed.then(() => "closed"));
      const first = await reader.read();
      notes.see("1st", () => first);
      notes.see("state", () => stateOf(request));
      notes.see("bodyUsed", () => request.bodyUsed);
      await notes.see("2nd", () => reader.read());
      await notes.see("3rd", () => reader.read());
      reader.releaseLock();
      notes.see("released", () => stateOf(request));
      await notes.see("text", () => request.text());
    },
  },
  "the stream, by iteration": {
    send: LARGE_POST,
    async handle(request, { notes }) {
      await notes.see("parts", () => collect(request.body));
      notes.see("state", () => stateOf(request));
    },
  },
  "the stream, with a reader of bytes": {
    send: JSON_POST,
    async handle(request, { notes }) {
      notes.see("byob", () => {
        const reader = request.body!.getReader({ mode: "byob" });
        notes.see("read", () => reader.read(new Uint8Array(4)));
        return reader.constructor.name;
      });
      await Promise.resolve();
      notes.see("state", () => stateOf(request));
    },
  },
  "two branches": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const [left, right] = request.body!.tee();
      notes.see("state", () => stateOf(request));
      await notes.see("left", () => new Response(left).text());
      await notes.see("right", () => new Response(right).json());
      await notes.see("text", () => request.text());
    },
  },
  "through a transform": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const text = request.body!.pipeThrough(new TextDecoderStream());
      notes.see("state", () => stateOf(request));
      await notes.see("text", () => collect(text));
      notes.see("bodyUsed", () => request.bodyUsed);
    },
  },
  "to a writer": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const parts: Uint8Array[] = [];
      const sink = new WritableStream<Uint8Array>({ write: (part) => void parts.push(part) });
      await notes.see("pipeTo", () => request.body!.pipeTo(sink));
      await notes.see("parts", () => new Blob(parts as BlobPart[]).text());
      notes.see("state", () => stateOf(request));
    },
  },
  "cancelled": {
    send: JSON_POST,
    async handle(request, { notes }) {
      await notes.see("cancel", () => request.body!.cancel("enough"));
      notes.see("state", () => stateOf(request));
      await notes.see("text", () => request.text());
      notes.see("clone", () => request.clone());
    },
  },
  "the body as that of a Response": {
    send: JSON_POST,
    handle: (request) => new Response(request.body, { headers: { "x-a": "1" } }),
  },
  "a large body as that of a Response": {
    send: LARGE_POST,
    handle: (request) => new Response(request.body),
  },
  "the body as that of a Response, which is read": {
    send: JSON_POST,
    async handle(request, { notes }) {
      const response = new Response(request.body);
      await notes.see("json", () => response.json());
      notes.see("state", () => stateOf(request));
    },
  },
  "a body that is not read": { send: JSON_POST, handle: () => new Response("not read") },
  "a form with a file": {
    send: MULTIPART_POST,
    async handle(request, { notes }) {
      const form = await notes.see("form", () => request.formData());
      const file = form.get("file") as File;
      notes.see("file", () => [file.name, file.type, file.size]);
      await notes.see("text", () => file.text());
      await notes.see("again", () => request.formData());
    },
  },
  "a form of another type": {
    send: { ...FORM_POST, fields: [["Content-Type", "text/plain"]] },
    async handle(request, { notes }) {
      await notes.see("form", () => request.formData());
      notes.see("bodyUsed", () => request.bodyUsed);
    },
  },
  "a form without a type": {
    send: { ...FORM_POST, fields: [] },
    async handle(request, { notes }) {
      await notes.see("form", () => request.formData());
      notes.see("bodyUsed", () => request.bodyUsed);
    },
  },
  "a form that is cut off": {
    send: { ...MULTIPART_POST, body: (MULTIPART_POST.body as string).slice(0, 60) },
    async handle(request, { notes }) {
      await notes.see("form", () => request.formData());
      notes.see("bodyUsed", () => request.bodyUsed);
    },
  },
  "JSON that is none": {
    send: { ...JSON_POST, body: '{"a":' },
    async handle(request, { notes }) {
      await notes.see("json", () => request.json());
      notes.see("state", () => stateOf(request));
      await notes.see("text", () => request.text());
    },
  },
  "a blob's type": {
    send: { ...JSON_POST, fields: [["Content-Type", "Text/HTML; Charset=UTF-8"]] },
    async handle(request, { notes }) {
      await notes.see("type", async () => (await request.blob()).type);
    },
  },
  "text with a byte order mark": {
    send: { ...JSON_POST, body: "\ufeffa\ufeff" },
    async handle(request, { notes }) {
      await notes.see("copy", () => request.clone().text());
      await notes.see("text", async () => JSON.stringify(await request.text()));
    },
  },
  "text in parts": {
    send: { ...JSON_POST, body: "gr\u00fc\u00df \u{1f600}".repeat(20_000) },
    async handle(request, { notes }) {
      await notes.see(
        "textStream",
        () => collect((request as unknown as { textStream(): AsyncIterable<string> }).textStream()),
      );
      notes.see("state", () => stateOf(request));
    },
  },
  "a body that is read after the response": {
    send: [JSON_POST, GET],
    handle(request, { notes, index, kept }) {
      if (index === 0) {
        kept.push(request);
        return;
      }
      const late = kept[0] as Request;
      notes.see("method and url", () => [late.method, late.url]);
      notes.see("headers", () => [...late.headers]);
      notes.see("bodyUsed", () => late.bodyUsed);
      notes.see("text", () => late.text().then(() => "text", () => "no text"));
    },
  },
  "a body that was touched is read after the response": {
    send: [JSON_POST, GET],
    async handle(request, { notes, index, kept }) {
      if (index === 0) {
        kept.push(request.body);
        return;
      }
      const late = kept[0] as ReadableStream<Uint8Array>;
      await notes.see("parts", () => collect(late).then(() => "parts", () => "an error"));
    },
  },
  "a body that is being read at the response": {
    send: [JSON_POST, GET],
    async handle(request, { notes, index, kept }) {
      if (index === 0) {
        kept.push(request.text());
        return;
      }
      await notes.see("text", () => kept[0] as Promise<string>);
    },
  },
  "a clone that is read after the response": {
    send: [JSON_POST, GET],
    async handle(request, { notes, index, kept }) {
      if (index === 0) {
        kept.push(request.clone());
        await notes.see("text", () => request.text());
        return;
      }
      await notes.see("the clone's text", () => (kept[0] as Request).text());
    },
  },
};
