// Forms as browsers write them are read as the platform reads them, and all others are left to it.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { readBrowserForm } from "../../src/handler/browser_form.ts";
import { runs } from "../support/runs.ts";

const MULTIPART = "multipart/form-data; boundary=X";
const URLENCODED = "application/x-www-form-urlencoded";

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Makes plain values of a form: of a file its name, its type and its text. */
async function plain(form: FormData): Promise<unknown[]> {
  const entries: unknown[] = [];
  for (const [name, value] of form) {
    entries.push(
      typeof value === "string"
        ? [name, value]
        : [name, value.name, value.type, await value.text()],
    );
  }
  return entries;
}

async function readByPlatform(contentType: string, body: string): Promise<unknown> {
  const headers = { "content-type": contentType };
  return await plain(await new Response(bytesOf(body), { headers }).formData());
}

function field(name: string, value: string): string {
  return `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

function file(name: string, filename: string, type: string, content: string): string {
  const disposition = `Content-Disposition: form-data; name="${name}"; filename="${filename}"`;
  return `--X\r\n${disposition}\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`;
}

const END = "--X--\r\n";

describe("readBrowserForm()", () => {
  it("readBrowserForm() reads what the platform has written, fields and files", async () => {
    const given = new FormData();
    given.append("name", "J\u00fcrgen");
    given.append("name", "");
    given.append("text", "a\r\nb");
    given.append("\u00e9", new File(["content\r\n"], "\u00e9 1.txt", { type: "text/plain" }));
    given.append("none", new File([], "", { type: "application/octet-stream" }));
    const written = new Request("http://a/", { method: "POST", body: given });
    const contentType = written.headers.get("content-type")!;
    const form = readBrowserForm(contentType, await written.bytes());
    assert(form !== undefined);
    assertEquals(await plain(form), await plain(given));
    assertEquals(form.get("none") instanceof File, true);
  });

  const read: { what: string; body: string; type?: string }[] = [
    { what: "an urlencoded form", body: "a=1&a=%C3%A9+b&&c", type: URLENCODED },
    {
      what: "one whose Content-Type has a charset",
      body: "?a=\xff%ff",
      type: `${URLENCODED};charset=UTF-8`,
    },
    { what: "one in other letters", body: "a=1", type: URLENCODED.toUpperCase() },
    { what: "an empty one", body: "", type: URLENCODED },
    { what: "a multipart form of one field", body: field("a", "1") + END },
    { what: "one without a line end at its end", body: field("a", "1") + "--X--" },
    { what: "one without parts", body: END },
    { what: "one with a byte order mark", body: field("a", "\xef\xbb\xbf1") + END },
    { what: "one that is not UTF-8", body: field("\xff", "\xff") + END },
  ];
  for (const { what, body, type = MULTIPART } of read) {
    it(`readBrowserForm() reads ${what} as the platform does`, async () => {
      const form = readBrowserForm(type, bytesOf(body));
      assert(form !== undefined);
      assertEquals(await plain(form), await readByPlatform(type, body));
    });
  }

  const left: { what: string; body: string; type?: string }[] = [
    { what: "another type", body: "a=1", type: "text/plain" },
    { what: "more than 10,000 fields", body: "&".repeat(10_000), type: URLENCODED },
    { what: "no boundary", body: END, type: "multipart/form-data" },
    { what: "a quoted boundary", body: END, type: 'multipart/form-data; boundary="X"' },
    { what: "an empty multipart body", body: "" },
    { what: "text before it", body: "text\r\n" + END },
    { what: "text after it", body: END + "text" },
    { what: "no end", body: field("a", "1") },
    { what: "no end of a part", body: field("a", "1").slice(0, -2) },
    { what: "an escaped name", body: field("a%22b", "1") + END },
    { what: "a backslash in a name", body: field('a\\"b', "1") + END },
    { what: "a semicolon in a name", body: field("a;b", "1") + END },
    { what: "a NUL in a file name", body: file("a", "b\0", "text/plain", "") + END },
    { what: "no name", body: field("", "1") + END },
    { what: "the boundary in a value", body: field("a", "\r\n--Xy") + END },
    { what: "the boundary at the beginning of a value", body: field("a", "--X") + END },
    { what: "a file without a type", body: field('a"; filename="b', "1") + END },
    { what: "a type with parameters", body: file("a", "b", "text/plain; charset=a", "") + END },
    {
      what: "other header fields",
      body: field("a", "1").replace("\r\n\r\n", "\r\nX-A: 1\r\n\r\n") + END,
    },
  ];
  for (const { what, body, type = MULTIPART } of left) {
    it(`readBrowserForm() leaves a form with ${what} to the platform`, () => {
      assertEquals(readBrowserForm(type, bytesOf(body)), undefined);
    });
  }

  it("readBrowserForm() reads nothing in another way than the platform, whatever is sent", async () => {
    const name = fc.stringMatching(/^[ -~\x80-\xff]{1,8}$/);
    const value = fc.array(
      fc.constantFrom("\r\n", "--", "X", "--X", "-", "\r", "\n", "a", "\xff", "\xef\xbb\xbf", '"'),
      { maxLength: 6 },
    ).map((parts) => parts.join(""));
    const type = fc.constantFrom("text/plain", "Text/CSV", "image/svg+xml", "a", "a/b ");
    const part = fc.oneof(
      fc.tuple(name, value).map(([name, value]) => field(name, value)),
      fc.tuple(name, name, type, value).map((values) => file(...values)),
    );
    const body = fc.tuple(fc.array(part, { maxLength: 3 }), fc.constantFrom("", "\r\n", "x"))
      .map(([parts, end]) => `${parts.join("")}--X--${end}`);
    let own = 0;
    await fc.assert(
      fc.asyncProperty(body, async (body) => {
        const form = readBrowserForm(MULTIPART, bytesOf(body));
        if (form === undefined) return;
        own++;
        assertEquals(await plain(form), await readByPlatform(MULTIPART, body));
      }),
      { numRuns: runs(2_000) },
    );
    assert(own > runs(2_000) / 10, `only ${own} were read`);
  });
});
