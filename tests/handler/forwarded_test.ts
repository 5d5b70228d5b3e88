// What is believed of X-Forwarded-* and Forwarded: tables of header text and trusted ranges, and sentences that hold whatever comes.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { size } from "../support/runs.ts";
import fc from "fast-check";
import { AddressRanges, parseRange } from "../../src/net/address_ranges.ts";
import { type Fields, readForwarded, type Told } from "../../src/handler/forwarded.ts";

/** The front end that the client speaks to, one behind it in the middle, and clients. */
const FRONT = "10.0.0.1";
const MIDDLE = "10.0.0.2";
const CLIENT = "192.0.2.7";
const FORGED = "198.51.100.66";

function trusting(...texts: string[]): AddressRanges {
  return new AddressRanges(texts.map((text) => {
    const outcome = parseRange(text);
    assert(outcome.kind === "range", text);
    return outcome.range;
  }));
}

const TRUST = trusting("10.0.0.0/8", "fd00::/8");

/** Fields by their names in lower case. */
function fieldsOf(fields: Record<string, string>): Fields {
  return { header: (name) => fields[name.toLowerCase()] ?? null };
}

function read(fields: Record<string, string>, peer = FRONT, trust = TRUST): Told {
  return readForwarded(fieldsOf(fields), peer, trust);
}

/** What is told where nothing is. */
const NOTHING: Told = { kind: "told", client: undefined, scheme: undefined, host: undefined };

/** A client as text: with its port, where that is known. */
function clientOf(told: Told): string | undefined {
  if (told.kind !== "told" || told.client === undefined) return undefined;
  const { hostname, port } = told.client;
  return port === 0 ? hostname : `${hostname} ${port}`;
}

/** As much as a head has by default. */
const LARGE = 16 * 1_024;

describe("readForwarded() of a peer that is not trusted", () => {
  const lies = {
    "x-forwarded-for": FORGED,
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
  };
  for (
    const peer of [
      CLIENT,
      "11.0.0.1",
      "::1",
      "fe00::1",
      "::10.0.0.1",
      "",
      "unknown",
      "fe80::1%eth0",
    ]
  ) {
    it(`tells nothing, as of ${JSON.stringify(peer)}`, () => {
      assertEquals(read(lies, peer), NOTHING);
      assertEquals(
        read({ forwarded: `for=${FORGED};proto=https;host=evil.example` }, peer),
        NOTHING,
      );
    });
  }

  it("is no conflict either, whatever it sends", () => {
    assertEquals(read({ ...lies, forwarded: `for=${FORGED}` }, CLIENT), NOTHING);
  });

  it("is the case for everybody where the ranges are none", () => {
    assertEquals(read(lies, "127.0.0.1", trusting()), NOTHING);
  });

  it("does not even read the fields", () => {
    const fields: Fields = {
      header: () => {
        throw new Error("It was read");
      },
    };
    assertEquals(readForwarded(fields, CLIENT, TRUST), NOTHING);
  });
});

describe("readForwarded() of X-Forwarded-For from a trusted peer", () => {
  const cases: { what: string; list: string; client?: string; peer?: string }[] = [
    { what: "is the one address", list: CLIENT, client: CLIENT },
    { what: "is the last one that is not trusted", list: `${FORGED}, ${CLIENT}`, client: CLIENT },
    {
      what: "is found behind front ends that are trusted",
      list: `${FORGED}, ${CLIENT}, ${MIDDLE}`,
      client: CLIENT,
    },
    {
      what: "is the first one where all are trusted",
      list: `10.3.3.3,${MIDDLE}`,
      client: "10.3.3.3",
    },
    {
      what: "is nobody where the last one is nobody",
      list: `${FORGED}, unknown`,
      client: undefined,
    },
    {
      what: "is the front end that was told of nobody",
      list: `${FORGED}, unknown, ${MIDDLE}`,
      client: MIDDLE,
    },
    { what: "is nobody in an empty field", list: "", client: undefined },
    { what: "is nobody in an empty last element", list: `${FORGED}, `, client: undefined },
    { what: "is nobody in commas", list: ",,,", client: undefined },
    { what: "is nobody in what is no address", list: "client.example", client: undefined },
    { what: "is nobody in what looks like one", list: "192.0.2.256", client: undefined },
    { what: "is nobody in an address with octal numbers", list: "0300.0.2.7", client: undefined },
    {
      what: "is nobody in two addresses without a comma",
      list: `${FORGED} ${CLIENT}`,
      client: undefined,
    },
    { what: "is nobody in a quoted address", list: `"${CLIENT}"`, client: undefined },
    { what: "is nobody in a range", list: `${CLIENT}/32`, client: undefined },
    { what: "is nobody in an IPv6 address with a zone", list: "fe80::1%eth0", client: undefined },
    { what: "has its port", list: `${CLIENT}:4711`, client: `${CLIENT} 4711` },
    { what: "is nobody where the port is none", list: `${CLIENT}:65536`, client: undefined },
    { what: "is nobody where the port is missing", list: `${CLIENT}:`, client: undefined },
    { what: "is IPv6 without brackets", list: "2001:db8::7", client: "2001:db8::7" },
    { what: "is IPv6 in brackets", list: "[2001:DB8:0::7]", client: "2001:db8::7" },
    { what: "is IPv6 with a port", list: "[2001:db8::7]:4711", client: "2001:db8::7 4711" },
    { what: "is nobody in IPv4 in brackets", list: `[${CLIENT}]`, client: undefined },
    { what: "is IPv4 where it comes mapped", list: `::ffff:${CLIENT}`, client: CLIENT },
    {
      what: "is found behind a front end whose address comes mapped",
      list: `${CLIENT}, ::ffff:${MIDDLE}`,
      client: CLIENT,
    },
    { what: "is found behind a front end of IPv6", list: `${CLIENT}, fd00::2`, client: CLIENT },
    {
      what: "is found by a peer whose address comes mapped",
      list: CLIENT,
      client: CLIENT,
      peer: `::ffff:${FRONT}`,
    },
    {
      what: "is found through tabs and spaces",
      list: ` ${FORGED} ,\t ${CLIENT} \t`,
      client: CLIENT,
    },
    {
      what: "is nobody behind a no-break space",
      list: `${FORGED},\xa0${CLIENT}`,
      client: undefined,
    },
  ];
  for (const { what, list, client, peer } of cases) {
    it(`the client ${what}: ${JSON.stringify(list)}`, () => {
      assertEquals(clientOf(read({ "x-forwarded-for": list }, peer)), client);
    });
  }

  it("follows no more than a hundred front ends", () => {
    const list = [CLIENT, ...Array(100).fill(MIDDLE)].join(",");
    assertEquals(clientOf(read({ "x-forwarded-for": list })), MIDDLE);
    const shorter = [CLIENT, ...Array(99).fill(MIDDLE)].join(",");
    assertEquals(clientOf(read({ "x-forwarded-for": shorter })), CLIENT);
  });
});

describe("readForwarded() of X-Forwarded-Proto and -Host from a trusted peer", () => {
  const schemes: { text: string; scheme?: string }[] = [
    { text: "https", scheme: "https" },
    { text: "http", scheme: "http" },
    { text: "HTTPS", scheme: "https" },
    { text: "https, http", scheme: "http" },
    { text: "http,https", scheme: "https" },
    { text: "https, ", scheme: undefined },
    { text: "", scheme: undefined },
    { text: "wss", scheme: undefined },
    { text: "https:", scheme: undefined },
    { text: "javascript", scheme: undefined },
    { text: "on", scheme: undefined },
  ];
  for (const { text, scheme } of schemes) {
    it(`the scheme is ${scheme} in ${JSON.stringify(text)}`, () => {
      const told = read({ "x-forwarded-proto": text });
      assertEquals(told, { ...NOTHING, scheme } as Told);
    });
  }

  const hosts: { text: string; host?: string }[] = [
    { text: "public.example", host: "public.example" },
    { text: "public.example:8443", host: "public.example:8443" },
    { text: "[2001:db8::1]:80", host: "[2001:db8::1]:80" },
    { text: "evil.example, public.example", host: "public.example" },
    { text: "evil.example,", host: undefined },
    { text: "", host: undefined },
    { text: "public.example/path", host: undefined },
    { text: "user@public.example", host: undefined },
    { text: "public.example:80:80", host: undefined },
    { text: "public.example:65536", host: undefined },
    { text: "a b", host: undefined },
    { text: "a\\b", host: undefined },
    { text: '"a"', host: undefined },
    { text: "<script>", host: undefined },
    { text: "[::1", host: undefined },
    { text: ":80", host: undefined },
  ];
  for (const { text, host } of hosts) {
    it(`the host is ${host} in ${JSON.stringify(text)}`, () => {
      assertEquals(read({ "x-forwarded-host": text }), { ...NOTHING, host } as Told);
    });
  }

  it("the three fields are read each on its own", () => {
    const fields = {
      "x-forwarded-for": "unknown",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "?",
    };
    assertEquals(read(fields), { ...NOTHING, scheme: "https" });
  });
});

describe("readForwarded() of Forwarded from a trusted peer", () => {
  const cases: { what: string; list: string; told: string }[] = [
    {
      what: "all that one element says",
      list: "for=192.0.2.7;proto=https;host=public.example",
      told: "192.0.2.7 https public.example",
    },
    {
      what: "names and scheme in any case",
      list: "For=192.0.2.7;PROTO=HTTPS;Host=a.example",
      told: "192.0.2.7 https a.example",
    },
    {
      what: "quoted values",
      list: 'for="[2001:db8::7]:4711";host="a.example:80"',
      told: "2001:db8::7 4711 - a.example:80",
    },
    {
      what: "escapes in quoted values",
      list: 'for="192.0.\\2.7";host="\\a"',
      told: "192.0.2.7 - a",
    },
    {
      what: "what should have been quoted and is not",
      list: "for=[2001:db8::7]:4711",
      told: "2001:db8::7 4711 - -",
    },
    {
      what: "spaces around pairs and empty pairs",
      list: " ;for=192.0.2.7 ; ; proto=http; ",
      told: "192.0.2.7 http -",
    },
    {
      what: "parameters that nobody knows, beside",
      list: 'by="a;b,c";for=192.0.2.7;x-y=z',
      told: "192.0.2.7 - -",
    },
    {
      what: "an address whose port is obfuscated",
      list: 'for="192.0.2.7:_hidden"',
      told: "192.0.2.7 - -",
    },
    {
      what: "the last element alone where its client is not trusted",
      list: "for=198.51.100.66;proto=https;host=evil.example, for=192.0.2.7",
      told: "192.0.2.7 - -",
    },
    {
      what: "elements through trusted ones",
      list:
        "for=198.51.100.66;host=evil.example, for=192.0.2.7;proto=https;host=a.example, for=10.0.0.2;proto=http;host=inner",
      told: "192.0.2.7 https a.example",
    },
    {
      what: "of scheme and host what is nearest to the client",
      list: "for=192.0.2.7, for=10.0.0.2;proto=https;host=a.example",
      told: "192.0.2.7 https a.example",
    },
    {
      what: "no further than a client that is nobody",
      list: "for=198.51.100.66, for=unknown;proto=https",
      told: "- https -",
    },
    {
      what: "no further than a client with a made-up name",
      list: "for=198.51.100.66;proto=https, for=_hidden;host=a",
      told: "- - a",
    },
    {
      what: "no further than an element without a client",
      list: "for=198.51.100.66;host=evil.example, proto=https",
      told: "- https -",
    },
    { what: "no further than an empty element", list: "for=198.51.100.66, ", told: "- - -" },
    {
      what: "no further than a malformed one",
      list: "for=198.51.100.66, for=192.0.2.7;proto",
      told: "- - -",
    },
    {
      what: "nothing of an element that says something twice",
      list: "for=198.51.100.66;for=192.0.2.7",
      told: "- - -",
    },
    {
      what: "nothing of a pair with spaces around its sign",
      list: "for = 192.0.2.7",
      told: "- - -",
    },
    {
      what: "nothing of a quoted value with something behind it",
      list: 'for="192.0.2.7"x',
      told: "- - -",
    },
    { what: "nothing of a quote that is open", list: 'for="192.0.2.7', told: "- - -" },
    {
      what: "nothing of a name that is no token",
      list: "f(r=192.0.2.7;proto=https",
      told: "- - -",
    },
    {
      what: "past a quote that the client has left open",
      list: 'for="198.51.100.66, for=192.0.2.7;proto=https',
      told: "192.0.2.7 https -",
    },
    {
      what: "past a quote that the client has left open, to one of its own",
      list: 'x=", for="[2001:db8::7]";proto=https',
      told: "2001:db8::7 https -",
    },
    {
      what: "past a backslash that the client has left",
      list: 'x="\\, for="192.0.2.7"',
      told: "192.0.2.7 - -",
    },
    {
      what: "a comma in a quoted value as no end of an element",
      list: 'for=192.0.2.7;x=", for=198.51.100.66"',
      told: "192.0.2.7 - -",
    },
    {
      what: "an escaped quote as no end of a value",
      list: 'for=192.0.2.7;x="\\", for=198.51.100.66"',
      told: "192.0.2.7 - -",
    },
    {
      what: "an escaped backslash before the end of a value",
      list: 'for=198.51.100.66, for=192.0.2.7;x="a,\\\\"',
      told: "192.0.2.7 - -",
    },
    {
      what: "no scheme and no host that are none",
      list: "for=192.0.2.7;proto=gopher;host=a/b",
      told: "192.0.2.7 - -",
    },
    { what: "nothing in an empty field", list: "", told: "- - -" },
  ];
  for (const { what, list, told } of cases) {
    it(`reads ${what}: ${JSON.stringify(list)}`, () => {
      const outcome = read({ forwarded: list });
      assert(outcome.kind === "told");
      const { scheme = "-", host = "-" } = outcome;
      assertEquals(`${clientOf(outcome) ?? "-"} ${scheme} ${host}`, told);
    });
  }
});

describe("readForwarded() of both kinds from a trusted peer", () => {
  const conflicts: { what: string; fields: Record<string, string>; named: string[] }[] = [
    {
      what: "name different clients",
      fields: { "forwarded": `for=${FORGED}`, "x-forwarded-for": CLIENT },
      named: ["X-Forwarded-For"],
    },
    {
      what: "name a client in X-Forwarded-For alone, and Forwarded is empty",
      fields: { "forwarded": "", "x-forwarded-for": CLIENT },
      named: ["X-Forwarded-For"],
    },
    {
      what: "name a client in Forwarded alone, and X-Forwarded-For is empty",
      fields: { "forwarded": `for=${FORGED}`, "x-forwarded-for": "" },
      named: ["X-Forwarded-For"],
    },
    {
      what: "name a client in Forwarded alone, beside a scheme and a host",
      fields: {
        "forwarded": `for=${FORGED}`,
        "x-forwarded-proto": "https",
        "x-forwarded-host": "public.example",
      },
      named: ["X-Forwarded-Proto", "X-Forwarded-Host"],
    },
    {
      what: "name a client whom a front end of the other kind does not know",
      fields: { "forwarded": "for=unknown;proto=https", "x-forwarded-for": FORGED },
      named: ["X-Forwarded-For"],
    },
  ];
  for (const { what, fields, named } of conflicts) {
    it(`readForwarded() finds a conflict where the kinds ${what}`, () => {
      assertEquals(read(fields), { kind: "conflict", fields: ["Forwarded", ...named] });
    });
  }

  const client = { hostname: CLIENT, port: 0 };
  const agreements: { what: string; fields: Record<string, string>; told: Partial<Told> }[] = [
    {
      what: "all that both kinds say, as OpenShift's router writes it behind forged lists",
      fields: {
        "forwarded":
          `for=${FORGED};host=evil.example;proto=http, for=${CLIENT};host=public.example;proto=https`,
        "x-forwarded-for": `${FORGED}, ${CLIENT}`,
        "x-forwarded-proto": "http, https",
        "x-forwarded-host": "evil.example, public.example",
      },
      told: { client, scheme: "https", host: "public.example" },
    },
    {
      what: "no host and no scheme that only X-Forwarded-* gives",
      fields: {
        "forwarded": `for=${CLIENT}`,
        "x-forwarded-for": CLIENT,
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
      },
      told: { client },
    },
    {
      what: "no host and no scheme that only Forwarded gives",
      fields: {
        "forwarded": `for=${CLIENT};proto=https;host=evil.example`,
        "x-forwarded-for": CLIENT,
      },
      told: { client },
    },
    {
      what: "no host and no scheme that differ",
      fields: {
        "forwarded": `for=${CLIENT};proto=https;host=evil.example`,
        "x-forwarded-for": CLIENT,
        "x-forwarded-proto": "http",
        "x-forwarded-host": "public.example",
      },
      told: { client },
    },
    {
      what: "no port that only one kind gives",
      fields: { "forwarded": `for="${CLIENT}:4711"`, "x-forwarded-for": CLIENT },
      told: { client },
    },
    {
      what: "a port that both kinds give",
      fields: { "forwarded": `for="${CLIENT}:4711"`, "x-forwarded-for": `${CLIENT}:4711` },
      told: { client: { hostname: CLIENT, port: 4711 } },
    },
    {
      what: "one client in two texts of one IPv6 address",
      fields: { "forwarded": 'for="[2001:DB8:0::7]"', "x-forwarded-for": "2001:db8::7" },
      told: { client: { hostname: "2001:db8::7", port: 0 } },
    },
    {
      what: "a scheme that both kinds give where neither names a client",
      fields: { "forwarded": "proto=https", "x-forwarded-proto": "https" },
      told: { scheme: "https" },
    },
  ];
  for (const { what, fields, told } of agreements) {
    it(`readForwarded() tells ${what}`, () => {
      assertEquals(read(fields), { ...NOTHING, ...told } as Told);
    });
  }
});

describe("readForwarded() with the kind that the front end writes", () => {
  const both = {
    "forwarded": `for=${CLIENT};proto=https;host=public.example`,
    "x-forwarded-for": FORGED,
    "x-forwarded-proto": "http",
    "x-forwarded-host": "evil.example",
  };
  const { forwarded, ...xFields } = both;

  it("readForwarded() reads Forwarded alone where forwardedBy names it", () => {
    const told = readForwarded(fieldsOf(both), FRONT, TRUST, "forwarded");
    assertEquals(told, read({ forwarded }));
    assertEquals(clientOf(told), CLIENT);
  });

  it("readForwarded() reads X-Forwarded-* alone where forwardedBy names it", () => {
    const told = readForwarded(fieldsOf(both), FRONT, TRUST, "x-forwarded");
    assertEquals(told, read(xFields));
    assertEquals(clientOf(told), FORGED);
  });

  it("readForwarded() tells nothing of fields of the other kind alone", () => {
    assertEquals(readForwarded(fieldsOf(xFields), FRONT, TRUST, "forwarded"), NOTHING);
    assertEquals(readForwarded(fieldsOf({ forwarded }), FRONT, TRUST, "x-forwarded"), NOTHING);
  });

  it("readForwarded() trusts no other peer for it", () => {
    assertEquals(readForwarded(fieldsOf(both), CLIENT, TRUST, "forwarded"), NOTHING);
  });
});

/** Text as it may stand in a header field. */
const anything = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.array(
    fc.constantFrom(
      ...[
        ",",
        ", ",
        ";",
        '"',
        "\\",
        "=",
        " ",
        "\t",
        "for=",
        "For=",
        "proto=",
        "host=",
        "unknown",
        "_x",
        "http",
        "https",
      ],
      ...[
        "evil.example",
        FORGED,
        CLIENT,
        FRONT,
        MIDDLE,
        "[",
        "]",
        ":",
        "::1",
        "[fd00::1]",
        "[2001:db8::1]:80",
        "%",
        "\xa0",
        "\xff",
      ],
    ),
    { maxLength: 30 },
  ).map((parts) => parts.join("")),
);

/** A client whom nobody trusts, as front ends write it. */
const untrusted = fc.oneof(
  fc.ipV4().filter((text) => !text.startsWith("10.")),
  fc.constantFrom("2001:db8::7", "fe80::1", "::1"),
);

const someFields = fc.dictionary(
  fc.constantFrom("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"),
  anything,
);

/** The fields of each kind that a client may send. */
const someForwarded = fc.record({ forwarded: anything });
const someXFields = fc.dictionary(
  fc.constantFrom("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"),
  anything,
);

describe("readForwarded() where the front end appends to one kind and passes on the other", () => {
  const own = {
    kind: "told",
    client: { hostname: CLIENT, port: 0 },
    scheme: "https",
    host: "public.example",
  } as const;
  const ownElement = `for=${CLIENT};proto=https;host=public.example`;
  const ownXFields = {
    "x-forwarded-for": CLIENT,
    "x-forwarded-proto": "https",
    "x-forwarded-host": "public.example",
  };
  const appended = (sent: Record<string, string>, written: Record<string, string>) => ({
    ...sent,
    ...Object.fromEntries(
      Object.entries(written).map(([name, value]) => [
        name,
        name in sent ? `${sent[name]}, ${value}` : value,
      ]),
    ),
  });

  it("readForwarded() tells the client, scheme and host of Forwarded, whatever the client sends of either kind", () => {
    fc.assert(fc.property(someFields, (sent) => {
      const fields = fieldsOf(appended(sent, { forwarded: ownElement }));
      assertEquals(readForwarded(fields, FRONT, TRUST, "forwarded"), own);
    }));
  });

  it("readForwarded() tells the client, scheme and host of X-Forwarded-*, whatever the client sends of either kind", () => {
    fc.assert(fc.property(someFields, (sent) => {
      const fields = fieldsOf(appended(sent, ownXFields));
      assertEquals(readForwarded(fields, FRONT, TRUST, "x-forwarded"), own);
    }));
  });

  it("readForwarded() without forwardedBy tells no other client, scheme or host than the front end's", () => {
    const written = fc.constantFrom<Record<string, string>>({ forwarded: ownElement }, ownXFields);
    const sameClient = fc.record({ "forwarded": fc.constant(`for=${CLIENT}`) });
    const sent = fc.oneof(
      someFields,
      // Clients that know their own address, and so can have both kinds agree.
      fc.tuple(sameClient, someXFields).map(([one, other]) => ({ ...other, ...one })),
      fc.tuple(someForwarded, someXFields).map(([one, other]) => ({
        ...one,
        ...other,
        "x-forwarded-for": CLIENT,
      })),
    );
    fc.assert(fc.property(sent, written, (sent, written) => {
      const told = read(appended(sent, written));
      if (told.kind === "conflict") return;
      assertEquals(told.client, own.client);
      assert(told.scheme === undefined || told.scheme === own.scheme);
      assert(told.host === undefined || told.host === own.host);
    }));
  });
});

describe("readForwarded()", () => {
  it("tells nothing of whatever an untrusted peer sends", () => {
    fc.assert(fc.property(someFields, untrusted, (fields, peer) => {
      assertEquals(read(fields, peer), NOTHING);
    }));
  });

  it("tells the client that a trusted front end appends to X-Forwarded-For, whatever stands before", () => {
    const between = fc.array(fc.constantFrom(MIDDLE, "fd00::9", `::ffff:${FRONT}`), {
      maxLength: 3,
    });
    fc.assert(fc.property(anything, untrusted, between, (lie, client, between) => {
      const list = [lie, client, ...between].join(", ");
      assertEquals(clientOf(read({ "x-forwarded-for": list })), client);
    }));
  });

  it("tells the client, scheme and host that a trusted front end appends to Forwarded, whatever stands before", () => {
    const isQuoted = fc.boolean();
    const between = fc.array(fc.constantFrom(`for=${MIDDLE}`, 'for="[fd00::9]:80"'), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(anything, untrusted, isQuoted, between, (lie, client, isQuoted, between) => {
        const node = client.includes(":") ? `"[${client}]"` : isQuoted ? `"${client}"` : client;
        const own = `for=${node};proto=https;host=${isQuoted ? '"a.example"' : "a.example"}`;
        const told = read({ forwarded: [lie, own, ...between].join(", ") });
        assertEquals(told, {
          kind: "told",
          client: { hostname: client, port: 0 },
          scheme: "https",
          host: "a.example",
        });
      }),
    );
  });

  it("tells the last scheme and the last host, whatever stands before", () => {
    fc.assert(fc.property(anything, (lie) => {
      const told = read({
        "x-forwarded-for": `${lie}, ${CLIENT}`,
        "x-forwarded-proto": `${lie}, http`,
        "x-forwarded-host": `${lie}, public.example`,
      });
      const client = { hostname: CLIENT, port: 0 };
      assertEquals(told, { kind: "told", client, scheme: "http", host: "public.example" });
    }));
  });

  it("never throws, and tells nothing but an address, a port, a scheme and a host", () => {
    fc.assert(fc.property(someFields, (fields) => {
      const told = read(fields);
      if (told.kind === "conflict") return;
      if (told.client !== undefined) {
        assert(/^[0-9a-f.:]+$/.test(told.client.hostname));
        assert(told.client.port >= 0 && told.client.port <= 65_535);
      }
      assert(told.scheme === undefined || told.scheme === "http" || told.scheme === "https");
      assert(told.host === undefined || !/[\s"\\/@<>?#]/.test(told.host));
    }));
  });

  const pieces = [
    ...[
      ",",
      ";",
      '"',
      "\\",
      '\\"',
      '"\\',
      " ",
      "\t",
      "=",
      "[",
      ":",
      "[:",
      "]",
      "0",
      "a",
      "1.",
      "::",
      "%41",
      "\xff",
      ", ;",
    ],
    ...[
      MIDDLE + ",",
      "for=",
      `for=${MIDDLE},`,
      `for="${MIDDLE}",`,
      'a="',
      '"",',
      "a=b;",
      "a=;",
      "_",
    ],
  ];
  it("does work in proportion to the length of what it reads, whatever that is", () => {
    // Work that grew with the square of the length would be 400 times that for a head, and this would take minutes.
    for (const piece of pieces.filter((_, index) => index % size(1, 3) === 0)) {
      for (const length of [LARGE, 20 * LARGE]) {
        const text = piece.repeat(Math.ceil(length / piece.length));
        for (
          const value of [
            text,
            `${text}, `,
            `x${text}`,
            `[${text}`,
            `for="${text}`,
            `for="[${text}`,
          ]
        ) {
          read({ "x-forwarded-for": value });
          read({ forwarded: value });
          read({ "x-forwarded-host": value, "x-forwarded-proto": value });
        }
      }
    }
  });
});
