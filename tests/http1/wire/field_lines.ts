// RFC 9112, section 5: a name, a colon at once, and a value with white space around it that is none of its own.
// A server has to refuse white space before the colon (section 5.1). Of a folded line (section 5.2) it may make a space; we
// refuse it, since a parser that does not know of folding reads another field there. Control bytes in a value are refused,
// not only the three that RFC 9110, section 5.5, calls dangerous. A value's bytes above 0x7F stand for themselves, and no
// byte but space and tab is white space. Names keep their case, fields their order; an underscore is an underscore.

import { HEAD, refusedFor } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** All of `obs-text` (RFC 9110, section 5.5). */
const OBS_TEXT = Array.from({ length: 128 }, (_, index) => String.fromCharCode(128 + index));

/** The name of a byte, as a reader of test names can see it. */
function nameOf(byte: string): string {
  return `0x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** Control bytes, without tab, CR and LF, which are cases of their own. */
const CONTROLS = Array.from("\0\x01\x02\x07\x08\x0b\x0c\x0e\x10\x1a\x1b\x1f\x7f");

export const fieldNames: WireGroup = {
  about: "field names (RFC 9112, section 5.1; RFC 9110, section 5.1)",
  cases: [
    {
      what: "names in the case in which they are sent",
      bytes: "GET / HTTP/1.1\r\nhOST: a\r\nX-aBc: d\r\n\r\n",
      requests: [{ fields: [["hOST", "a"], ["X-aBc", "d"]] }],
    },
    {
      what: "a name of all the marks of a token",
      bytes: HEAD + "!#$%&'*+-.^_`|~09: b\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["!#$%&'*+-.^_`|~09", "b"]] }],
    },
    {
      what: "a name of one digit",
      bytes: HEAD + "0: b\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["0", "b"]] }],
    },
    {
      what: "a name more than once, in order",
      bytes: HEAD + "A: 1\r\nB: 2\r\na: 3\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "1"], ["B", "2"], ["a", "3"]] }],
    },
    {
      what: "names that only look like those that matter",
      bytes: HEAD +
        "Content_Length: 5\r\nTransfer_Encoding: chunked\r\nContent-Lengt: 6\r\nHosts: b\r\n" +
        "X-Content-Length: 7\r\nTransfer-%45ncoding: chunked\r\n\r\n",
      requests: [{
        fields: [
          ["Host", "a"],
          ["Content_Length", "5"],
          ["Transfer_Encoding", "chunked"],
          ["Content-Lengt", "6"],
          ["Hosts", "b"],
          ["X-Content-Length", "7"],
          ["Transfer-%45ncoding", "chunked"],
        ],
      }],
    },
    {
      what: "names that differ by an underscore, each for itself",
      bytes: HEAD + "X-Forwarded-For: 1\r\nX_Forwarded_For: 2\r\nX-Forwarded_For: 3\r\n\r\n",
      requests: [{
        fields: [
          ["Host", "a"],
          ["X-Forwarded-For", "1"],
          ["X_Forwarded_For", "2"],
          ["X-Forwarded_For", "3"],
        ],
      }],
    },
    ...refusedFor("badFieldName", 400, [
      ["a space before the colon", HEAD + "A : b\r\n\r\n"],
      ["two spaces before the colon", HEAD + "A  : b\r\n\r\n"],
      ["a tab before the colon", HEAD + "A\t: b\r\n\r\n"],
      ["a space in a name", HEAD + "A B: c\r\n\r\n"],
      ["a tab in a name", HEAD + "A\tB: c\r\n\r\n"],
      ["an empty name", HEAD + ": b\r\n\r\n"],
      ["an empty name and an empty value", HEAD + ":\r\nA: b\r\n\r\n"],
      ["an empty name on the first line", "GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n"],
      ["a colon before a name", HEAD + ":A: b\r\n\r\n"],
      ["a line without a colon", HEAD + "Accept\r\n\r\n"],
      ["a value on the next line, without white space", HEAD + "A:\r\nb\r\n\r\n"],
      ["a line without a colon in the middle", HEAD + "Accept\r\nA: b\r\n\r\n"],
      ["a space in place of the colon", HEAD + "A b\r\n\r\n"],
      ["an equals sign in place of the colon", HEAD + "A=b\r\n\r\n"],
      ["a name that goes on on the next line", HEAD + "A-\r\nB: c\r\n\r\n"],
      ["a quoted name", HEAD + '"A": c\r\n\r\n'],
      ["brackets behind a name", HEAD + "A[]: c\r\n\r\n"],
      ["obs-text in a name", HEAD + "Caf\xe9: b\r\n\r\n"],
      ["UTF-8 in a name", HEAD + "Caf\xc3\xa9: b\r\n\r\n"],
      ["obs-text before a name", HEAD + "\xffA: b\r\n\r\n"],
      ["a next line (0x85) behind a name", HEAD + "A\x85: b\r\n\r\n"],
      ["a no-break space behind a name", HEAD + "A\xa0: b\r\n\r\n"],
      ...Array.from('"(),/;<=>?@[\\]{}', (mark) =>
        [
          `a name with ${JSON.stringify(mark)}`,
          HEAD + `A${mark}B: c\r\n\r\n`,
        ] as const),
      ...CONTROLS.map((byte) =>
        [
          `a name with ${nameOf(byte)}`,
          HEAD + `A${byte}B: c\r\n\r\n`,
        ] as const
      ),
      ...CONTROLS.map((byte) =>
        [
          `${nameOf(byte)} before the colon`,
          HEAD + `A${byte}: c\r\n\r\n`,
        ] as const
      ),
      ...CONTROLS.map((byte) =>
        [
          `${nameOf(byte)} at the beginning of a field line`,
          HEAD + `${byte}A: c\r\n\r\n`,
        ] as const
      ),
    ]),
  ],
};

export const fieldValues: WireGroup = {
  about: "field values (RFC 9112, section 5; RFC 9110, section 5.5)",
  cases: [
    {
      what: "values without the white space around them",
      bytes: HEAD + "A:b\r\nC: d\r\nE:  f  \r\nG:\th\t\r\nI: \t j \t \r\n\r\n",
      requests: [{
        fields: [["Host", "a"], ["A", "b"], ["C", "d"], ["E", "f"], ["G", "h"], ["I", "j"]],
      }],
    },
    {
      what: "white space inside of a value",
      bytes: HEAD + "A: b  c\td\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "b  c\td"]] }],
    },
    {
      what: "empty values",
      bytes: HEAD + "A:\r\nB: \r\nC: \t \r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", ""], ["B", ""], ["C", ""]] }],
    },
    {
      what: "a value of every mark in ASCII",
      bytes: HEAD + "A: !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]] }],
    },
    {
      what: "colons in a value",
      bytes: HEAD + "A::b:c:\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", ":b:c:"]] }],
    },
    {
      what: "obs-text in a value, each byte as a character",
      bytes: HEAD + "A: caf\xc3\xa9 \xff\r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "caf\xc3\xa9 \xff"]] }],
    },
    {
      what: "a value of every byte of obs-text",
      bytes: HEAD + `A: ${OBS_TEXT.join("")}\r\n\r\n`,
      requests: [{ fields: [["Host", "a"], ["A", OBS_TEXT.join("")]] }],
    },
    {
      what: "no-break spaces and next lines around a value, which are not white space",
      bytes: HEAD + "A: \xa0b\x85 \r\n\r\n",
      requests: [{ fields: [["Host", "a"], ["A", "\xa0b\x85"]] }],
    },
    {
      what: "values that are malformed for their names, which are the application's business",
      bytes: HEAD + "Range: x\r\nCookie: ;;=\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n",
      requests: [{
        fields: [
          ["Host", "a"],
          ["Range", "x"],
          ["Cookie", ";;="],
          ["Content-Type", "a"],
          ["Content-Type", "b"],
        ],
      }],
    },
    ...refusedFor("badFieldValue", 400, [
      ...CONTROLS.flatMap((byte) => [
        [`a value with ${nameOf(byte)}`, HEAD + `A: b${byte}c\r\n\r\n`] as const,
        [`${nameOf(byte)} before a value`, HEAD + `A:${byte}b\r\n\r\n`] as const,
        [`${nameOf(byte)} behind a value`, HEAD + `A: b${byte}\r\n\r\n`] as const,
      ]),
      ["a control byte in place of a value", HEAD + "A: \x01\r\n\r\n"],
      ["a control byte in the Host", "GET / HTTP/1.1\r\nHost: a\x01b\r\n\r\n"],
      ["NUL in the Host", "GET / HTTP/1.1\r\nHost: a\0.b\r\n\r\n"],
    ]),
  ],
};

export const foldedLines: WireGroup = {
  about: "folded lines, and white space before a field (RFC 9112, sections 2.2 and 5.2)",
  cases: [
    ...refusedFor("foldedLine", 400, [
      ["a line folded with a space", HEAD + "A: b\r\n c\r\n\r\n"],
      ["a line folded with a tab", HEAD + "A: b\r\n\tc\r\n\r\n"],
      ["a line folded with spaces and tabs", HEAD + "A: b\r\n \t \tc\r\n\r\n"],
      ["a line folded more than once", HEAD + "A: b\r\n c\r\n d\r\nE: f\r\n\r\n"],
      ["a field folded under an empty value", HEAD + "A:\r\n b: c\r\n\r\n"],
      ["a field folded under another", HEAD + "A: b\r\n C: d\r\nE: f\r\n\r\n"],
      ["a folded Host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n"],
      ["a folded line that is empty", HEAD + "A: b\r\n \r\n\r\n"],
      ["a line of white space before the empty line", HEAD + " \r\n\r\n"],
      ["a line of a tab before the empty line", HEAD + "\t\r\n\r\n"],
      ["a space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"],
      ["a tab before the first field", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"],
      ["a line of white space before the first field", "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"],
      ["white space and no field", "GET / HTTP/1.1\r\n \r\n\r\n"],
    ]),
    ...refusedFor("badFieldName", 400, [
      ["a name folded before its colon, which begins without one", HEAD + "A\r\n : b\r\n\r\n"],
    ]),
  ],
};
