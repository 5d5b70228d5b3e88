// The content coding of a request's body: what is decoded, what is refused, and that no small body becomes a large one.

import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canRunDeno } from "../support/permissions.ts";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import {
  fetchHandler,
  type Handler,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../../mod.ts";
import {
  decodeAtOnce,
  prepareDecoding,
  readContentCoding,
} from "../../src/handler/content_coding.ts";
import { HttpError } from "../../src/handler/errors.ts";
import { size } from "../support/runs.ts";

const JSON_TYPE = "application/json";
const URLENCODED = "application/x-www-form-urlencoded";

const utf8 = (text: string) => new TextEncoder().encode(text);

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

/** The default is 11, with which a body of 60 MB takes seconds. */
const BROTLI_OPTIONS = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } };

/** What a client may send: the coding's own names, and how to make it. */
const CODERS: { coding: string; encode: (bytes: Uint8Array) => Uint8Array }[] = [
  { coding: "gzip", encode: (bytes) => zlib.gzipSync(bytes) },
  { coding: "x-gzip", encode: (bytes) => zlib.gzipSync(bytes) },
  { coding: "GZip", encode: (bytes) => zlib.gzipSync(bytes) },
  { coding: "deflate", encode: (bytes) => zlib.deflateSync(bytes) },
  { coding: "br", encode: (bytes) => zlib.brotliCompressSync(bytes, BROTLI_OPTIONS) },
  { coding: "identity", encode: (bytes) => bytes },
  { coding: " , gzip, identity,", encode: (bytes) => zlib.gzipSync(bytes) },
];

const READERS: Record<string, Handler> = {
  text: (req) => WebResponse.text(req.text()),
  json: (req) => WebResponse.json(req.json()),
  form: async (req) => WebResponse.json([...await req.formData()]),
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly acceptEncoding: string | null;
}

async function send(
  handler: Handler,
  coding: string,
  body: Uint8Array,
  { contentType = JSON_TYPE, ...options }: WebServerOptions & { contentType?: string } = {},
): Promise<Answer> {
  const server = new WebServer(options);
  server.addPath("/", handler);
  const headers = { "content-encoding": coding, "content-type": contentType };
  const init = { method: "POST", headers, body: new Uint8Array(body) };
  const response = await server.fetch(new Request("http://localhost/", init));
  return {
    status: response.status,
    text: await response.text(),
    acceptEncoding: response.headers.get("accept-encoding"),
  };
}

describe("WebRequest", () => {
  for (const { coding, encode } of CODERS) {
    it(`text(), json() and formData() decode ${JSON.stringify(coding)}`, async () => {
      const json = encode(utf8('{"a":"é"}'));
      assertEquals((await send(READERS.text, coding, json)).text, '{"a":"é"}');
      assertEquals((await send(READERS.json, coding, json)).text, '{"a":"é"}');
      const form = encode(utf8("a=1&b=%C3%A9"));
      const answer = await send(READERS.form, coding, form, { contentType: URLENCODED });
      assertEquals([answer.status, answer.text], [200, '[["a","1"],["b","é"]]']);
    });
  }

  it("formData() decodes a multipart form with a file", async () => {
    const body = new FormData();
    body.append("photo", new File(["abc"], "a.png"));
    const plain = new Request("http://localhost/", { method: "POST", body });
    const contentType = plain.headers.get("content-type") ?? "";
    const readsFile: Handler = async (req) => {
      const photo = (await req.formData()).get("photo");
      return WebResponse.text(photo instanceof File ? await photo.text() : "no file");
    };
    const coded = zlib.gzipSync(await plain.bytes());
    assertEquals((await send(readsFile, "gzip", coded, { contentType })).text, "abc");
  });

  it("text() leaves a byte order mark out, and decodes bytes that are not UTF-8 lossily", async () => {
    const coded = zlib.gzipSync(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff));
    assertEquals((await send(READERS.text, "gzip", coded)).text, "a\ufffd");
  });

  it("text(), json() and formData() may be asked one after the other", async () => {
    const all: Handler = async (req) => {
      const [text, json] = [req.text(), req.json()];
      return WebResponse.json([text, json, req.text(), [...await req.formData()]]);
    };
    const coded = zlib.gzipSync(utf8("7"));
    const { text } = await send(all, "gzip", coded, { contentType: URLENCODED });
    assertEquals(text, '["7",7,"7",[["7",""]]]');
  });

  it("decodes deflate data without the header of the zlib format, as some clients send it", async () => {
    const raw = zlib.deflateRawSync(utf8("a raw body"));
    assertEquals((await send(READERS.text, "deflate", raw)).text, "a raw body");
  });

  it("decodes all members of gzip data", async () => {
    const members = joined(zlib.gzipSync(utf8("one ")), zlib.gzipSync(utf8("two")));
    assertEquals((await send(READERS.text, "gzip", members)).text, "one two");
  });

  it("text() of an empty body is empty, whatever its coding is", async () => {
    for (const coding of ["gzip", "br", "unknown", "gzip, gzip"]) {
      const { status, text } = await send(READERS.text, coding, new Uint8Array(0));
      assertEquals([status, text], [200, ""], coding);
    }
  });

  it("body and toRequest() keep the bytes and the field as they were sent", async () => {
    const coded = zlib.gzipSync(utf8("a body"));
    const raw: Handler = async (req) => {
      const request = req.toRequest();
      const field = [req.header("content-encoding"), request.headers.get("content-encoding")];
      return WebResponse.json([...field, [...req.body], [...await request.bytes()]]);
    };
    const { text } = await send(raw, "gzip", coded);
    assertEquals(JSON.parse(text), ["gzip", "gzip", [...coded], [...coded]]);
  });

  it("is not decoded for fetchHandler(), however large it is", async () => {
    const coded = joined(zlib.gzipSync(new Uint8Array(10)), new Uint8Array(1_100_000));
    const app = fetchHandler(async (request) =>
      Response.json([request.headers.get("content-encoding"), (await request.bytes()).length])
    );
    const { text } = await send(app, "gzip", coded, { maxBodyBytes: 2_000_000 });
    assertEquals(text, JSON.stringify(["gzip", coded.length]));
  });

  it("is not decoded where decodeRequestBodies is false", async () => {
    const coded = zlib.gzipSync(utf8("7"));
    const options = { decodeRequestBodies: false };
    assertEquals((await send(READERS.json, "gzip", coded, options)).status, 400);
    assertEquals((await send(READERS.text, "zstd", utf8("7"), options)).text, "7");
  });

  it("does not decode what no handler reads", async () => {
    const unread: Handler = () => WebResponse.text("unread");
    for (const coding of ["gzip", "deflate", "br", "unknown", "gzip, gzip"]) {
      assertEquals((await send(unread, coding, utf8("damaged"))).text, "unread");
    }
  });
});

describe("a request body that cannot be decoded", () => {
  const gzip = zlib.gzipSync(utf8("hello hello hello"));
  const deflate = zlib.deflateSync(utf8("hello hello hello"));
  const brotli = zlib.brotliCompressSync("hello hello hello");
  const flipped = gzip.slice();
  // The checksum comes last but for the length.
  flipped[flipped.length - 6] ^= 1;

  const cases: { what: string; coding: string; body: Uint8Array; status: number }[] = [
    { what: "an unknown coding", coding: "zstd", body: gzip, status: 415 },
    { what: "text in place of br", coding: "br", body: utf8("hello"), status: 400 },
    {
      what: "br with rubbish after it",
      coding: "br",
      body: joined(brotli, utf8("x")),
      status: 400,
    },
    { what: "two codings", coding: "deflate, gzip", body: gzip, status: 415 },
    { what: "the same coding twice", coding: "gzip, gzip", body: zlib.gzipSync(gzip), status: 415 },
    { what: "text in place of gzip", coding: "gzip", body: utf8("hello"), status: 400 },
    { what: "text in place of deflate", coding: "deflate", body: utf8("hello"), status: 400 },
    { what: "gzip in place of deflate", coding: "deflate", body: gzip, status: 400 },
    { what: "deflate in place of gzip", coding: "gzip", body: deflate, status: 400 },
    { what: "gzip with a wrong checksum", coding: "gzip", body: flipped, status: 400 },
    {
      what: "gzip with rubbish after it",
      coding: "gzip",
      body: joined(gzip, utf8("x")),
      status: 400,
    },
    {
      what: "a cut off second member",
      coding: "gzip",
      body: joined(gzip, gzip.subarray(0, -1)),
      status: 400,
    },
    { what: "one byte", coding: "deflate", body: Uint8Array.of(0x78), status: 400 },
  ];
  for (const { what, coding, body, status } of cases) {
    it(`gets ${status} for ${what}, from each reader`, async () => {
      for (const [name, handler] of Object.entries(READERS)) {
        const answer = await send(handler, coding, body, { contentType: URLENCODED });
        const acceptEncoding = status === 415 ? "gzip, deflate, br" : null;
        assertEquals([answer.status, answer.acceptEncoding], [status, acceptEncoding], name);
      }
    });
  }

  it("gets 400 wherever its data is cut off", async () => {
    for (
      const { coding, body } of [{ coding: "gzip", body: gzip }, {
        coding: "deflate",
        body: deflate,
      }]
    ) {
      for (let length = 1; length < body.length; length++) {
        const { status } = await send(READERS.text, coding, body.subarray(0, length));
        assertEquals(status, 400, `${coding} of ${length} bytes`);
      }
    }
  });

  it("gets 413 at one byte more than maxBodyBytes, decoded", async () => {
    for (const { coding, encode } of CODERS) {
      if (coding === "identity") continue;
      const options = { maxBodyBytes: 10_000 };
      const whole = await send(READERS.text, coding, encode(new Uint8Array(10_000)), options);
      assertEquals([whole.status, whole.text.length], [200, 10_000]);
      assertEquals(
        (await send(READERS.text, coding, encode(new Uint8Array(10_001)), options)).status,
        413,
      );
    }
  });

  it("takes no more memory than the limit, though it would decode to a thousand times as much", async () => {
    const bomb = zlib.gzipSync(new Uint8Array(100_000_000));
    assert(bomb.length < 1_000_000);
    for (
      const { handler, contentType } of [
        { handler: READERS.json, contentType: JSON_TYPE },
        { handler: READERS.form, contentType: URLENCODED },
      ]
    ) {
      assertEquals((await send(handler, "gzip", bomb, { contentType })).status, 413);
    }
  });

  it("answers in a handler that catches the error and reads again", async () => {
    const twice: Handler = (req) => {
      assertThrows(() => req.text(), HttpError);
      return WebResponse.text(req.text());
    };
    assertEquals((await send(twice, "gzip", utf8("x"))).status, 400);
  });
});

describe("a coded body of more than a megabyte", () => {
  const options = { maxBodyBytes: 100_000_000 };
  const noise = new Uint8Array(1_100_000);
  for (let at = 0; at < noise.length; at += 50_000) {
    crypto.getRandomValues(noise.subarray(at, at + 50_000));
  }
  const large = joined(noise, new Uint8Array(size(60_000_000, 21_000_000)));
  const length: Handler = (req) => WebResponse.text(`${req.text().length > 0}, ${req.body.length}`);

  for (
    const { coding, encode } of CODERS.filter(({ coding }) => /^(gzip|deflate|br)$/.test(coding))
  ) {
    const coded = encode(large);

    it(`is decoded in turns where it is ${coding}, so that others are served meanwhile`, async () => {
      assertGreater(coded.length, 1_000_000);
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      let turnsBefore = 0;
      const { status, text } = await send(
        (req) => {
          turnsBefore = turns;
          return length(req);
        },
        coding,
        coded,
        options,
      );
      clearInterval(timer);
      assertEquals([status, text], [200, `true, ${coded.length}`]);
      assertGreater(turnsBefore, 0);
    });

    it(`is refused like a small one where it is ${coding}`, async () => {
      const limited = { maxBodyBytes: 20_000_000 };
      assertEquals((await send(length, coding, coded, limited)).status, 413);
      assertEquals((await send(length, coding, coded.subarray(0, -1), options)).status, 400);
      const damaged = joined(coded);
      damaged[0] ^= 0xff;
      assertEquals((await send(length, coding, damaged, options)).status, 400);
    });
  }

  it("gives the handler every decoded byte", async () => {
    const text = "0123456789".repeat(20_000) + Buffer.from(noise).toString("hex");
    const { text: answer } = await send(READERS.text, "gzip", zlib.gzipSync(utf8(text)), options);
    assert(answer === text);
  });
});

describe("a small coded body that decodes to more than a megabyte", () => {
  const options = { maxBodyBytes: 100_000_000 };
  const length = 60_000_000;

  for (
    const { coding, encode } of CODERS.filter(({ coding }) => /^(gzip|deflate|br)$/.test(coding))
  ) {
    it(`is decoded in turns where it is ${JSON.stringify(coding)}, before its handler is called`, async () => {
      const coded = encode(new Uint8Array(length));
      assertLess(coded.length, 1_000_000);
      let turns = 0;
      let turnsBefore = 0;
      const timer = setInterval(() => turns++, 1);
      const handler: Handler = (req) => {
        turnsBefore = turns;
        return WebResponse.text(String(req.text().length));
      };
      const { status, text } = await send(handler, coding, coded, options);
      clearInterval(timer);
      assertEquals([status, text], [200, String(length)]);
      assertGreater(turnsBefore, 0);
      assertEquals((await send(READERS.text, coding, coded.subarray(0, -1), options)).status, 400);
      const limited = { maxBodyBytes: length - 1 };
      assertEquals((await send(READERS.text, coding, coded, limited)).status, 413);
    });
  }
});

/**
 * A block of 28 bytes that decodes to nothing, as bits. Its codes take the decoder longer than any
 * data: 254 literals have codes of 8 bits, four have 9 bits, one of which is the end of the block.
 */
const SLOW_BLOCK = [
  // A block with codes of its own, which is not the last: 258 literals and 2 distances.
  "0" + "01" + "10000" + "10000" + "0111",
  // The code of the code lengths: 0 repeats a length, 10 is 8, 110 is 1, 111 is 9.
  "100" + "000".repeat(3) + "010" + "000" + "110" + "000".repeat(10) + "110",
  // The lengths: 8, 42 times six more of these, 8, 9, three more of these, 1, 1.
  "10" + "011".repeat(42) + "10" + "111" + "000" + "110" + "110",
  // The end of the block.
  "111111110",
].join("");

/** The last block, which is empty and has the fixed codes. */
const LAST_BLOCK = "1" + "10" + "0000000";

function bytesOfBits(bits: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (let at = 0; at < bits.length; at++) bytes[at >> 3] |= Number(bits[at]) << (at & 7);
  return bytes;
}

describe("a coded body that takes long and decodes to nothing", () => {
  it("is decoded in turns under the default limits", async () => {
    // A multiple of 8 blocks ends at a byte.
    const blocks = bytesOfBits(SLOW_BLOCK.repeat(8));
    const body = joined(...Array(4_400).fill(blocks), bytesOfBits(LAST_BLOCK));
    assertLess(body.length, 1_000_000);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { status, text } = await send(READERS.text, "deflate", body);
    clearInterval(timer);
    assertEquals([status, text], [200, ""]);
    // All at once, it takes 100 ms to 200 ms.
    assertGreater(turns, 4);
  });
});

describe("prepareDecoding()", () => {
  // The same in each run. It begins with neither a member nor padding, after which the two ways differ:
  // what follows padding is ignored at once, and an error in pieces.
  let state = 0x12345678;
  const noise = Uint8Array.from({ length: 40_000 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  const gzip = zlib.gzipSync(noise);
  const deflate = zlib.deflateSync(noise);
  const small = zlib.gzipSync("small");
  const flipped = joined(gzip);
  flipped[20_000] ^= 1;
  const cases: { what: string; coding: "gzip" | "deflate"; body: Uint8Array<ArrayBuffer> }[] = [
    { what: "gzip", coding: "gzip", body: joined(gzip) },
    { what: "two members", coding: "gzip", body: joined(gzip, gzip) },
    { what: "many members", coding: "gzip", body: joined(...Array(5_000).fill(small)) },
    { what: "members and zeros", coding: "gzip", body: joined(gzip, new Uint8Array(40_000)) },
    { what: "rubbish after gzip", coding: "gzip", body: joined(gzip, noise) },
    { what: "one more byte", coding: "gzip", body: joined(gzip, utf8("x")) },
    { what: "a changed byte", coding: "gzip", body: flipped },
    { what: "noise", coding: "gzip", body: noise },
    { what: "deflate", coding: "deflate", body: joined(deflate) },
    { what: "deflate and rubbish", coding: "deflate", body: joined(deflate, noise) },
    { what: "raw deflate", coding: "deflate", body: joined(zlib.deflateRawSync(noise)) },
    { what: "noise", coding: "deflate", body: noise },
    ...[1, 4, 8, 9, 10_000].flatMap((left) =>
      [
        { what: `gzip without ${left} bytes`, coding: "gzip", body: joined(gzip.slice(0, -left)) },
        {
          what: `a second member without ${left} bytes`,
          coding: "gzip",
          body: joined(gzip, gzip.slice(0, -left)),
        },
        {
          what: `deflate without ${left} bytes`,
          coding: "deflate",
          body: joined(deflate.slice(0, -left)),
        },
      ] as const
    ),
  ];
  /** Where the boundaries of pieces and of members meet. */
  const aligned = [16_384, 32_768].flatMap((at) => {
    const bytes = zlib.gzipSync(noise.subarray(0, at - 23), { level: 0 });
    return [gzip, noise, new Uint8Array(40_000)].map((rest) => joined(bytes, rest));
  });
  for (const body of aligned) cases.push({ what: "boundaries that meet", coding: "gzip", body });

  /** Decodes in both ways. Returns the bytes, or the status that the client gets. */
  async function decodeBoth(
    body: Uint8Array<ArrayBuffer>,
    coding: "gzip" | "deflate",
    limit: number,
  ) {
    const both = [await prepareDecoding(body, coding, limit), decodeAtOnce(body, coding, limit)];
    return both.map((decoded) => decoded instanceof HttpError ? decoded.status : decoded);
  }

  for (const { what, coding, body } of cases) {
    it(`makes the same of ${body.length} bytes of ${coding} as decodeAtOnce(): ${what}`, async () => {
      assertGreater(body.length, 30_000);
      const [inTurns, atOnce] = await decodeBoth(body, coding, 1_000_000);
      assertEquals(inTurns, atOnce);
      // A damaged body may also be too large, and then either is an answer.
      if (!(atOnce instanceof Uint8Array)) return;
      for (const limit of [atOnce.length, atOnce.length - 1, 1]) {
        const [inTurns, atOnceLimited] = await decodeBoth(body, coding, limit);
        assertEquals(inTurns, atOnceLimited);
        assertEquals(inTurns, limit === atOnce.length ? atOnce : 413);
      }
    });
  }

  it("decodes a storm of bodies, good, damaged and too large ones, side by side", async () => {
    const bomb = zlib.gzipSync(new Uint8Array(3_000_000));
    const bodies = [...cases.map(({ body }) => body), joined(bomb)];
    const decodeOne = async (number: number) => {
      const body = joined(bodies[number % bodies.length]);
      const decoded = await prepareDecoding(body, "gzip", 2_000_000);
      return decoded instanceof HttpError ? decoded.status : decoded!.length;
    };
    const first = await Promise.all(bodies.map((_, number) => decodeOne(number)));
    const rounds = size(10, 2);
    const all = await Promise.all(
      Array.from({ length: rounds * bodies.length }, (_, number) => decodeOne(number)),
    );
    for (let round = 0; round < rounds; round++) {
      assertEquals(all.slice(round * bodies.length, (round + 1) * bodies.length), first);
    }
    assertEquals(first.at(-1), 413);
  });
});

describe("readContentCoding()", () => {
  const cases: [field: string | null, coding: string][] = [
    [null, "identity"],
    ["", "identity"],
    ["identity", "identity"],
    ["Identity, identity", "identity"],
    ["gzip", "gzip"],
    ["X-GZIP", "gzip"],
    ["deflate", "deflate"],
    ["BR", "br"],
    ["identity, deflate", "deflate"],
    ["gzip;q=1", "unknown"],
    ["gzip gzip", "unknown"],
    ["gzip,gzip", "unknown"],
    ["compress", "unknown"],
    ["__proto__", "unknown"],
    ["*", "unknown"],
  ];
  for (const [field, coding] of cases) {
    it(`reads ${JSON.stringify(field)} as ${coding}`, () => {
      assertEquals(readContentCoding(field), coding);
    });
  }
});

describe("decodeAtOnce()", () => {
  it("gives back what was encoded, or nothing larger than the limit", async () => {
    await prepareDecoding(new Uint8Array(zlib.gzipSync("")), "gzip", 1);
    const encoders = {
      gzip: [zlib.gzipSync],
      deflate: [zlib.deflateSync, zlib.deflateRawSync],
    } as const;
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5_000 }),
        fc.constantFrom("gzip", "deflate"),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 6_000 }),
        (bytes, coding, level, limit) => {
          for (const encode of encoders[coding]) {
            const decoded = decodeAtOnce(encode(bytes, { level }), coding, limit);
            if (decoded instanceof HttpError) {
              assertEquals(decoded.status, 413);
              assertGreater(bytes.length, limit);
            } else assertEquals(decoded, new Uint8Array(bytes));
          }
        },
      ),
    );
  });

  it("takes any bytes for what they are or refuses them, and never fails", async () => {
    await prepareDecoding(new Uint8Array(zlib.gzipSync("")), "gzip", 1);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.constantFrom("gzip", "deflate"),
        (bytes, coding) => {
          const decoded = decodeAtOnce(bytes, coding, 1_000);
          assert(
            decoded instanceof HttpError ? decoded.status === 400 || decoded.status === 413 : true,
          );
        },
      ),
    );
  });
});

/** A module as `deno info --json` describes it. */
interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** The modules that are loaded with `entry`, by their URLs: what it imports, but not while it runs. */
async function modulesLoadedWith(entry: URL): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry.href],
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: ModuleInfo[] };
  const loaded = new Set<string>();
  const load = (specifier: string | undefined) => {
    if (specifier === undefined || loaded.has(specifier)) return;
    loaded.add(specifier);
    const found = modules.find((module) => module.specifier === specifier);
    for (const { code, isDynamic } of found?.dependencies ?? []) {
      if (!isDynamic) load(code?.specifier);
    }
  };
  load(entry.href);
  return loaded;
}

describe("The brotli decoder", { ignore: !canRunDeno }, () => {
  it("is not loaded with the server, but with the first body that needs it", async () => {
    const loaded = await modulesLoadedWith(new URL("../../mod.ts", import.meta.url));
    const named = (part: string) => [...loaded].filter((module) => module.includes(part));
    assertEquals(named("/src/handler/content_coding.ts").length, 1);
    assertEquals(named("/src/handler/brotli/"), []);
  });
});
