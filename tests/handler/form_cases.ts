// Forms as clients send them, and what must come of each: the entries, or a refusal. A new case is a new line.

/** A file as a handler must get it. Its content has one character for each byte. */
export interface ExpectedFile {
  readonly filename: string;
  readonly type: string;
  readonly content: string;
}

/** One form. */
export interface FormCase {
  readonly what: string;
  /** The Content-Type of the request; {@linkcode MULTIPART} if the case does not name one. */
  readonly type?: string;
  /** The body, one character for each byte. */
  readonly body: string;
  readonly entries?: readonly (readonly [name: string, value: string | ExpectedFile])[];
  /** The status of the refusal, and some of its words. */
  readonly refused?: readonly [status: 400 | 413 | 415, words: string];
}

export const MULTIPART = "multipart/form-data; boundary=X";
const URLENCODED = "application/x-www-form-urlencoded";

/** Text as UTF-8, one character for each byte. */
function utf8(text: string): string {
  return new TextEncoder().encode(text).reduce((all, byte) => all + String.fromCharCode(byte), "");
}

/** A part with those header fields, each with its line end, up to the line end before the next delimiter. */
function part(fields: string, content = "1"): string {
  return `--X\r\n${fields}\r\n${content}\r\n`;
}

/** A part with that Content-Disposition. */
function disposed(disposition: string, content?: string): string {
  return part(`Content-Disposition: ${disposition}\r\n`, content);
}

const FIELD = disposed('form-data; name="a"');
const END = "--X--\r\n";

function file(filename: string, content = "1", type = "text/plain"): ExpectedFile {
  return { filename, type, content };
}

const structure: FormCase[] = [
  { what: "one field", body: FIELD + END, entries: [["a", "1"]] },
  {
    what: "two fields of the same name",
    body: FIELD + FIELD + END,
    entries: [["a", "1"], ["a", "1"]],
  },
  { what: "a form without parts", body: END, entries: [] },
  { what: "a form without parts and without the last line end", body: "--X--", entries: [] },
  { what: "no line end after the last delimiter", body: `${FIELD}--X--`, entries: [["a", "1"]] },
  {
    what: "white space after a boundary",
    body: FIELD.replace("--X", "--X \t ") + END,
    entries: [["a", "1"]],
  },
  {
    what: "white space after the last boundary",
    body: `${FIELD}--X-- \t\r\n`,
    entries: [["a", "1"]],
  },
  {
    what: "an empty line before the first boundary",
    body: `\r\n${FIELD}${END}`,
    entries: [["a", "1"]],
  },
  {
    what: "empty lines after the last boundary",
    body: `${FIELD}${END}\r\n\r\n`,
    entries: [["a", "1"]],
  },
  { what: "an empty value", body: disposed('form-data; name="a"', "") + END, entries: [["a", ""]] },
  {
    what: "line ends in a value",
    body: disposed('form-data; name="a"', "\r\n1\r\n\n\r") + END,
    entries: [["a", "\r\n1\r\n\n\r"]],
  },
  {
    what: "an empty line in a value",
    body: disposed('form-data; name="a"', "1\r\n\r\n2") + END,
    entries: [["a", "1\r\n\r\n2"]],
  },
  {
    what: "the boundary inside a line of a value",
    body: disposed('form-data; name="a"', "1--X\r\n") + END,
    entries: [["a", "1--X\r\n"]],
  },
  {
    what: "the boundary after a bare LF in a value",
    body: disposed('form-data; name="a"', "1\n--X\r\n2") + END,
    entries: [["a", "1\n--X\r\n2"]],
  },
  {
    what: "the boundary after a bare CR in a value",
    body: disposed('form-data; name="a"', "1\r--X--2") + END,
    entries: [["a", "1\r--X--2"]],
  },
  {
    what: "nearly the boundary in a value",
    body: disposed('form-data; name="a"', "\r\n-X\r\n--x\r\n--") + END,
    entries: [["a", "\r\n-X\r\n--x\r\n--"]],
  },
  {
    what: "a CR before the delimiter",
    body: disposed('form-data; name="a"', "1\r") + END,
    entries: [["a", "1\r"]],
  },
  {
    what: "every byte in a file",
    body: disposed('form-data; name="a"; filename="b"', everyByte()) + END,
    entries: [["a", file("b", everyByte())]],
  },
  { what: "an empty body", body: "", refused: [400, "does not begin with the boundary"] },
  { what: "only an empty line", body: "\r\n", refused: [400, "does not begin with the boundary"] },
  { what: "only a boundary", body: "--X", refused: [400, "has no end"] },
  { what: "only a line with a boundary", body: "--X\r\n", refused: [400, "has no end"] },
  { what: "only hyphens", body: "--", refused: [400, "does not begin with the boundary"] },
  {
    what: "another boundary",
    body: "--Y\r\n\r\n--Y--\r\n",
    refused: [400, "does not begin with the boundary"],
  },
  { what: "JSON", body: '{"a":1}', refused: [400, "does not begin with the boundary"] },
  {
    what: "text before the first boundary",
    body: `This is a form.\r\n${FIELD}${END}`,
    refused: [400, "does not begin with the boundary"],
  },
  {
    what: "a space before the first boundary",
    body: ` ${FIELD}${END}`,
    refused: [400, "does not begin with the boundary"],
  },
  {
    what: "a bare LF before the first boundary",
    body: `\n${FIELD}${END}`,
    refused: [400, "does not begin with the boundary"],
  },
  {
    what: "a byte order mark before the first boundary",
    body: `\xef\xbb\xbf${FIELD}${END}`,
    refused: [400, "does not begin with the boundary"],
  },
  {
    what: "text after the last boundary",
    body: `${FIELD}${END}epilogue`,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "text on the line of the last boundary",
    body: `${FIELD}--X--a\r\n`,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "a part after the last boundary",
    body: FIELD + END + FIELD + END,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "the last boundary twice",
    body: FIELD + END + END,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "a bare LF after the last boundary",
    body: `${FIELD}--X--\n`,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "a longer line that begins like a boundary",
    body: disposed('form-data; name="a"', "1\r\n--Xy\r\n2") + END,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "one hyphen after a boundary",
    body: `${FIELD}--X-\r\n`,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "a bare LF after a boundary",
    body: FIELD.replace("--X\r\n", "--X\n") + END,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "bare LFs all through",
    body: (FIELD + END).replaceAll("\r\n", "\n"),
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "a bare CR after a boundary",
    body: FIELD.replace("--X\r\n", "--X\r") + END,
    refused: [400, "text on the line of a boundary"],
  },
  {
    what: "a vertical tab after a boundary",
    body: FIELD.replace("--X", "--X\v") + END,
    refused: [400, "text on the line of a boundary"],
  },
  { what: "no last boundary", body: FIELD, refused: [400, "has no end"] },
  {
    what: "a last boundary without its hyphens",
    body: `${FIELD}--X\r\n`,
    refused: [400, "has no end"],
  },
  { what: "a last boundary that is cut off", body: `${FIELD}--`, refused: [400, "has no end"] },
  {
    what: "a last boundary that is cut off in its hyphens",
    body: `${FIELD}--X-`,
    refused: [400, "text on the line of a boundary"],
  },
  { what: "a value that is cut off", body: FIELD.slice(0, -2), refused: [400, "has no end"] },
  {
    what: "a header section that is cut off",
    body: '--X\r\nContent-Disposition: form-data; name="',
    refused: [400, "has no end"],
  },
  {
    what: "a part in bare LFs before the last boundary",
    body: `--X\r\nContent-Disposition: form-data; name="a"\n\n1\r\n${END}`,
    refused: [400, "Part 1 of the form has no empty line"],
  },
];

function everyByte(): string {
  return String.fromCharCode(...Array(256).keys());
}

const heads: FormCase[] = [
  {
    what: "names of header fields in any case",
    body: part('CONTENT-disposition: form-data; name="a"\r\n') + END,
    entries: [["a", "1"]],
  },
  {
    what: "no space after a colon",
    body: part('Content-Disposition:form-data; name="a"\r\n') + END,
    entries: [["a", "1"]],
  },
  {
    what: "white space around the text of a header field",
    body: part('Content-Disposition: \t form-data; name="a" \t\r\n') + END,
    entries: [["a", "1"]],
  },
  {
    what: "header fields that mean nothing",
    body: part(
      'Content-Length: 99\r\nX-A: \x01\xff\r\nContent-Disposition: form-data; name="a"\r\nMIME-Version: 1.0\r\n',
    ) + END,
    entries: [["a", "1"]],
  },
  {
    what: "a header field without text",
    body: part('X-A:\r\nContent-Disposition: form-data; name="a"\r\n') + END,
    entries: [["a", "1"]],
  },
  ...["binary", "8bit", "7bit", "BINARY"].map((encoding) => ({
    what: `Content-Transfer-Encoding: ${encoding}`,
    body: part(
      `Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: ${encoding}\r\n`,
    ) + END,
    entries: [["a", "1"]] as const,
  })),
  ...["base64", "quoted-printable", ""].map((encoding): FormCase => ({
    what: `Content-Transfer-Encoding: ${JSON.stringify(encoding)}`,
    body: part(
      `Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: ${encoding}\r\n`,
    ) + END,
    refused: [400, "Part 1 of the form has a Content-Transfer-Encoding"],
  })),
  {
    what: "no header fields",
    body: part("") + END,
    refused: [400, "Part 1 of the form has no Content-Disposition"],
  },
  {
    what: "no Content-Disposition",
    body: FIELD + part("Content-Type: text/plain\r\n") + END,
    refused: [400, "Part 2 of the form has no Content-Disposition"],
  },
  {
    what: "no header section",
    body: "--X\r\n--X--\r\n",
    refused: [400, "Part 1 of the form has no empty line"],
  },
  {
    what: "no empty line after the header fields",
    body: `--X\r\nContent-Disposition: form-data; name="a"\r\n${END}`,
    refused: [400, "Part 1 of the form has no empty line"],
  },
  {
    what: "an empty line that is the one of the next delimiter",
    body: `--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n${END}`,
    refused: [400, "Part 1 of the form has no empty line"],
  },
  {
    what: "an empty line only in the next part",
    body: `--X\r\nContent-Disposition: form-data; name="a"\r\n${FIELD}${END}`,
    refused: [400, "Part 1 of the form has no empty line"],
  },
  {
    what: "a boundary that looks like a header field",
    type: 'multipart/form-data; boundary="X:y"',
    body: '--X:y\r\nContent-Disposition: form-data; name="a"\r\n--X:y\r\n\r\n1\r\n--X:y--\r\n',
    refused: [400, "Part 1 of the form has no empty line"],
  },
  {
    what: "two Content-Dispositions",
    body: part(
      'Content-Disposition: form-data; name="a"\r\ncontent-disposition: form-data; name="b"\r\n',
    ) + END,
    refused: [400, "the same header field twice"],
  },
  {
    what: "two Content-Types",
    body: part(
      'Content-Disposition: form-data; name="a"\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n',
    ) + END,
    refused: [400, "the same header field twice"],
  },
  {
    what: "a folded header field",
    body: part('Content-Disposition: form-data;\r\n name="a"\r\n') + END,
    refused: [400, "a header field that is not written"],
  },
  {
    what: "a space before the first header field",
    body: part(' Content-Disposition: form-data; name="a"\r\n') + END,
    refused: [400, "a header field that is not written"],
  },
  {
    what: "a space before a colon",
    body: part('Content-Disposition : form-data; name="a"\r\n') + END,
    refused: [400, "a header field that is not written"],
  },
  {
    what: "a header field without a colon",
    body: part('Content-Disposition: form-data; name="a"\r\nfoo\r\n') + END,
    refused: [400, "a header field that is not written"],
  },
  {
    what: "a header field without a name",
    body: part('Content-Disposition: form-data; name="a"\r\n: b\r\n') + END,
    refused: [400, "a header field that is not written"],
  },
  {
    what: "a byte order mark before a header field",
    body: part('\xef\xbb\xbfContent-Disposition: form-data; name="a"\r\n') + END,
    refused: [400, "a header field that is not written"],
  },
  {
    what: "a bare LF between header fields",
    body: part('Content-Disposition: form-data; name="a"\nContent-Type: a/b\r\n') + END,
    refused: [400, "a line end in its header fields"],
  },
  {
    what: "a bare CR in a header field",
    body: part('X-A: b\rContent-Disposition: form-data; name="a"\r\n') + END,
    refused: [400, "a line end in its header fields"],
  },
  {
    what: "a bare LF in a name",
    body: disposed('form-data; name="a\nb"') + END,
    refused: [400, "a line end in its header fields"],
  },
];

const dispositions: FormCase[] = [
  ...[
    ["the type in any case", 'Form-DATA; name="a"'],
    ["no space after a semicolon", 'form-data;name="a"'],
    ["white space around a semicolon", 'form-data \t; \tname="a"'],
    ["semicolons without a parameter", 'form-data;; name="a" ;'],
    ["a name without quotes", "form-data; name=a"],
    ["a parameter in any case", 'form-data; NAME="a"'],
    ["a parameter that means nothing", 'form-data; size=3; name="a"; x="y;z"'],
    ["a field with filename* and no filename", "form-data; name=\"a\"; filename*=UTF-8''b%20c"],
  ].map(([what, disposition]): FormCase => ({
    what,
    body: disposed(disposition) + END,
    entries: [["a", "1"]],
  })),
  ...[
    ["an empty name", 'name=""', ""],
    ["a quote in a name", 'name="a%22b"', 'a"b'],
    ["CR LF in a name", 'name="a%0D%0Ab"', "a\r\nb"],
    ["CR in a name", 'name="a%0Db"', "a\rb"],
    ["LF in a name", 'name="a%0Ab"', "a\nb"],
    [
      "percent signs that escape nothing",
      'name="100%, %20%00%2522%0d%2"',
      "100%, %20%00%2522%0d%2",
    ],
    ["percent signs without quotes", "name=a%22b", "a%22b"],
    ["a semicolon in a name", 'name="a; filename=b"', "a; filename=b"],
    ["an equals sign in a name", 'name="a=b"', "a=b"],
    ["brackets in a name", 'name="a[b][]"', "a[b][]"],
    ["brackets in a name without quotes", "name=a[0]", "a[0]"],
    ["spaces in a name", 'name=" a  b "', " a  b "],
    ["control characters in a name", 'name="\0\x01\t\x1f\x7f"', "\0\x01\t\x1f\x7f"],
    ["UTF-8 in a name", `name="${utf8("ü日本🦕")}"`, "ü日本🦕"],
    ["UTF-8 in a name without quotes", `name=${utf8("ü")}`, "ü"],
    ["a byte order mark in a name", 'name="\xef\xbb\xbfa"', "\ufeffa"],
    ["bytes in a name that are not UTF-8", 'name="\xffa\xc3"', "\ufffda\ufffd"],
    ["a backslash in a name", 'name="a\\b"', "a\\b"],
    ["backslashes in a name", 'name="\\\\a\\\\"', "\\\\a\\\\"],
    ["a backslash at the end of a name", 'name="a\\"', "a\\"],
    ["a backslash at the end of a name, and a parameter", 'name="a\\"; x="y"', "a\\"],
    ["an escaped quote in a name", 'name="a\\"b"', 'a"b'],
    ["an escaped quote and a semicolon in a name", 'name="a\\"; b"', 'a"; b'],
    ["an escaped quote and a backslash in a name", 'name="\\\\a\\"\\c"', '\\a"\\c'],
    ["an encoded word", 'name="=?utf-8?B?w7w=?="', "=?utf-8?B?w7w=?="],
    ["the name of the encoding", 'name="_charset_"', "_charset_"],
    ["a name that every object has", 'name="__proto__"', "__proto__"],
  ].map(([what, parameters, name]): FormCase => ({
    what,
    body: disposed(`form-data; ${parameters}`) + END,
    entries: [[name, "1"]],
  })),
  ...[
    ["another type", 'attachment; name="a"', "other than form-data"],
    ["another type that begins like it", 'form-data2; name="a"', "other than form-data"],
    ["no type", '; name="a"', "other than form-data"],
    ["no text", "", "other than form-data"],
    ["a comma after the type", 'form-data, name="a"', "other than form-data"],
    ["no name", "form-data", "has no name"],
    ["a file name and no name", 'form-data; filename="a"', "has no name"],
    ["a name in RFC 5987 only", "form-data; name*=UTF-8''a", "has no name"],
    ["a name in pieces", 'form-data; name*0="a"; name*1="b"', "has no name"],
    ["two names", 'form-data; name="a"; name="b"', "the same parameter twice"],
    ["two names in other cases", 'form-data; name="a"; Name="a"', "the same parameter twice"],
    [
      "two file names",
      'form-data; name="a"; filename="b"; filename="c"',
      "the same parameter twice",
    ],
    ["a quote without its end", 'form-data; name="a', "a parameter that is not written"],
    [
      "a quote without its end, after a backslash",
      'form-data; name="a\\',
      "a parameter that is not written",
    ],
    ["text after a quote", 'form-data; name="a"b', "no semicolon before a parameter"],
    ["a quote in a name", 'form-data; name="a"b"', "no semicolon before a parameter"],
    ["a quote in a name without quotes", 'form-data; name=a"b', "no semicolon before a parameter"],
    [
      "a comma after a parameter",
      'form-data; name="a", filename="b"',
      "no semicolon before a parameter",
    ],
    ["a space in a name without quotes", "form-data; name=a b", "no semicolon before a parameter"],
    ["a parameter without text", "form-data; name=", "a parameter that is not written"],
    ["a parameter without an equals sign", "form-data; name", "a parameter that is not written"],
    ["a space before an equals sign", 'form-data; name ="a"', "a parameter that is not written"],
    ["a space after an equals sign", 'form-data; name= "a"', "a parameter that is not written"],
    ["single quotes with a space", "form-data; name='a b'", "no semicolon before a parameter"],
  ].map(([what, disposition, words]): FormCase => ({
    what: `a Content-Disposition with ${what}`,
    body: disposed(disposition) + END,
    refused: [400, words],
  })),
];

const files: FormCase[] = [
  ...[
    ["a file name", 'filename="b.txt"', "b.txt"],
    ["a semicolon in a file name", 'filename="a;b.txt"', "a;b.txt"],
    ["a quote in a file name", 'filename="a%22b.txt"', 'a"b.txt'],
    ["CR LF in a file name", 'filename="a%0D%0Ab"', "a\r\nb"],
    ["a file name without quotes", "filename=b.txt", "b.txt"],
    ["a file name in any case", 'FileName="b.txt"', "b.txt"],
    ["no file", 'filename=""', ""],
    ["a path of Windows", 'filename="C:\\x\\\\y.txt"', "C:\\x\\\\y.txt"],
    ["a path", 'filename="../a/b.txt"', "../a/b.txt"],
    ["UTF-8 in a file name", `filename="${utf8("日本 ü.txt")}"`, "日本 ü.txt"],
    ["an escaped quote in a file name", 'filename="a\\"b.txt"', 'a"b.txt'],
    ["filename* after filename", "filename=\"b.txt\"; filename*=UTF-8''evil.txt", "b.txt"],
    ["filename* before filename", "filename*=UTF-8''evil.txt; filename=\"b.txt\"", "b.txt"],
    ["filename before the name", 'filename="b.txt"', "b.txt", "before"],
  ].map(([what, parameter, filename, place]): FormCase => ({
    what: `a file with ${what}`,
    body:
      disposed(place ? `form-data; ${parameter}; name="a"` : `form-data; name="a"; ${parameter}`) +
      END,
    entries: [["a", file(filename)]],
  })),
  ...[
    ["image/png", "image/png"],
    ["Image/PNG", "image/png"],
    ["text/plain; charset=utf-8", "text/plain; charset=utf-8"],
    ["\t text/plain \t", "text/plain"],
    ["multipart/mixed; boundary=Y", "multipart/mixed; boundary=y"],
    ["not a type", "not a type"],
    ["", ""],
    ["text/\xfcber", ""],
    ["text/\x01", ""],
  ].map(([written, type]): FormCase => ({
    what: `a file of the type ${JSON.stringify(written)}`,
    body: part(
      `Content-Disposition: form-data; name="a"; filename="b"\r\nContent-Type: ${written}\r\n`,
    ) + END,
    entries: [["a", file("b", "1", type)]],
  })),
  {
    what: "a file input without a file",
    body: part(
      'Content-Disposition: form-data; name="a"; filename=""\r\nContent-Type: application/octet-stream\r\n',
      "",
    ) + END,
    entries: [["a", file("", "", "application/octet-stream")]],
  },
  {
    what: "a field with a type",
    body:
      part('Content-Disposition: form-data; name="a"\r\nContent-Type: application/json\r\n', "{}") +
      END,
    entries: [["a", "{}"]],
  },
  {
    what: "a field with another charset, which is read as UTF-8",
    body: part(
      'Content-Type: text/plain; charset=iso-8859-1\r\nContent-Disposition: form-data; name="a"\r\n',
      utf8("ü"),
    ) + END,
    entries: [["a", "ü"]],
  },
  {
    what: "another form in a part",
    body: part(
      'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=Y\r\n',
      '--Y\r\nContent-Disposition: file; filename="b"\r\n\r\n2\r\n--Y--',
    ) + END,
    entries: [["a", '--Y\r\nContent-Disposition: file; filename="b"\r\n\r\n2\r\n--Y--']],
  },
  {
    what: "a value of UTF-8",
    body: disposed('form-data; name="a"', utf8("ü日🦕")) + END,
    entries: [["a", "ü日🦕"]],
  },
  {
    what: "a value that is not UTF-8",
    body: disposed('form-data; name="a"', "\xff\xc3") + END,
    entries: [["a", "\ufffd\ufffd"]],
  },
  {
    what: "a value with a byte order mark",
    body: disposed('form-data; name="a"', "\xef\xbb\xbf1") + END,
    entries: [["a", "\ufeff1"]],
  },
];

/** As a client would write it, with the body that belongs to it. */
function bounded(boundary: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--\r\n`;
}

const boundaries: FormCase[] = [
  ...[
    ["X", "X"],
    ['"X"', "X"],
    ["X; charset=utf-8", "X"],
    ["X ;", "X"],
    ["----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"],
    ['"----=_Part_1_2.3"', "----=_Part_1_2.3"],
    ["----=_Part_1_2.3", "----=_Part_1_2.3"],
    ["a/b:c?d", "a/b:c?d"],
    ['"a b"', "a b"],
    [`"'()+_,-./:=?"`, "'()+_,-./:=?"],
    ["-", "-"],
    ["x".repeat(70), "x".repeat(70)],
  ].map(([written, boundary]): FormCase => ({
    what: `the boundary ${written}`,
    type: `multipart/form-data; boundary=${written}`,
    body: bounded(boundary),
    entries: [["a", "1"]],
  })),
  {
    what: "the parameter boundary in capitals",
    type: "Multipart/FORM-data ; x=y; BOUNDARY=X",
    body: FIELD + END,
    entries: [["a", "1"]],
  },
  {
    what: "a parameter in quotes that holds another boundary",
    type: 'multipart/form-data; x="\\"; boundary=Y"; boundary=X',
    body: FIELD + END,
    entries: [["a", "1"]],
  },
  {
    what: "white space around the type",
    type: " multipart/form-data\t; boundary=X ",
    body: FIELD + END,
    entries: [["a", "1"]],
  },
  ...[
    ["no parameters", "multipart/form-data", "no boundary"],
    ["no boundary", "multipart/form-data; charset=utf-8", "no boundary"],
    ["an empty boundary", "multipart/form-data; boundary=", "a parameter that is not written"],
    ["an empty boundary in quotes", 'multipart/form-data; boundary=""', "not 1 to 70"],
    [
      "a boundary of 71 characters",
      `multipart/form-data; boundary=${"x".repeat(71)}`,
      "not 1 to 70",
    ],
    ["a boundary that ends with a space", 'multipart/form-data; boundary="X "', "not 1 to 70"],
    ["a boundary with another character", "multipart/form-data; boundary=X*", "not 1 to 70"],
    ["a boundary with a backslash", 'multipart/form-data; boundary="X\\Y"', "not 1 to 70"],
    ["a boundary with an escaped quote", 'multipart/form-data; boundary="X\\"Y"', "not 1 to 70"],
    ["a boundary that is not ASCII", "multipart/form-data; boundary=\xfc", "not 1 to 70"],
    ["two boundaries", "multipart/form-data; boundary=X; boundary=Y", "the same parameter twice"],
    [
      "two of the same boundary",
      "multipart/form-data; boundary=X; boundary=X",
      "the same parameter twice",
    ],
    [
      "two types in a list",
      "multipart/form-data; boundary=X, multipart/form-data; boundary=X",
      "no semicolon before a parameter",
    ],
    [
      "two types in a list, the second without a boundary",
      "multipart/form-data; boundary=X, text/plain",
      "no semicolon before a parameter",
    ],
    [
      "a boundary in half a quote",
      'multipart/form-data; boundary="X',
      "a parameter that is not written",
    ],
    [
      "a boundary after a space",
      "multipart/form-data; boundary= X",
      "a parameter that is not written",
    ],
    [
      "a parameter without text",
      "multipart/form-data; charset; boundary=X",
      "a parameter that is not written",
    ],
  ].map(([what, type, words]): FormCase => ({
    what: `a Content-Type with ${what}`,
    type,
    body: FIELD + END,
    refused: [400, words],
  })),
  ...[
    "text/plain",
    "application/json",
    "multipart/mixed; boundary=X",
    "multipart/form-datax; boundary=X",
    "multipart/form-data boundary=X",
    "multipart/form-data, multipart/form-data; boundary=X",
    "application/x-www-form-urlencodedx",
    "application/x-www-form-urlencoded, text/plain",
    "\xa0multipart/form-data; boundary=X",
    "form-data",
    ";",
    "",
  ].map((type): FormCase => ({
    what: `the Content-Type ${JSON.stringify(type)}`,
    type,
    body: FIELD + END,
    refused: [415, "has to be"],
  })),
];

const urlencoded: FormCase[] = ([
  ["an empty body", "", []],
  ["two pairs", "a=1&b=2", [["a", "1"], ["b", "2"]]],
  ["a name twice", "a=1&a=2", [["a", "1"], ["a", "2"]]],
  ["a question mark at the beginning", "?a=1", [["?a", "1"]]],
  ["two question marks at the beginning", "??a=1", [["??a", "1"]]],
  ["plus signs and percent signs", "a+b=c%20d%2B%", [["a b", "c d+%"]]],
  ["an empty name", "=1", [["", "1"]]],
  ["a name without a value", "a&b=", [["a", ""], ["b", ""]]],
  ["nothing between ampersands", "&&a=1&", [["a", "1"]]],
  ["an equals sign in a value", "a=1=2", [["a", "1=2"]]],
  ["a semicolon, which does not separate", "a=1;b=2", [["a", "1;b=2"]]],
  ["a byte order mark", "\xef\xbb\xbfa=1", [["\ufeffa", "1"]]],
  ["UTF-8 that is not percent-encoded", utf8("ü=日"), [["ü", "日"]]],
  ["UTF-8 that is percent-encoded", "%C3%BC=%e6%97%a5", [["ü", "日"]]],
  ["UTF-8 of which half is percent-encoded", "a=%C3\xbc", [["a", "ü"]]],
  ["bytes that are not UTF-8", "a=\xff%ff", [["a", "\ufffd\ufffd"]]],
  ["a line end", "a=1\r\n", [["a", "1\r\n"]]],
  ["a number sign", "a=1#b=2", [["a", "1#b=2"]]],
  ["a NUL", "a=\0", [["a", "\0"]]],
  ["the name of the encoding", "_charset_=iso-8859-1&a=%FC", [["_charset_", "iso-8859-1"], [
    "a",
    "\ufffd",
  ]]],
] as const).map(([what, body, entries]) => ({
  what: `an urlencoded form with ${what}`,
  type: URLENCODED,
  body,
  entries,
}));

const urlencodedTypes: FormCase[] = [
  URLENCODED,
  "Application/X-WWW-Form-URLencoded",
  `${URLENCODED}; charset=utf-8`,
  `${URLENCODED}; charset=iso-8859-1`,
  `${URLENCODED} ;charset`,
  `${URLENCODED}; boundary=X; boundary=Y`,
  `\t${URLENCODED} `,
].map((type) => ({
  what: `an urlencoded form of the type ${JSON.stringify(type)}`,
  type,
  body: utf8("a=ü"),
  entries: [["a", "ü"]],
}));

/** Forms in the words of clients that are not browsers. */
const clients: FormCase[] = [
  {
    what: "a form of .NET",
    type: 'multipart/form-data; boundary="5f1c-9a"',
    body:
      "--5f1c-9a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--5f1c-9a\r\nContent-Disposition: form-data; name=f; filename=b.txt; filename*=utf-8''b.txt\r\n\r\n2\r\n--5f1c-9a--\r\n",
    entries: [["a", "1"], ["f", file("b.txt", "2")]],
  },
  {
    what: "a form of Go",
    type: "multipart/form-data; boundary=7c0d",
    body:
      '--7c0d\r\nContent-Disposition: form-data; name="a\\"b\\\\c"\r\n\r\n1\r\n--7c0d\r\nContent-Disposition: form-data; name="f"; filename="\\"q\\".txt"\r\nContent-Type: application/octet-stream\r\n\r\n2\r\n--7c0d--\r\n',
    entries: [['a"b\\c', "1"], ["f", file('"q".txt', "2", "application/octet-stream")]],
  },
  {
    what: "a form of Apache HttpClient",
    type: "multipart/form-data; boundary=kQ_9; charset=UTF-8",
    body:
      '--kQ_9\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n1\r\n--kQ_9--\r\n',
    entries: [["a", "1"]],
  },
  {
    what: "a form of OkHttp",
    type: "multipart/form-data; boundary=8b6a-41",
    body:
      '--8b6a-41\r\nContent-Disposition: form-data; name="a%22b"\r\nContent-Length: 1\r\n\r\n1\r\n--8b6a-41--\r\n',
    entries: [['a"b', "1"]],
  },
  {
    what: "a form of Python's requests",
    type: "multipart/form-data; boundary=0d3c",
    body:
      '--0d3c\r\nContent-Disposition: form-data; name="f"; filename="a b.csv"\r\nContent-Type: text/csv\r\nExpires: 0\r\n\r\n1,2\r\n--0d3c--\r\n',
    entries: [["f", file("a b.csv", "1,2", "text/csv")]],
  },
];

const MAX_HEAD = 16_384;
const DISPOSITION = 'Content-Disposition: form-data; name="a"\r\n';

/** A header section of that length, with its last line end. */
function sectionOf(length: number): string {
  const rest = "X-A: \r\n".length;
  return `${DISPOSITION}X-A: ${"x".repeat(length - DISPOSITION.length - rest)}\r\n`;
}

const limits: FormCase[] = [
  {
    what: "1,000 parts",
    body: FIELD.repeat(1_000) + END,
    entries: Array.from({ length: 1_000 }, () => ["a", "1"]),
  },
  { what: "1,001 parts", body: FIELD.repeat(1_001) + END, refused: [413, "more than 1000 parts"] },
  {
    what: "20,000 parts without an end",
    body: FIELD.repeat(20_000),
    refused: [413, "more than 1000 parts"],
  },
  {
    what: "10,000 fields of an urlencoded form",
    type: URLENCODED,
    body: "a&".repeat(9_999) + "a",
    entries: Array.from({ length: 10_000 }, () => ["a", ""]),
  },
  {
    what: "10,001 fields of an urlencoded form",
    type: URLENCODED,
    body: "a&".repeat(10_000) + "a",
    refused: [413, "more than 10000 fields"],
  },
  {
    what: "a header section of 16,384 bytes",
    body: part(sectionOf(MAX_HEAD + 2)) + END,
    entries: [["a", "1"]],
  },
  {
    what: "a header section of 16,385 bytes",
    body: part(sectionOf(MAX_HEAD + 3)) + END,
    refused: [413, "a header section of more than 16384 bytes"],
  },
];

/** All of them. */
export const FORM_CASES: readonly FormCase[] = [
  ...structure,
  ...heads,
  ...dispositions,
  ...files,
  ...boundaries,
  ...urlencoded,
  ...urlencodedTypes,
  ...clients,
  ...limits,
];
