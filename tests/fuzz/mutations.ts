// Makes bytes that are nearly a request: whole ones of its own, and wire cases, with some bytes of them changed.
// Everything follows from the numbers that come in, so the same numbers make the same bytes again.

/** Gives numbers from 0 up to 1. */
export type Random = () => number;

/** How many wire cases or requests stand behind each other at the most. */
const MAX_JOINED = 3;
/** How likely it is that bytes are changed once more. Most of what is changed often is refused early, and tells little. */
const MUTATION_LIKELIHOOD = 0.55;
/** How far a mutation makes bytes grow. The rest of the time that an execution takes is worth more than length. */
const MAX_LENGTH = 400_000;
/** One body in so many is large: of all sizes of the memory that bodies are given. */
const LARGE_BODY_EVERY = 300;
const MIN_LARGE_BODY = 1_500;
const MAX_LARGE_BODY = 300_000;

/** What has tempted others to read a message in their own way. Each character is one byte. */
export const TEMPTING_PIECES: readonly string[] = [
  ..."\r\n\0\v\f\t \x01\x1b\x7f\x80\xa0\xff\"'\\;:,+-_=/?#&%*@[](){}<>0159aAfFgGxX",
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  "\r\r\n",
  "\n\r",
  "\r\n ",
  "\r\n\t",
  " : ",
  "0x",
  "0X1",
  "+1",
  "-1",
  "1e1",
  "1_0",
  "0_5",
  "00",
  "5;",
  ";a",
  ';a="b"',
  ';a="',
  '\\"',
  ";a=",
  "7fffffff",
  "ffffffff",
  "100000000",
  "1fffffffffffff",
  "20000000000000",
  "ffffffffffffffff",
  "10000000000000000",
  "9007199254740991",
  "9007199254740992",
  "18446744073709551616",
  "1000000",
  "1000001",
  "f4240",
  "f4241",
  "chunked",
  "Chunked",
  "identity",
  "gzip",
  ", chunked",
  "chunked, ",
  "close",
  "keep-alive",
  "100-continue",
  "HTTP/1.1",
  "HTTP/1.0",
  " HTTP/1.1\r\n",
  "HTTP/2.0",
  "HTTP/1.",
  "http://",
  "https://a:443/",
  "http://a",
  "a:80",
  "a:65536",
  "[::1]",
  "[::ffff:1.2.3.4]",
  "[v1.a]",
  "user@",
  "/../",
  "/./",
  "%2e",
  "%2f",
  "%c3%a9",
  "%ff",
  "%00",
  "%zz",
  "%4z",
  "%z4",
  "GET ",
  "HEAD ",
  "POST ",
  "OPTIONS * ",
  "CONNECT ",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "Host: a\r\n",
  "Host: b\r\n",
  "Host:\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 5, 5\r\n",
  "content-length:1\r\n",
  "Content-Length : 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "transfer-encoding:chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Transfer-Encoding:\tchunked\r\n",
  "Transfer-Encoding\0: chunked\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "Connection: Transfer-Encoding, close\r\n",
  "Expect: 100-continue\r\n",
  "Expect: tea\r\n",
  "Trailer: A\r\n",
  "Upgrade: h2c\r\n",
  "Content-Type: application/json\r\n",
  "Content-Type: application/x-www-form-urlencoded\r\n",
  "Content-Type: multipart/form-data; boundary=a\r\n",
  '--a\r\nContent-Disposition: form-data; name="b"\r\n\r\nc\r\n--a--\r\n',
  "Cookie: a=b\r\n",
  "TRACE ",
  "A: b\r\n",
  ": b\r\n",
  " folded\r\n",
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  "1\r\nx\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
];

const METHODS = [
  "GET",
  "GET",
  "POST",
  "POST",
  "HEAD",
  "OPTIONS",
  "PUT",
  "DELETE",
  "M-SEARCH",
  "get",
];
const TARGETS = [
  "/",
  "/",
  "/a",
  "/a/b/c",
  "/a/b/cd",
  "/a/b?c=d",
  "/%41/../b",
  "//a",
  "/?",
  "/a?\\",
  "*",
  "http://a/b",
  "HTTP://A:80",
  "https://a:443/?b",
];
const HOSTS = ["a", "a", "a", "A:80", "a:443", "[::1]:8000", "a.example", "127.0.0.1"];
const OTHER_FIELDS = [
  "Accept: */*",
  'Cookie: a=b; c="d"',
  "X-Empty:",
  "X-Tab:\ta \t b\t",
  "X-Text: \xe4\xff\x80",
  "!#$%&'*+-.^_`|~: marks",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: , Keep-Alive ,",
  "Expect: 100-continue",
  "Expect: tea",
  "Trailer: A",
  "Content-Type: multipart/form-data; boundary=a",
  "Content-Type: application/x-www-form-urlencoded",
  "Accept: text/plain",
];
const EXTENSIONS = ["", "", "", ";a", ";a=b", ';a="b c"', ';a="\\"";b'];
const TRAILERS = ["", "", "", "A: b\r\n", "A: b\r\nContent-Length: 3\r\n", "Host: b\r\n"];

function numberBelow(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[numberBelow(random, choices.length)];
}

function randomByte(random: Random): string {
  return String.fromCharCode(numberBelow(random, 256));
}

/** The bytes of a body. A large one repeats itself after a number that is no size of a buffer, so that a shift is seen. */
function makeBody(random: Random): string {
  const bytes = (length: number) => Array.from({ length }, () => randomByte(random)).join("");
  if (random() < 0.1) return oneOf(random, TEMPTING_PIECES) + oneOf(random, TEMPTING_PIECES);
  if (random() > 1 / LARGE_BODY_EVERY) return bytes(numberBelow(random, 24));
  const length = Math.floor(MIN_LARGE_BODY * (MAX_LARGE_BODY / MIN_LARGE_BODY) ** random());
  return bytes(251).repeat(Math.ceil(length / 251)).slice(0, length);
}

/** A request that is well-formed, or nearly. */
export function makeRequest(random: Random): string {
  const version = random() < 0.85 ? "1" : "0";
  const lines = [`${oneOf(random, METHODS)} ${oneOf(random, TARGETS)} HTTP/1.${version}`];
  if (version === "1" || random() < 0.5) lines.push(`Host: ${oneOf(random, HOSTS)}`);
  for (let left = numberBelow(random, 4); left > 0; left--) lines.push(oneOf(random, OTHER_FIELDS));
  const text = makeBody(random);
  const head = (framing: string) => {
    if (framing !== "") lines.splice(1 + numberBelow(random, lines.length), 0, framing);
    return lines.join("\r\n") + "\r\n\r\n";
  };
  switch (numberBelow(random, 3)) {
    case 0:
      return head("");
    case 1:
      return head(`Content-Length: ${text.length}`) + text;
    default:
      return head("Transfer-Encoding: chunked") + makeChunks(random, text);
  }
}

function makeChunks(random: Random, text: string): string {
  let chunks = "";
  const longest = 12 + numberBelow(random, text.length);
  for (let at = 0; at < text.length;) {
    const data = text.slice(at, at + 1 + numberBelow(random, longest));
    const size = data.length.toString(16);
    const digits = random() < 0.1 ? size.toUpperCase().padStart(4, "0") : size;
    chunks += `${digits}${oneOf(random, EXTENSIONS)}\r\n${data}\r\n`;
    at += data.length;
  }
  return `${chunks}0${oneOf(random, EXTENSIONS)}\r\n${oneOf(random, TRAILERS)}\r\n`;
}

/** A place between two bytes; with preference for the end of a line, where most rules begin and end. */
function place(random: Random, text: string): number {
  const anywhere = numberBelow(random, text.length + 1);
  if (random() < 0.6) return anywhere;
  const lineEnd = text.indexOf("\r\n", anywhere);
  return lineEnd < 0 ? anywhere : lineEnd + numberBelow(random, 3);
}

/** A part of a text: where it begins, and where it ends. */
function span(random: Random, text: string, maxLength: number): [from: number, to: number] {
  const from = numberBelow(random, text.length + 1);
  return [from, Math.min(text.length, from + 1 + numberBelow(random, maxLength))];
}

function replace(text: string, from: number, to: number, piece: string): string {
  return text.slice(0, from) + piece + text.slice(to);
}

type Mutation = (random: Random, text: string, seeds: readonly string[]) => string;

/** What can be done to bytes; each one is as likely as the others. */
const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flipBit: (random, text) => {
    const at = numberBelow(random, text.length);
    const flipped = (text.charCodeAt(at) || 0) ^ (1 << numberBelow(random, 8));
    return replace(text, at, at + 1, String.fromCharCode(flipped));
  },
  replaceByte: (random, text) => {
    const at = numberBelow(random, text.length);
    return replace(text, at, at + 1, randomByte(random));
  },
  insertByte: (random, text) => {
    const at = place(random, text);
    return replace(text, at, at, randomByte(random));
  },
  insertPiece: (random, text) => {
    const at = place(random, text);
    return replace(text, at, at, oneOf(random, TEMPTING_PIECES));
  },
  replaceWithPiece: (random, text) => {
    const [from, to] = span(random, text, 8);
    return replace(text, from, to, oneOf(random, TEMPTING_PIECES));
  },
  deleteByte: (random, text) => {
    const at = place(random, text);
    return replace(text, at, at + 1, "");
  },
  deleteSpan: (random, text) => {
    const [from, to] = span(random, text, 24);
    return replace(text, from, to, "");
  },
  duplicateSpan: (random, text) => {
    const [from, to] = span(random, text, 48);
    const at = place(random, text);
    return replace(text, at, at, text.slice(from, to));
  },
  splice: (random, text, seeds) => {
    const other = oneOf(random, seeds);
    return text.slice(0, place(random, text)) + other.slice(place(random, other));
  },
  swapLines: (random, text) => {
    const lines = text.split("\r\n");
    const [a, b] = [numberBelow(random, lines.length), numberBelow(random, lines.length)];
    [lines[a], lines[b]] = [lines[b], lines[a]];
    return lines.join("\r\n");
  },
  duplicateLine: (random, text) => {
    const lines = text.split("\r\n");
    lines.splice(numberBelow(random, lines.length), 0, oneOf(random, lines));
    return lines.join("\r\n");
  },
  deleteLine: (random, text) => {
    const lines = text.split("\r\n");
    lines.splice(numberBelow(random, lines.length), 1);
    return lines.join("\r\n");
  },
  insertLineOfAnother: (random, text, seeds) => {
    const lines = text.split("\r\n");
    const line = oneOf(random, oneOf(random, seeds).split("\r\n"));
    lines.splice(1 + numberBelow(random, lines.length), 0, line);
    return lines.join("\r\n");
  },
  changeCase: (random, text) => {
    const [from, to] = span(random, text, 12);
    const part = text.slice(from, to);
    // Only ASCII letters: the case of others may need two characters, or one that is no byte.
    const changed = random() < 0.5
      ? part.replace(/[a-z]/g, (letter) => letter.toUpperCase())
      : part.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    return replace(text, from, to, changed);
  },
  changeNumber: (random, text) => {
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return text;
    const { 0: digits, index } = oneOf(random, numbers);
    const changed = BigInt(digits) + BigInt(numberBelow(random, 5) - 2);
    return replace(text, index, index + digits.length, String(changed));
  },
  repeatPiece: (random, text) => {
    const at = place(random, text);
    const piece = random() < 0.5 ? text[at] ?? "a" : oneOf(random, TEMPTING_PIECES);
    // Mostly enough to pass the small limits, seldom those of the contract.
    const count = random() < 0.98 ? numberBelow(random, 40) : numberBelow(random, 20_000);
    return replace(text, at, at, piece.repeat(count));
  },
  truncate: (random, text) => text.slice(0, place(random, text)),
};

/** The names of all mutations. */
export const MUTATION_NAMES: readonly string[] = Object.keys(MUTATIONS);

const ALL_MUTATIONS = Object.values(MUTATIONS);

/** Makes the bytes of one execution of `seeds`: each a text in which each character is one byte. */
export function makeBytes(random: Random, seeds: readonly string[]): string {
  let text = "";
  for (let left = 1 + numberBelow(random, MAX_JOINED); left > 0; left--) {
    text += random() < 0.6 ? oneOf(random, seeds) : makeRequest(random);
    // Mostly one is enough, and then every mutation lands in it.
    if (random() < 0.5) break;
  }
  // Bytes that nobody has changed are an execution now and then, too: all must agree on what is right.
  while (random() < MUTATION_LIKELIHOOD) {
    text = oneOf(random, ALL_MUTATIONS)(random, text, seeds).slice(0, MAX_LENGTH);
  }
  return text;
}

/** Does the mutation of that name; for the tests. */
export function mutate(
  name: string,
  random: Random,
  text: string,
  seeds: readonly string[],
): string {
  return MUTATIONS[name](random, text, seeds);
}
