import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  FIELD_VALUE,
  HEX_VALUE,
  isFieldValue,
  isHost,
  isMediaType,
  isPlainHost,
  isToken,
  isWhiteSpace,
  parseDecimal,
  parseList,
  TARGET,
  TARGET_BACKSLASH,
  TARGET_DOT,
  TARGET_ENCODED_IN_URL,
  TARGET_PERCENT,
  TARGET_PLAIN,
  TARGET_QUERY,
  TOKEN,
} from "../../src/http1/grammar.ts";
import { bytesOf } from "./reading.ts";
import { runs } from "../support/runs.ts";

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);
const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** The characters of a class, written out; how many bytes are in it does not follow from the code that is tested. */
function isOneOf(characters: string, byte: number): boolean {
  return characters.includes(String.fromCharCode(byte));
}

describe("TOKEN", () => {
  it("TOKEN holds the bytes of RFC 9110, section 5.6.2, and no others", () => {
    const expected = BYTES.map((byte) => Number(isOneOf(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`, byte)));
    assertEquals([...TOKEN], expected);
  });
});

describe("FIELD_VALUE", () => {
  it("FIELD_VALUE holds visible bytes, space, tab and obs-text (RFC 9110, section 5.5), and no others", () => {
    const expected = BYTES.map((byte) =>
      Number(byte === 9 || (byte >= 0x20 && byte <= 0x7e) || byte >= 0x80)
    );
    assertEquals([...FIELD_VALUE], expected);
  });
});

describe("HEX_VALUE", () => {
  it("HEX_VALUE holds the digits of both cases, and 255 for all other bytes", () => {
    const expected = BYTES.map((byte) => {
      const character = String.fromCharCode(byte);
      return /^[0-9a-fA-F]$/.test(character) ? Number.parseInt(character, 16) : 255;
    });
    assertEquals([...HEX_VALUE], expected);
  });
});

describe("TARGET", () => {
  const classes: Record<string, number> = {
    "%": TARGET_PERCENT,
    ".": TARGET_DOT,
    "?": TARGET_QUERY,
    "\\": TARGET_BACKSLASH,
    "^": TARGET_ENCODED_IN_URL,
    "`": TARGET_ENCODED_IN_URL,
    "{": TARGET_ENCODED_IN_URL,
    "}": TARGET_ENCODED_IN_URL,
    "'": TARGET_ENCODED_IN_URL,
  };
  const plain = `${ALPHANUMERIC}-_~!$&()*+,;=:@/[]|`;

  it("TARGET holds the characters of a URI, and those that browsers leave as they are", () => {
    const expected = BYTES.map((byte) =>
      classes[String.fromCharCode(byte)] ?? (isOneOf(plain, byte) ? TARGET_PLAIN : 0)
    );
    assertEquals([...TARGET], expected);
  });

  it("TARGET calls no character plain that the platform's URL writes in another way", () => {
    for (const byte of BYTES.filter((byte) => TARGET[byte] === TARGET_PLAIN)) {
      const url = `http://a/x${String.fromCharCode(byte)}x?x${String.fromCharCode(byte)}x`;
      assertEquals(new URL(url).href, url);
    }
  });

  it("TARGET holds every character that the platform's URL leaves in a path or a query", () => {
    for (const byte of BYTES) {
      const character = String.fromCharCode(byte);
      const { pathname, search } = new URL(`http://a/x${character}x?x${character}x`);
      for (const sent of pathname + search) {
        assertEquals(TARGET[sent.charCodeAt(0)] === 0, false, JSON.stringify(sent));
      }
    }
  });
});

describe("isMediaType()", () => {
  it("isMediaType() takes two tokens around a slash, and nothing else", () => {
    const valid = ["text/plain", "image/svg+xml", "a/b", "Application/vnd.a-b"];
    const invalid = ["", "/", "text", "text/", "/plain", "a/b/c", "a/b;c", "a/ b", "a /b", "a/b\n"];
    assertEquals([...valid, ...invalid].filter(isMediaType), valid);
  });
});

describe("isToken()", () => {
  it("isToken() takes each byte of TOKEN, and nothing else", () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      assertEquals(isToken(character), TOKEN[code] === 1, JSON.stringify(character));
      assertEquals(isToken(`a${character}b`), TOKEN[code] === 1, JSON.stringify(character));
    }
  });

  it("isToken() refuses the empty text, and a token with a line end", () => {
    assertEquals(["", "a\n", "\na", "a\r\n", "a b"].filter(isToken), []);
  });
});

describe("isFieldValue()", () => {
  it("isFieldValue() takes each byte of FIELD_VALUE, and nothing else", () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      assertEquals(isFieldValue(character), FIELD_VALUE[code] === 1, JSON.stringify(character));
      assertEquals(
        isFieldValue(`a${character}b`),
        FIELD_VALUE[code] === 1,
        JSON.stringify(character),
      );
    }
  });

  it("isFieldValue() takes the empty value, and refuses what does not fit a byte", () => {
    assertEquals(isFieldValue(""), true);
    assertEquals(["\u0100", "\u2028", "\ud800", "😀", "a\n", "a\r\nb"].filter(isFieldValue), []);
  });
});

describe("isWhiteSpace()", () => {
  it("isWhiteSpace() takes space and tab, and nothing else (RFC 9110, section 5.6.3)", () => {
    assertEquals(BYTES.filter(isWhiteSpace), [9, 32]);
  });
});

describe("parseDecimal()", () => {
  const numbers: [text: string, value: number][] = [
    ["0", 0],
    ["00", 0],
    ["7", 7],
    ["0007", 7],
    ["1000000", 1_000_000],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["0009007199254740991", Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, value] of numbers) {
    it(`parseDecimal() reads ${JSON.stringify(text)} as ${value}`, () => {
      assertEquals(parseDecimal(text), value);
    });
  }

  const others = [
    ..."| |+1|-1|-0| 1|1 |1\n|\t1|1,1|1.0|1.|.1|1e1|0x1|1n|1_0|a|NaN|Infinity|\u0661|\u00b2|\uff11|\u00a01"
      .split("|"),
  ];
  for (const text of others) {
    it(`parseDecimal() does not read ${JSON.stringify(text)}`, () => {
      assertEquals(parseDecimal(text), undefined);
    });
  }

  it("parseDecimal() reads what a whole number is written as", () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => {
      assertEquals(parseDecimal(String(value)), value);
    }));
  });

  it("parseDecimal() gives no number that is not exactly the one that was written", () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (value) => {
      const parsed = parseDecimal(String(value));
      if (value <= BigInt(Number.MAX_SAFE_INTEGER)) assertEquals(parsed, Number(value));
      else assertEquals(parsed === undefined || !Number.isSafeInteger(parsed), true);
    }));
  });
});

describe("parseList()", () => {
  const lists: [text: string, elements: string[]][] = [
    ["", [""]],
    ["a", ["a"]],
    ["Close", ["close"]],
    ["a,b", ["a", "b"]],
    [" a , b ", ["a", "b"]],
    ["\ta\t,\t b \t", ["a", "b"]],
    ["a b,c", ["a b", "c"]],
    [",a,,b,", ["", "a", "", "b", ""]],
    [" , ", ["", ""]],
    ["\u00a0a\u00a0", ["\u00a0a\u00a0"]],
    ["\u0085a, \u000bb\u000c", ["\u0085a", "\u000bb\u000c"]],
    ["\u00c9", ["\u00e9"]],
  ];
  for (const [text, elements] of lists) {
    it(`parseList() reads ${JSON.stringify(text)} as ${JSON.stringify(elements)}`, () => {
      assertEquals(parseList(text), elements);
    });
  }

  it("parseList() needs no more than a moment for thousands of spaces", () => {
    assertEquals(parseList(`a${" ".repeat(100_000)}b,${" ".repeat(100_000)}c`).at(-1), "c");
  });

  it("parseList() reads what a list is written as, whatever white space is around its elements", () => {
    const whiteSpace = fc.string({ unit: fc.constantFrom(" ", "\t"), maxLength: 3 });
    const element = fc.string({ unit: fc.constantFrom(..."abc-\u00a0;="), maxLength: 5 });
    const elements = fc.array(fc.tuple(whiteSpace, element, whiteSpace), { minLength: 1 });
    fc.assert(fc.property(elements, (parts) => {
      const text = parts.map((part) => part.join("")).join(",");
      assertEquals(parseList(text), parts.map(([, name]) => name));
    }));
  });
});

describe("isHost()", () => {
  const hosts = [
    "a",
    "example.com",
    "EXAMPLE.com.",
    "a:80",
    "a:",
    "a:0",
    "a:65535",
    "a:000000065535",
    "1",
    "127.0.0.1",
    "1.2.3.4:5",
    "999.999.999.999",
    "a_b",
    "-",
    "~",
    "!$&'()*+;=",
    "%41",
    "a%2Cb",
    "a%C3%A9b:80",
    "[::1]:",
    "[::1]:65535",
  ];
  for (const host of hosts) {
    it(`isHost() takes ${JSON.stringify(host)}`, () => assertEquals(isHost(host), true));
  }

  const others = [
    "",
    " ",
    ":",
    ":80",
    "a:b",
    "a:80:",
    "a:65536",
    "a:1e3",
    "a: 80",
    "a:80 ",
    " a",
    "a\n",
    "a:80\n",
    "a b",
    "a/",
    "a@b",
    "a,b",
    "a,",
    ",a",
    ",",
    "a,b:80",
    "a:80,b:80",
    "a:80,",
    "[::1],a",
    "a?",
    "a#",
    "a\\",
    "a|b",
    "a%",
    "a%4",
    "a%4g",
    "é",
    "\u017f",
    "\u212a",
    "[",
    "]",
    "[]",
    "[a]",
    "[::1",
    "::1]",
    "[::1]a",
    "[::1][::1]",
    "[[::1]]",
    "a[::1]",
    "[::1]:80:80",
    "[::1]:a",
    "[::1]:65536",
  ];
  for (const host of others) {
    it(`isHost() refuses ${JSON.stringify(host)}`, () => assertEquals(isHost(host), false));
  }
});

describe("isPlainHost()", () => {
  const hosts: [host: string, isPlain: boolean][] = [
    ["a", true],
    ["example.com:8000", true],
    ["127.0.0.1:80", true],
    ["a:", true],
    ["a:9999", true],
    ["a:65535", true],
    ["a:65536", false],
    ["a:99999", false],
    ["a:000080", false],
    ["a:b", false],
    ["a:8:8", false],
    ["", false],
    [":80", false],
    ["a b", false],
    ["a/b", false],
    ["user@a", false],
    ["a,b", false],
    ["a,", false],
    ["[::1]", false],
    ["caf%C3%A9", false],
    ["caf\xe9", false],
  ];
  for (const [host, isPlain] of hosts) {
    it(`isPlainHost() is ${isPlain} for ${JSON.stringify(host)}`, () => {
      const bytes = bytesOf(`:/${host}/:`);
      assertEquals(isPlainHost(bytes, 2, 2 + host.length), isPlain);
    });
  }

  it("isPlainHost() takes nothing that isHost() refuses", () => {
    const unit = fc.oneof(
      { arbitrary: fc.constantFrom(..."aZ09-._~:"), weight: 4 },
      { arbitrary: fc.nat(255).map((code) => String.fromCharCode(code)), weight: 1 },
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 9 }), (host) => {
        const bytes = bytesOf(host);
        assertEquals(isPlainHost(bytes, 0, bytes.length) && !isHost(host), false);
      }),
      { numRuns: runs(2_000) },
    );
  });
});

describe("isHost() and IPv6 addresses (RFC 3986, section 3.2.2; RFC 4291, section 2.2)", () => {
  const addresses = [
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "0001:0002:0003:0004:0005:0006:0007:0008",
    "abcd:ef01:ABCD:EF01::",
    "1::8",
    "1:2::7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3::5:6:7:8",
    "2001:db8::1",
    "::ffff:192.0.2.1",
    "::192.0.2.1",
    "::255.255.255.255",
    "::0.0.0.0",
    "::250.249.199.99",
    "::200.100.10.1",
    "64:ff9b::192.0.2.33",
    "1:2:3:4:5:6:192.0.2.1",
    "1::6:192.0.2.1",
    "1:2:3:4:5::192.0.2.1",
  ];
  for (const address of addresses) {
    it(`isHost() takes [${address}]`, () => assertEquals(isHost(`[${address}]`), true));
  }

  const others = [
    ":",
    ":::",
    "1",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:",
    ":2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "1::2::3",
    ":::1",
    "1:::2",
    "12345::",
    "::g",
    "::-1",
    "::1 ",
    " ::1",
    "1.2.3.4",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.",
    "::.1.2.3",
    "::256.1.1.1",
    "::260.1.1.1",
    "::300.1.1.1",
    "::1000.1.1.1",
    "::1.2.3.04",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4",
    "::1%1",
    "fe80::1%25eth0",
    "v1.a",
  ];
  for (const address of others) {
    it(`isHost() refuses [${address}]`, () => assertEquals(isHost(`[${address}]`), false));
  }

  it("isHost() takes those that the platform's URL takes, and no others", () => {
    const parts = ["0", "1", "ffff", "00a0", "12345", "g", "1.2.3.4", "256.0.0.1", "1.2.3", ""];
    const part = fc.oneof({ arbitrary: fc.constantFrom("0", "ab"), weight: 6 }, {
      arbitrary: fc.constantFrom(...parts),
      weight: 2,
    });
    const separator = fc.oneof({ arbitrary: fc.constant(":"), weight: 8 }, {
      arbitrary: fc.constantFrom("::", ".", ":::"),
      weight: 2,
    });
    const address = fc.array(fc.tuple(part, separator), { maxLength: 10 }).chain((pairs) =>
      part.map((last) => pairs.flat().join("") + last)
    );
    fc.assert(
      fc.property(address, (text) => {
        assertEquals(isHost(`[${text}]`), URL.canParse(`http://[${text}]/`), text);
      }),
      { numRuns: runs(2_000) },
    );
  });
});
