import { Buffer } from "node:buffer";
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { MAX_FORM_BYTES, parseFormEncoding, readForm } from "../../src/handler/form.ts";
import { type ExpectedFile, FORM_CASES, MULTIPART } from "./form_cases.ts";
import { codePoint } from "../http1/arbitraries.ts";
import { bytesOf, textOf } from "../http1/reading.ts";
import { countWork } from "../support/work.ts";
import { runs, size } from "../support/runs.ts";

type Entry = readonly [name: string, value: string | ExpectedFile];
type Outcome =
  | { readonly kind: "form"; readonly entries: Entry[] }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string };

function read(type: string, body: Uint8Array<ArrayBuffer>): FormData | Outcome {
  const encoding = parseFormEncoding(type);
  if (encoding.kind === "refused") return encoding;
  const reading = readForm(encoding, body);
  return reading.kind === "form" ? reading.form : reading;
}

async function entriesOf(form: FormData): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [name, value] of form) {
    if (typeof value === "string") entries.push([name, value]);
    else {
      const content = textOf(await value.bytes());
      entries.push([name, { filename: value.name, type: value.type, content }]);
    }
  }
  return entries;
}

async function outcomeOf(type: string, body: Uint8Array<ArrayBuffer>): Promise<Outcome> {
  const reading = read(type, body);
  return reading instanceof FormData
    ? { kind: "form", entries: await entriesOf(reading) }
    : reading;
}

describe("readForm()", () => {
  for (const { what, type = MULTIPART, body, entries, refused } of FORM_CASES) {
    const name = refused === undefined
      ? `readForm() reads ${what}`
      : `readForm() refuses ${what} with ${refused[0]}`;
    it(name, async () => {
      const outcome = await outcomeOf(type, bytesOf(body));
      if (refused === undefined) {
        assertEquals(outcome, { kind: "form", entries: [...entries ?? []] });
      } else {
        assert(outcome.kind === "refused", JSON.stringify(outcome));
        assertEquals(outcome.status, refused[0]);
        assertStringIncludes(outcome.reason, refused[1]);
      }
    });
  }

  it("readForm() reads a form that is a view of larger memory", async () => {
    const [{ type = MULTIPART, body, entries }] = FORM_CASES;
    const around = bytesOf(`--X--\r\n${body}--X--\r\n`);
    const outcome = await outcomeOf(type, around.subarray(7, 7 + body.length));
    assertEquals(outcome, { kind: "form", entries: [...entries ?? []] });
  });

  it("readForm() makes files whose bytes are their own", async () => {
    const body = bytesOf(
      '--X\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n--X--',
    );
    const form = read(MULTIPART, body);
    assertInstanceOf(form, FormData);
    body.fill(0);
    assertEquals(await (form.get("a") as File).text(), "1");
  });

  for (const kind of ["urlencoded", "multipart"] as const) {
    it(`readForm() refuses an ${kind} form that is too long for a string with 413`, () => {
      // The memory is never touched, so the system gives none for it.
      const bytes = new Uint8Array(MAX_FORM_BYTES[kind] + 1);
      const reading = readForm({ kind, boundary: "X" }, bytes);
      assert(reading.kind === "refused");
      assertEquals(reading.status, 413);
    });
  }

  it("readForm() shows the client nothing of what it sent", async () => {
    for (const { what, type = MULTIPART, body } of FORM_CASES) {
      const secret = body.replaceAll('name="a', 'name="secret\x07<b>');
      const outcome = await outcomeOf(type, bytesOf(secret));
      if (outcome.kind !== "refused") continue;
      assert(/^[A-Z][\x20-\x7e]+$/.test(outcome.reason), what);
      assert(!/secret|<b>/.test(outcome.reason), what);
    }
  });
});

/** A line end in a value is sent as CR LF, whatever it was (WHATWG HTML, "constructing the entry list"). */
function withLineEnds(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}

/** A name that holds these itself is sent like one that holds what they stand for: the encoding cannot be undone for all names. */
function withEscapesUndone(name: string): string {
  return name.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

/** What comes of a name that is sent. */
function sent(name: string): string {
  return withEscapesUndone(name.toWellFormed());
}

describe("readForm(), given what the platform encodes", () => {
  const text = fc.oneof(
    fc.string({ unit: codePoint }),
    fc.string({ unit: fc.constantFrom(...'\r\n"\\;=%02ADaü🦕\0 \t-\ufeff\ud800') }),
  );
  const content = fc.oneof(
    fc.uint8Array(),
    fc.array(fc.constantFrom("\r\n", "--", "-", "\r", "\n", "a")).map((pieces) =>
      bytesOf(pieces.join(""))
    ),
  );
  const type = fc.constantFrom("image/png", "text/plain; charset=utf-8", "a");
  const entry = fc.oneof(
    fc.record({ name: text, value: text }),
    fc.record({ name: text, filename: text, content, type }),
  );

  it("readForm() reads any FormData as it was", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async (entries) => {
        const form = new FormData();
        for (const entry of entries) {
          if ("value" in entry) form.append(entry.name, entry.value);
          else {
            const { content, filename, type } = entry;
            form.append(entry.name, new File([Uint8Array.from(content)], filename, { type }));
          }
        }
        const response = new Response(form);
        const outcome = await outcomeOf(
          response.headers.get("content-type") ?? "",
          await response.bytes(),
        );
        assertEquals(outcome, {
          kind: "form",
          entries: entries.map((entry): Entry => {
            const name = sent(withLineEnds(entry.name));
            if ("value" in entry) return [name, withLineEnds(entry.value.toWellFormed())];
            const { filename, type, content } = entry;
            return [name, {
              filename: sent(filename),
              type,
              content: textOf(Uint8Array.from(content)),
            }];
          }),
        });
      }),
      { numRuns: runs(500) },
    );
  });

  it("readForm() reads any URLSearchParams as they were", () => {
    fc.assert(fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      const params = new URLSearchParams(pairs);
      const form = read("application/x-www-form-urlencoded", bytesOf(String(params)));
      assertInstanceOf(form, FormData);
      assertEquals([...form], [...params]);
    }));
  });

  it("readForm() reads any bytes of an urlencoded form as the platform does", async () => {
    const piece = fc.constantFrom(..."?&=+%aC3bcFf\xc3\xbc\xef\xbb\xbf\xf0\x9f\xa6\x95\xff\0#; ");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: piece, maxLength: 30 }), async (body) => {
        const type = "application/x-www-form-urlencoded";
        const bytes = bytesOf(body);
        const form = read(type, bytes);
        assertInstanceOf(form, FormData);
        const platform = await new Response(bytes, { headers: { "content-type": type } })
          .formData();
        assertEquals([...form], [...platform]);
      }),
      { numRuns: runs(1_000) },
    );
  });
});

describe("readForm(), given hostile bytes", () => {
  const FIELD = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n';
  const LONG = "x".repeat(69);
  /** Each makes a body of about so many bytes. */
  const hostile: { what: string; type?: string; make: (length: number) => string }[] = [
    {
      what: "a field of plain bytes",
      make: (length) => `${FIELD.slice(0, -2)}${"1".repeat(length)}\r\n--X--`,
    },
    {
      what: "delimiters without their last character",
      type: `multipart/form-data; boundary=${LONG}y`,
      make: (length) => fill(`--${LONG}y\r\n\r\n`, `\r\n--${LONG}`, length),
    },
    {
      what: "hyphens where the boundary is hyphens",
      type: `multipart/form-data; boundary=${"-".repeat(69)}y`,
      make: (length) => fill(`--${"-".repeat(69)}y\r\n\r\n`, "-", length),
    },
    { what: "CRs", make: (length) => fill(FIELD, "\r", length) },
    { what: "line ends", make: (length) => fill(FIELD, "\r\n", length) },
    { what: "line ends before the boundary", make: (length) => fill("", "\r\n", length) },
    { what: "line ends after the last boundary", make: (length) => fill("--X--", "\r\n", length) },
    { what: "spaces after a boundary", make: (length) => fill("--X", " ", length) },
    { what: "spaces after the last boundary", make: (length) => fill("--X--", " ", length) },
    {
      what: "a header section without an end",
      make: (length) => `${fill("--X\r\n", "a: b\r\n", length)}\r\n--X--`,
    },
    ...[
      ";",
      '"',
      "\\",
      '\\"',
      " ",
      "; ",
      ";a=",
      ';a="',
      '";a="',
      '\\";a="',
      "=",
      "a",
      "%22",
      "%0D",
      "\xff",
      "\r\n ",
      "a:b\r\n",
      ":",
    ].map((piece) => ({
      what: `header sections full of ${JSON.stringify(piece)}`,
      make: (length: number) => {
        const section = fill('Content-Disposition: form-data; name="', piece, 16_000);
        return fill("", `--X\r\n${section}"\r\n\r\n1\r\n`, length);
      },
    })),
    {
      what: "readable header sections full of parameters that end with a backslash",
      make: (length) => {
        let section = 'Content-Disposition: form-data; name="a"';
        for (let i = 0; section.length < 16_000; i++) section += `; x${i}="\\"`;
        return `${fill("", `--X\r\n${section}\r\n\r\n1\r\n`, length)}--X--`;
      },
    },
    { what: "many parts", make: (length) => `${fill("", FIELD, length)}--X--` },
    {
      what: "percent signs",
      type: "application/x-www-form-urlencoded",
      make: (length) => fill("", "%", length),
    },
    {
      what: "ampersands",
      type: "application/x-www-form-urlencoded",
      make: (length) => fill("", "&", length),
    },
  ];

  function fill(start: string, piece: string, length: number): string {
    return start + piece.repeat(Math.ceil(length / piece.length));
  }

  for (const { what, type = MULTIPART, make } of hostile) {
    it(`readForm() looks at each byte of ${what} a bounded number of times`, () => {
      const [small, large] = [50_000, size(1_000_000, 200_000)].map((length) => {
        const body = Uint8Array.from(Buffer.from(make(length), "latin1"));
        return countWork(() => read(type, body)).work / body.length;
      });
      assert(
        large <= Math.max(1, small) * 2,
        `${large} for each byte, and ${small} in a short form`,
      );
      assert(large <= 20, `${large} for each byte`);
    });
  }

  it("countWork() sees that work grows faster than the text", () => {
    const quadratic = (length: number) => {
      const text = "a".repeat(length);
      for (let at = 0; at < length; at++) text.indexOf("b", at);
    };
    const [small, large] = [100, 1_000].map((length) => countWork(() => quadratic(length)).work);
    assert(large > 50 * small, `${small}, ${large}`);
  });

  it("readForm() looks at each character of a Content-Type a bounded number of times", () => {
    for (const piece of [";", '"', "\\", "; a=b", ';a="', " ", "="]) {
      const type = fill("multipart/form-data; boundary=X", piece, size(1_000_000, 100_000));
      const { work } = countWork(() => parseFormEncoding(type));
      assert(work <= 20 * type.length, `${piece}: ${work}`);
    }
  });
});
