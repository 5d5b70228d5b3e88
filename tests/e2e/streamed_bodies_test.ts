// Whole servers whose handlers read the bodies of their requests while they come: real programs, over real sockets.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { it } from "@std/testing/bdd";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { RawClient } from "../support/clients/raw_client.ts";
import { describeEachWay, startApp, type StartedApp } from "../support/servers/started_app.ts";

/** Bytes of which no two places look the same. */
function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

function digestOf(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Larger than what a body in memory may be, and than what any buffer holds. */
const UPLOAD = bytesOf(3_000_000);

/** The bytes as a stream, which a client sends in chunks. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + 70_001));
      at += 70_001;
    },
  });
}

function panicsOf(app: StartedApp): number {
  return app.running.stats().total.panics;
}

describeEachWay((way) => {
  const start = () => startApp("streams_bodies.ts", { run: { ...way, workers: 1 } });

  it("a handler reads an upload that is larger than maxBodyBytes in whatever way programs do", async () => {
    await using app = await start();
    using client = Deno.createHttpClient({});
    const form = new FormData();
    form.append("name", "Ada");
    form.append("upload", new File([UPLOAD], "a.bin"));
    const inverted = UPLOAD.map((byte) => byte ^ 0xff);
    const digest = digestOf(UPLOAD);
    const cases: { path: string; body?: BodyInit; expected: string }[] = [
      { path: "/digest", expected: digest },
      { path: "/own", expected: digest },
      { path: "/byob", expected: digest },
      { path: "/file", expected: digest },
      { path: "/upstream", expected: digest },
      { path: "/clone", expected: `${digest}, ${digest}` },
      { path: "/gunzip", body: new Uint8Array(gzipSync(UPLOAD)), expected: digest },
      { path: "/multipart", body: form, expected: `name=Ada\nupload=a.bin ${digest}` },
    ];
    for (const { path, body, expected } of cases) {
      const bodies = body === undefined ? [UPLOAD, streamOf(UPLOAD)] : [body];
      for (const body of bodies) {
        const init = { method: "POST", body, client, duplex: "half" };
        const response = await fetch(`http://127.0.0.1:${app.port}${path}`, init);
        assertEquals(await response.text(), expected, path);
      }
    }
    for (const path of ["/transform", "/echo"]) {
      const init = { method: "POST", body: streamOf(UPLOAD), client, duplex: "half" };
      const response = await fetch(`http://127.0.0.1:${app.port}${path}`, init);
      const bytes = await response.bytes();
      assertEquals(digestOf(bytes), digestOf(path === "/echo" ? UPLOAD : inverted), path);
    }
    assertEquals(panicsOf(app), 0);
  });

  it("both halves of a clone can be collected", async () => {
    await using app = await start();
    using client = await RawClient.connect(app.port);
    await client.send(
      "POST /clone-and-collect HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc",
    );
    await client.send("def");
    assertEquals((await client.readResponse()).text, "abcdef, abcdef");
  });

  it("a response is sent while its handler reads the body", async () => {
    await using app = await start();
    using client = await RawClient.connect(app.port);
    await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const word of ["one", "two", "three"]) {
      await client.send(`${word.length}\r\n${word}\r\n`);
      assertStringIncludes(await client.readUntil(word), word);
    }
    await client.send("0\r\n\r\n");
    await client.readUntil("0\r\n\r\n");
    assertEquals((await client.ask("GET /worker HTTP/1.1\r\nHost: a\r\n\r\n")).status, 200);
  });

  it("a client that waits for 100 Continue gets it when the handler reads, or its answer", async () => {
    await using app = await start();
    const expecting = (path: string, length: number) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
    using reading = await RawClient.connect(app.port);
    assertEquals((await reading.ask(expecting("/digest", 3))).status, 100);
    const response = await reading.ask("abc");
    assertEquals(response.text, digestOf(new TextEncoder().encode("abc")));

    using refused = await RawClient.connect(app.port);
    assertEquals((await refused.ask(expecting("/refuses", 3))).status, 401);
    using large = await RawClient.connect(app.port);
    assertEquals((await large.ask(expecting("/digest", 100_000_001))).status, 413);
  });

  it("a request behind a body that is read, half read or not read is served in its turn", async () => {
    await using app = await start();
    for (
      const [path, expected] of [["/digest", digestOf(bytesOf(6))], ["/half", "half"], [
        "/never",
        "never",
      ]]
    ) {
      using client = await RawClient.connect(app.port);
      await client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n`);
      await client.send(bytesOf(2));
      await client.send(bytesOf(6).subarray(2));
      await client.send("GET /worker HTTP/1.1\r\nHost: a\r\n\r\n");
      assertEquals((await client.readResponse()).text, expected);
      assertEquals((await client.readResponse()).status, 200, path);
    }
  });

  it("a client that goes in the middle of its upload costs no worker", async () => {
    await using app = await start();
    const worker = (await app.get("/worker")).text;
    for (
      const path of [
        "/digest",
        "/own",
        "/file",
        "/upstream",
        "/gunzip",
        "/clone",
        "/multipart",
        "/echo",
        "/json",
        "/half",
      ]
    ) {
      using client = await RawClient.connect(app.port);
      const fields = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000";
      await client.send(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${app.port}\r\n${fields}\r\n\r\n`,
      );
      // The beginning of what each of them expects.
      const sent = path === "/gunzip" ? new Uint8Array(gzipSync(bytesOf(50_000))) : bytesOf(50_000);
      await client.send(sent);
      await client.closeWrite();
      while (await client.readOnce() !== null);
    }
    assertEquals((await app.get("/worker")).text, worker);
    assertEquals(panicsOf(app), 0);
  });

  it("readers that collect a body give 413 above maxBodyBytes, and 400 for what is no JSON", async () => {
    await using app = await start();
    for (
      const [length, text, status] of [[2_000_000, "", 413], [9, '{"a":', 400], [
        7,
        '{"a":',
        200,
      ]] as const
    ) {
      using client = await RawClient.connect(app.port);
      await client.send(`POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
      if (length < 10) await client.send(text + (length === 7 ? "1}" : "1111"));
      assertEquals((await client.readResponse()).status, status);
    }
    assert(panicsOf(app) === 0);
  });
});
