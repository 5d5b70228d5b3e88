// Addresses as bytes, and ranges of them: tables of what is read and what is refused, and the
// platform's own URL as the judge of what an IPv6 address is.

import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  AddressRanges,
  formatAddress,
  normalizeAddress,
  parseAddress,
  parseRange,
} from "../../src/net/address_ranges.ts";

/** An address that is one. */
function address(text: string): Uint8Array {
  const bytes = parseAddress(text);
  assert(bytes !== undefined, text);
  return bytes;
}

/** Ranges that are some. */
function ranges(...texts: string[]): AddressRanges {
  return new AddressRanges(texts.map((text) => {
    const outcome = parseRange(text);
    assert(outcome.kind === "range", text);
    return outcome.range;
  }));
}

describe("normalizeAddress()", () => {
  for (
    const [text, normal] of [
      ["192.0.2.1", "192.0.2.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["::FFFF:C000:201", "192.0.2.1"],
      ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
      ["::1", "::1"],
      ["2001:DB8:0:0::7", "2001:db8::7"],
      // IPv4-compatible addresses are another form, and no IPv4 (RFC 4291, section 2.5.5.1).
      ["::192.0.2.1", "::c000:201"],
      ["fe80::1%eth0", "fe80::1%eth0"],
      ["localhost", "localhost"],
      ["", ""],
    ]
  ) {
    it(`normalizeAddress() returns ${JSON.stringify(normal)} for ${JSON.stringify(text)}`, () => {
      assertEquals(normalizeAddress(text), normal);
    });
  }
});

describe("parseAddress()", () => {
  const addresses = [
    { text: "192.0.2.1", bytes: [192, 0, 2, 1] },
    { text: "0.0.0.0", bytes: [0, 0, 0, 0] },
    { text: "255.255.255.255", bytes: [255, 255, 255, 255] },
    { text: "::", bytes: Array(16).fill(0) },
    { text: "::1", bytes: [...Array(15).fill(0), 1] },
    { text: "1::", bytes: [0, 1, ...Array(14).fill(0)] },
    { text: "2001:DB8::a:1", bytes: [0x20, 1, 0xd, 0xb8, ...Array(8).fill(0), 0, 0xa, 0, 1] },
    { text: "1:2:3:4:5:6:7:8", bytes: [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8] },
    { text: "64:ff9b::192.0.2.1", bytes: [0, 0x64, 0xff, 0x9b, ...Array(8).fill(0), 192, 0, 2, 1] },
    { text: "::ffff:192.0.2.1", bytes: [192, 0, 2, 1] },
    { text: "::FFFF:c000:201", bytes: [192, 0, 2, 1] },
    { text: "0:0:0:0:0:ffff:192.0.2.1", bytes: [192, 0, 2, 1] },
  ];
  for (const { text, bytes } of addresses) {
    it(`reads ${text}`, () => {
      assertEquals([...address(text)], bytes);
    });
  }

  const others = [
    "",
    " ",
    "localhost",
    "192.0.2",
    "192.0.2.1.",
    "192.0.2.256",
    "192.0.2.01",
    "0x7f.0.0.1",
    "2130706433",
    "192.0.2.1 ",
    "192.0.2.1:80",
    "192.0.2.1/32",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    ":::",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "g::",
    "[::1]",
    "fe80::1%eth0",
    "::192.0.2.1.5",
    "192.0.2.1::",
    "١.0.2.1",
    ":".repeat(16_384),
    "1.".repeat(8_192),
  ];
  for (const text of others) {
    it(`takes ${JSON.stringify(text.slice(0, 30))} for no address`, () => {
      assertEquals(parseAddress(text), undefined);
    });
  }

  it("and the platform's URL hold the same texts for IPv6 addresses, and for the same ones", () => {
    const group = fc.constantFrom("", "", "0", "1", "ff", "FFFF", "abcd", "00001", "1.2.3.4");
    const text = fc.array(group, { maxLength: 10 }).map((groups) => groups.join(":"));
    fc.assert(fc.property(text, (text) => {
      if (!text.includes(":")) return;
      const url = `http://[${text}]/`;
      const bytes = parseAddress(text);
      // The URL standard lets "::" stand for no group; RFC 4291 does not.
      const isOwnReading = text.split("::").length === 2 && bytes === undefined;
      if (isOwnReading) return;
      assertEquals(bytes !== undefined, URL.canParse(url), text);
      if (bytes?.length !== 16) return;
      assertEquals(`[${formatAddress(bytes)}]`, new URL(url).hostname, text);
    }));
  });
});

describe("formatAddress()", () => {
  const texts = [
    { from: "192.0.2.1", to: "192.0.2.1" },
    { from: "::ffff:192.0.2.1", to: "192.0.2.1" },
    { from: "2001:0DB8:0:0:0:0:0:1", to: "2001:db8::1" },
    { from: "0:0:0:0:0:0:0:0", to: "::" },
    { from: "1:0:0:2:0:0:0:3", to: "1:0:0:2::3" },
    { from: "1:0:0:2:3:0:0:4", to: "1::2:3:0:0:4" },
    { from: "1:2:3:0:4:5:6:7", to: "1:2:3:0:4:5:6:7" },
    { from: "0:0:1::", to: "0:0:1::" },
  ];
  for (const { from, to } of texts) {
    it(`writes ${from} as ${to}`, () => {
      assertEquals(formatAddress(address(from)), to);
    });
  }

  it("writes every address so that parseAddress() reads the same one, of either family", () => {
    const bytes = fc.constantFrom(4, 16).chain((length) =>
      fc.array(fc.oneof(fc.constantFrom(0, 0, 255), fc.nat(255)), {
        minLength: length,
        maxLength: length,
      })
    );
    fc.assert(fc.property(bytes, (bytes) => {
      const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) &&
        bytes[10] === 255 && bytes[11] === 255;
      if (isMapped) return;
      assertEquals([...address(formatAddress(Uint8Array.from(bytes)))], bytes);
    }));
  });
});

describe("parseRange()", () => {
  const wrong = [
    { text: "", why: "neither an IP address nor a range" },
    { text: "/8", why: "neither an IP address nor a range" },
    { text: "example.com/8", why: "neither an IP address nor a range" },
    { text: "10.0.0.0/", why: "from 0 to 32" },
    { text: "10.0.0.0/33", why: "from 0 to 32" },
    { text: "10.0.0.0/08", why: "from 0 to 32" },
    { text: "10.0.0.0/-1", why: "from 0 to 32" },
    { text: "10.0.0.0/8/8", why: "from 0 to 32" },
    { text: "10.0.0.0/255.0.0.0", why: "from 0 to 32" },
    { text: "::/129", why: "from 0 to 128" },
    { text: "::ffff:10.0.0.0/8", why: "from 96 to 128" },
    { text: "10.0.0.1/8", why: '"10.0.0.0/8", the address alone "10.0.0.1"' },
    { text: "0.0.0.1/0", why: '"0.0.0.0/0"' },
    { text: "10.0.0.128/24", why: '"10.0.0.0/24"' },
    { text: "fd00::1/8", why: '"fd00::/8", the address alone "fd00::1"' },
    { text: "::ffff:10.0.0.1/104", why: '"10.0.0.0/8"' },
  ];
  for (const { text, why } of wrong) {
    it(`refuses ${JSON.stringify(text)}, and says why`, () => {
      const outcome = parseRange(text);
      assert(outcome.kind === "wrong");
      assertStringIncludes(outcome.why, why);
      assertStringIncludes(outcome.why, JSON.stringify(text));
    });
  }
});

describe("AddressRanges.includes()", () => {
  const cases = [
    { range: "192.0.2.1", inside: ["192.0.2.1", "::ffff:192.0.2.1"], outside: ["192.0.2.0"] },
    {
      range: "10.0.0.0/8",
      inside: ["10.0.0.0", "10.255.255.255"],
      outside: ["9.255.255.255", "11.0.0.0"],
    },
    {
      range: "172.16.0.0/12",
      inside: ["172.16.0.0", "172.31.255.255"],
      outside: ["172.15.255.255", "172.32.0.0"],
    },
    {
      range: "192.0.2.128/25",
      inside: ["192.0.2.128", "192.0.2.255"],
      outside: ["192.0.2.127", "192.0.3.128"],
    },
    {
      range: "192.0.2.2/31",
      inside: ["192.0.2.2", "192.0.2.3"],
      outside: ["192.0.2.1", "192.0.2.4"],
    },
    { range: "0.0.0.0/0", inside: ["0.0.0.0", "255.255.255.255"], outside: ["::", "::1"] },
    { range: "::/0", inside: ["::", "ffff::"], outside: ["0.0.0.0", "::ffff:1.2.3.4"] },
    { range: "::1", inside: ["::1"], outside: ["::", "::2", "0.0.0.1"] },
    { range: "fe80::/10", inside: ["fe80::1", "febf:ffff::"], outside: ["fec0::", "fe7f::"] },
    { range: "::ffff:10.0.0.0/104", inside: ["10.1.2.3"], outside: ["11.0.0.0", "::a01:203"] },
    { range: "::ffff:0:0/96", inside: ["1.2.3.4"], outside: ["::1"] },
  ];
  for (const { range, inside, outside } of cases) {
    it(`says that ${inside.join(" and ")} are in ${range}, and ${outside.join(" and ")} are not`, () => {
      for (const text of inside) assert(ranges(range).includes(address(text)), text);
      for (const text of outside) assertFalse(ranges(range).includes(address(text)), text);
    });
  }

  it("is true where one of several ranges has the address, and false where there are none", () => {
    assert(ranges("10.0.0.0/8", "::1", "192.0.2.0/24").includes(address("192.0.2.9")));
    assertFalse(ranges("10.0.0.0/8", "::1").includes(address("192.0.2.9")));
    assertFalse(ranges().includes(address("127.0.0.1")));
  });

  it("looks at the bits of the prefix and at no other", () => {
    const some = fc.constantFrom(4, 16).chain((length) =>
      fc.tuple(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.nat(length * 8),
        fc.nat(length * 8 - 1),
      )
    );
    fc.assert(fc.property(some, ([bytes, prefixBits, flipped]) => {
      const other = bytes.slice();
      other[flipped >> 3] ^= 0x80 >> (flipped & 7);
      const one = new AddressRanges([{ address: bytes, prefixBits }]);
      assert(one.includes(bytes));
      assertEquals(one.includes(other), flipped >= prefixBits);
    }));
  });
});
