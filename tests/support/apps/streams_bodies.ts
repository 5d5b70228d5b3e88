// An app whose handlers read the bodies of their requests while they come, each in a way of its own.

import busboy from "busboy";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fetchHandler, WebResponse } from "../../../mod.ts";
import { appOptions, appServer, tellWorker } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

/** What came: how many bytes, and their hash. */
async function digest(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    hash.update(part);
  }
  return `${length} ${hash.digest("hex")}`;
}

function bodyOf(request: Request): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (request.body === null) throw new TypeError("a request without a body");
  return request.body;
}

/** Parses a form as it comes, and tells of each part. */
async function readMultipart(request: Request): Promise<string> {
  const parser = busboy({ headers: Object.fromEntries(request.headers) });
  const parts: Promise<string>[] = [];
  parser.on("field", (name: string, value: string) => {
    parts.push(Promise.resolve(`${name}=${value}`));
  });
  parser.on("file", (name: string, file: Readable, { filename }: { filename: string }) => {
    const part = digest(file).then((text) => `${name}=${filename} ${text}`);
    parts.push(part);
    // If the form ends early, so does the pipeline below, which tells of it.
    part.catch(() => {});
  });
  await pipeline(Readable.fromWeb(bodyOf(request)), parser);
  return (await Promise.all(parts)).join("\n");
}

const handlers: Record<string, (request: Request) => Promise<Response | string>> = {
  "/digest": (request) => digest(bodyOf(request)),
  "/byob": async (request) => {
    const reader = bodyOf(request).getReader({ mode: "byob" });
    const parts = async function* () {
      for (let memory = new Uint8Array(50_000);;) {
        const { done, value } = await reader.read(memory);
        if (done) return;
        yield value;
        memory = new Uint8Array(value.buffer);
      }
    };
    return await digest(parts());
  },
  "/file": async (request) => {
    const path = await Deno.makeTempFile();
    try {
      const file = await Deno.open(path, { write: true });
      await bodyOf(request).pipeTo(file.writable);
      using written = await Deno.open(path);
      return await digest(written.readable);
    } finally {
      await Deno.remove(path);
    }
  },
  "/upstream": async (request) => {
    const url = new URL("/digest", request.url);
    const init = { method: "POST", body: bodyOf(request), duplex: "half" };
    return await (await fetch(url, init)).text();
  },
  "/transform": (request) => {
    const invert = new TransformStream<Uint8Array, Uint8Array>({
      transform: (part, controller) => controller.enqueue(part.map((byte) => byte ^ 0xff)),
    });
    return Promise.resolve(new Response(bodyOf(request).pipeThrough(invert)));
  },
  "/gunzip": (request) => digest(bodyOf(request).pipeThrough(new DecompressionStream("gzip"))),
  "/clone": async (request) => {
    const clone = request.clone();
    return (await Promise.all([digest(bodyOf(request)), digest(bodyOf(clone))])).join(", ");
  },
  "/clone-and-collect": async (request) => {
    const clone = request.clone();
    return (await Promise.all([request.text(), clone.text()])).join(", ");
  },
  "/multipart": readMultipart,
  "/echo": (request) => Promise.resolve(new Response(request.body)),
  "/json": async (request) => JSON.stringify(await request.json()),
  "/half": async (request) => {
    const reader = bodyOf(request).getReader();
    await reader.read();
    return "half";
  },
  "/never": () => Promise.resolve("never"),
  "/refuses": () => Promise.resolve(new Response("no", { status: 401 })),
};

server.addPath(
  "/",
  fetchHandler(async (request) => {
    const answer = await handlers[new URL(request.url).pathname](request);
    return typeof answer === "string" ? new Response(answer) : answer;
  }),
);
server.addPath("/own", {
  POST: async (req) => WebResponse.text(await digest(req.stream)),
}, { streamBody: true });
server.addPath("/worker", tellWorker);

await server.run(options.run ?? {});
