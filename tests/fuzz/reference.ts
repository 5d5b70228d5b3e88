// A second reading of HTTP/1.1 requests, for the fuzzer to hold the parser against. It is written from RFC 9110, RFC 9112 and
// the design page, not from `src/http1/`, and looks different on purpose: it has all the bytes at once, asks regular
// expressions how far a part of them is what it should be, and has no state between two bytes. It is slow, and that is fine.
//
// The idea it rests on: a head is refused at the first byte that no valid head can have there. So each rule says at which
// byte it speaks up, and of all that do the first one wins. Rules for the head as a whole speak up at its end.

/** How large a request may be, in bytes. */
export interface ReferenceLimits {
  readonly maxTargetBytes: number;
  readonly maxHeadBytes: number;
  readonly maxHeaderCount: number;
  readonly maxBodyBytes: number;
}

/** What comes of some bytes. Each character of a text stands for one byte. */
export type ReferenceOutcome =
  | {
    readonly kind: "request";
    readonly method: string;
    readonly target: string;
    /** With its dot segments resolved, then decoded. */
    readonly path: string;
    readonly query: string;
    readonly minorVersion: 0 | 1;
    readonly fields: readonly Field[];
    readonly body: string;
    readonly persists: boolean;
  }
  /** Answered with 417; the connection goes on as `persists` says, because there is no body in the way. */
  | {
    readonly kind: "declined";
    readonly status: 417;
    readonly method: string;
    readonly persists: boolean;
  }
  /** Answered with this status, and nothing more is read as a request. */
  | { readonly kind: "refused"; readonly status: number; readonly isHeadRequest: boolean };

/** All that comes of some bytes, and what they are a part of in the end. */
export interface ReferenceReading {
  readonly outcomes: readonly ReferenceOutcome[];
  readonly awaiting: "request" | "head" | "body";
  /** Whether bytes are there that are not whole: what the end of the client would cut off. */
  readonly isUnfinished: boolean;
  /** Whether a refusal of what is awaited would answer a HEAD, and so have no body. */
  readonly isHeadAwaited: boolean;
  /** Where the client may have to be told to go on with a body. */
  readonly continues: readonly Continue[];
}

/** A head whose client waits to be told to go on, if nothing of its body has come with it (RFC 9110, section 10.1.1). */
export interface Continue {
  /** Before which outcome, by its index. What is awaited in the end counts as one more. */
  readonly before: number;
  /** How many bytes there are up to the end of the head. */
  readonly at: number;
}

type Field = readonly [name: string, value: string];

/** A rule that speaks up: at which byte, and with which status. */
interface Fault {
  readonly at: number;
  readonly status: number;
}

interface Head {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: 0 | 1;
  /** With the white space around their values. */
  readonly fields: readonly Field[];
}

type HeadReading =
  | { readonly kind: "partial" }
  | { readonly kind: "refused"; readonly status: number; readonly isHeadRequest: boolean }
  | { readonly kind: "head"; readonly head: Head; readonly end: number };

type BodyReading =
  | { readonly kind: "partial" }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "body"; readonly body: string; readonly end: number };

// The grammar, as the sources of regular expressions.

/** RFC 9110, section 5.6.2. */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** field-value with the white space around it; obs-text is allowed, controls other than the tab are not (section 5.5). */
const FIELD_TEXT = "[\\t\\x20-\\x7e\\x80-\\xff]*";
const FIELD_LINE = `${TOKEN}:${FIELD_TEXT}\\r\\n`;
/** Printable ASCII without `"`, `#`, `<` and `>`. The forms are told apart later. */
const TARGET = "[!$-;=?-~]*";
const QUOTED_TEXT = "(?:[\\t\\x20!#-\\[\\]-~\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*";
const QUOTED_STRING = `"${QUOTED_TEXT}"`;
/** RFC 9112, section 7.1.1, without the white space of senders long gone. */
const CHUNK_EXTENSION = `;${TOKEN}(?:=(?:${TOKEN}|${QUOTED_STRING}))?`;

/** Without the comma, which joins two values of a field, and without an encoded NUL. */
const REGISTERED_NAME = `(?:[A-Za-z0-9\\-._~!$&'()*+;=]|%(?!00)[0-9A-Fa-f]{2})+`;
const IPV6_ADDRESS = makeIpv6Address();
/** uri-host [ ":" port ] of RFC 3986, never empty. The address forms of the future (IPvFuture) have not come: they are refused. */
const HOST = new RegExp(`^(\\[(?:${IPV6_ADDRESS})\\]|${REGISTERED_NAME})(?::(\\d*))?$`);

/** How an IPv6 address may be written (RFC 3986, section 3.2.2): nine forms, by how much stands before the `::`. */
function makeIpv6Address(): string {
  const group = "[0-9A-Fa-f]{1,4}";
  const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  const last = `(?:${group}:${group}|${octet}(?:\\.${octet}){3})`;
  const before = (count: number) => `(?:(?:${group}:){0,${count}}${group})?`;
  return [
    `(?:${group}:){6}${last}`,
    `::(?:${group}:){5}${last}`,
    `${before(0)}::(?:${group}:){4}${last}`,
    `${before(1)}::(?:${group}:){3}${last}`,
    `${before(2)}::(?:${group}:){2}${last}`,
    `${before(3)}::${group}:${last}`,
    `${before(4)}::${last}`,
    `${before(5)}::${group}`,
    `${before(6)}::`,
  ].join("|");
}

/** An expression for the longest text that the parts, one behind the other, begin with. */
function beginningOf(...parts: readonly string[]): RegExp {
  return new RegExp(`^${parts.reduceRight((rest, part) => `(?:${part}${rest})?`, "")}`);
}

/** How far a request line, or a part of one, goes. Two spaces in a row are none of it: a target is not empty. */
const REQUEST_LINE = beginningOf(
  TOKEN,
  " ",
  "(?! )" + TARGET,
  " ",
  ..."HTTP/",
  "\\d",
  "\\.",
  "\\d",
  "\\r",
  "\\n",
);
const WHOLE_REQUEST_LINE = new RegExp(`^(${TOKEN}) ((?! )${TARGET}) HTTP/(\\d)\\.(\\d)\\r\\n`);
const FIELD_LINES = new RegExp(`^(?:${FIELD_LINE})*`);
/** How far a field line, or the empty line behind the last one, goes. */
const LAST_LINE = new RegExp(`^(?:\\r\\n?|${TOKEN}(?::${FIELD_TEXT}(?:\\r\\n?)?)?)?`);
/** How far a chunk line goes: extensions that have ended, and one that has not, or the end of the line. */
const CHUNK_LINE = new RegExp(
  `^[0-9A-Fa-f]{1,16}(?:${CHUNK_EXTENSION}(?=[;\\r]|$))*` +
    `(?:\\r\\n?|;(?:${TOKEN}(?:=(?:${TOKEN}|${QUOTED_STRING}|"${QUOTED_TEXT}\\\\?)?)?)?)?`,
);
const WHOLE_CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]{1,16})((?:${CHUNK_EXTENSION})*)\\r\\n`);
const WHOLE_TOKEN = new RegExp(`^${TOKEN}$`);

function lengthOf(expression: RegExp, text: string): number {
  return expression.exec(text)?.[0].length ?? 0;
}

/** What comes of `text`: all bytes that have come over a connection. */
export function readReference(text: string, limits: ReferenceLimits): ReferenceReading {
  const outcomes: ReferenceOutcome[] = [];
  const continues: Continue[] = [];
  const end = (
    awaiting: ReferenceReading["awaiting"],
    isHeadAwaited = false,
    isUnfinished = awaiting !== "request",
  ): ReferenceReading => ({ outcomes, awaiting, isUnfinished, isHeadAwaited, continues });

  let rest = text;
  for (;;) {
    // One empty line before a request is forgiven (RFC 9112, section 2.2), and counts nowhere.
    // As long as only empty lines have come, no request has begun that could be refused for them.
    if (/^(?:\r\n)*\r?$/.test(rest)) return end("request");
    if (rest.startsWith("\r\n")) rest = rest.slice(2);

    const reading = readHead(rest, limits);
    if (reading.kind === "partial") return end("head", rest.startsWith("HEAD "));
    if (reading.kind === "refused") {
      outcomes.push(reading);
      return end("request");
    }
    const { head } = reading;
    const { method, target, minorVersion, fields } = head;
    const isHeadRequest = method === "HEAD";
    const persists = canPersist(head);
    const refused = (status: number) => {
      outcomes.push({ kind: "refused", status, isHeadRequest });
      return end("request");
    };
    rest = rest.slice(reading.end);

    const status = faultOfWholeHead(head, limits);
    if (status !== undefined) return refused(status);
    const expectation = expectationOf(head);
    if (expectation === "unknown") {
      outcomes.push({ kind: "declined", status: 417, method, persists });
      if (!persists) return end("request");
      continue;
    }

    if (expectation === "100-continue" && hasBody(head)) {
      continues.push({ before: outcomes.length, at: text.length - rest.length });
    }
    const body = isChunked(head)
      ? readChunkedBody(rest, limits)
      : readBodyOfLength(rest, contentLength(head));
    if (body.kind === "partial") return end("body", isHeadRequest);
    if (body.kind === "refused") return refused(body.status);
    outcomes.push({
      kind: "request",
      method,
      target,
      path: pathOf(target),
      query: target.slice(target.indexOf("?") + 1 || Infinity),
      minorVersion,
      fields: fields.map(([name, value]) => [name, trim(value)]),
      body: body.body,
      persists,
    });
    if (!persists) return end("request");
    rest = rest.slice(body.end);
  }
}

/** The first fault, and of two at one byte the one that is named first. */
function firstOf(faults: readonly Fault[]): Fault | undefined {
  return faults.toSorted((a, b) => a.at - b.at)[0];
}

function readHead(text: string, limits: ReferenceLimits): HeadReading {
  const emptyLine = text.indexOf("\r\n\r\n");
  const end = emptyLine < 0 ? Infinity : emptyLine + 4;
  const bytes = text.slice(0, Math.min(end, limits.maxHeadBytes));
  const faults: Fault[] = [];

  // The request line.
  const requestLine = lengthOf(REQUEST_LINE, bytes);
  const [, method = "", target = "", major = "", minor = ""] = WHOLE_REQUEST_LINE.exec(bytes) ?? [];
  const isRequestLineWhole = method !== "";
  if (!isRequestLineWhole && requestLine < bytes.length) {
    faults.push({ at: requestLine, status: 400 });
  }
  const beforeTarget = lengthOf(new RegExp(`^${TOKEN} `), bytes);
  const targetSoFar = lengthOf(new RegExp(`^${TARGET}`), bytes.slice(beforeTarget));
  if (beforeTarget > 0 && targetSoFar > limits.maxTargetBytes) {
    faults.push({ at: beforeTarget + limits.maxTargetBytes, status: 414 });
  }
  if (isRequestLineWhole) {
    const at = requestLine - 1;
    if (major !== "1") faults.push({ at, status: 505 });
  }

  // The field lines.
  if (isRequestLineWhole) {
    const lines = bytes.slice(requestLine);
    const whole = FIELD_LINES.exec(lines)?.[0] ?? "";
    const starts = Array.from(whole.matchAll(/\n/g), ({ index }) => requestLine + index + 1);
    const tooMany = [requestLine, ...starts][limits.maxHeaderCount];
    if (tooMany !== undefined && tooMany < bytes.length && beginsField(bytes[tooMany])) {
      faults.push({ at: tooMany, status: 431 });
    }
    const valid = requestLine + whole.length + lengthOf(LAST_LINE, lines.slice(whole.length));
    if (valid < bytes.length) faults.push({ at: valid, status: 400 });
  }

  // Bytes as many as there may be, and the end is not among them.
  if (end > bytes.length && bytes.length === limits.maxHeadBytes) {
    // A method that fills it all is none, and no head that is too large.
    faults.push({ at: bytes.length, status: beforeTarget > 0 ? 431 : 400 });
  }

  const fault = firstOf(faults);
  if (fault !== undefined) {
    const isHeadRequest = bytes.startsWith("HEAD ") && fault.at >= "HEAD ".length;
    return { kind: "refused", status: fault.status, isHeadRequest };
  }
  if (end > bytes.length) return { kind: "partial" };
  const fields = Array.from(
    bytes.slice(requestLine).matchAll(new RegExp(`(${TOKEN}):(${FIELD_TEXT})\\r\\n`, "g")),
    ([, name, value]): Field => [name, value],
  );
  return {
    kind: "head",
    head: { method, target, minorVersion: minor === "0" ? 0 : 1, fields },
    end,
  };
}

/** Whether a line that begins with this byte is one field more: not the empty line, or a line that is folded. */
function beginsField(byte: string): boolean {
  return !/[ \t\r\n]/.test(byte);
}

// The request target and Host (RFC 9112, section 3.2).

/** Whether a target has a form that its method allows; what is in its authority is looked at where there is a Host to agree with. */
function isTargetForm({ method, target }: Head): boolean {
  if (target === "*") return method === "OPTIONS";
  // Some take a backslash in a path for a slash. In a query it does no harm.
  if (/^[^?]*\\/.test(target)) return false;
  // A NUL ends the path for whoever hands it to the system (RFC 3986, section 7.3).
  if (rawPathOf(target).includes("%00")) return false;
  return target.startsWith("/") || /^https?:\/\//i.test(target);
}

/** The path of a target, as it was sent. */
function rawPathOf(target: string): string {
  return target.replace(/\?.*/, "").replace(/^https?:\/\/[^/]*/i, "");
}

/** The path of a target, as the URL standard resolves it. It is cut at its slashes before it is decoded: "%2F" makes no segment. */
function pathOf(target: string): string {
  if (target === "*") return target;
  return new URL(`http://a${rawPathOf(target)}`).pathname.split(/%2f/i).map(decode).join("%2F");
}

/** Decodes percent-encoded UTF-8; what is none is lost. */
function decode(text: string): string {
  const bytes = Array.from(
    text.matchAll(/%([0-9A-Fa-f]{2})|./g),
    ([character, digits]) => digits === undefined ? character.charCodeAt(0) : parseInt(digits, 16),
  );
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes));
}

/** A host and its port in one way of writing; undefined where it is none. */
function normalHost(text: string, defaultPort: string): string | undefined {
  const [matched, host, port = ""] = HOST.exec(text) ?? [];
  if (matched === undefined || Number(port) > 65_535) return undefined;
  // Ports are compared as they are written: who writes "080" on one side and "80" on the other is up to something.
  return `${host.toLowerCase()}:${port === "" ? defaultPort : port}`;
}

/** Host must be there in HTTP/1.1, and where it is, be one host. */
function isHostFaulty({ minorVersion, fields }: Head): boolean {
  const hosts = valuesOf(fields, "host");
  if (hosts.length === 0) return minorVersion === 1;
  return hosts.length > 1 || normalHost(hosts[0], "") === undefined;
}

/** The authority of an absolute-form target must be a host, and that of Host where there is one. */
function isAuthorityFaulty({ target, fields }: Head): boolean {
  const [scheme, authority] = /^(https?):\/\/([^/?]*)/i.exec(target)?.slice(1) ?? [];
  if (authority === undefined) return false;
  const defaultPort = scheme.toLowerCase() === "https" ? "443" : "80";
  const wanted = normalHost(authority, defaultPort);
  const [host = authority] = valuesOf(fields, "host");
  return wanted === undefined || normalHost(host, defaultPort) !== wanted;
}

// Framing (RFC 9112, section 6), expectations and persistence.

/** Without the white space that may stand around a value (OWS: RFC 9110, section 5.6.3). */
function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** The values of all fields of that name, without the white space around them. */
function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields
    .filter((field) => field[0].toLowerCase() === name)
    .map(([, value]) => trim(value));
}

/** The members of a list, in lower case, empty ones too. */
function membersOf(fields: readonly Field[], name: string): string[] {
  return valuesOf(fields, name)
    .flatMap((value) => value.split(","))
    .map((member) => trim(member).toLowerCase());
}

/** With which status a head is refused when it is whole; undefined where there is nothing wrong with it. */
function faultOfWholeHead(head: Head, limits: ReferenceLimits): number | undefined {
  const { fields, minorVersion } = head;
  const lengths = valuesOf(fields, "content-length");
  const codings = membersOf(fields, "transfer-encoding");
  if (isHostFaulty(head)) return 400;
  // For a proxy, which this is not: what its target is does not matter.
  if (head.method === "CONNECT") return 501;
  if (!isTargetForm(head) || isAuthorityFaulty(head)) return 400;
  if (lengths.length > 1 || hasTab(fields, "content-length")) return 400;
  // "010" is ten by the grammar, and eight to whoever reads it as C does.
  if (lengths.some((length) => !/^(?:0|[1-9]\d*)$/.test(length))) return 400;
  if (lengths.some((length) => !isExact(BigInt(length)))) return 400;
  if (codings.length > 0) {
    if (minorVersion === 0 || lengths.length > 0) return 400;
    if (hasTab(fields, "transfer-encoding")) return 400;
    // Whether the parameters of a coding that nobody knows are well-formed does not matter.
    const names = codings.map((coding) => trim(coding.split(";")[0]));
    if (!names.every((name) => WHOLE_TOKEN.test(name))) return 400;
    const chunked = codings.filter((_, index) => names[index] === "chunked");
    if (chunked.some((coding) => coding !== "chunked") || chunked.length > 1) return 400;
    if (chunked.length === 1 && codings.at(-1) !== "chunked") return 400;
    if (codings.length > 1 || chunked.length === 0) return 501;
  }
  // RFC 9110, section 9.3.8.
  if (head.method === "TRACE" && hasBody(head)) return 400;
  if (expectationOf(head) === "unknown" && hasBody(head)) return 417;
  if (contentLength(head) > limits.maxBodyBytes) return 413;
  return undefined;
}

/** Whether a tab is anywhere in the lines of that name. It is white space; but others have been attacked by it, and nobody needs it. */
function hasTab(fields: readonly Field[], name: string): boolean {
  return fields.some((field) => field[0].toLowerCase() === name && field[1].includes("\t"));
}

/** Whether a double holds that number and all below it (2^53 - 1). */
function isExact(number: bigint): boolean {
  return number <= BigInt(Number.MAX_SAFE_INTEGER);
}

function contentLength({ fields }: Head): number {
  const [length = "0"] = valuesOf(fields, "content-length");
  return Number(length);
}

function isChunked({ fields }: Head): boolean {
  return valuesOf(fields, "transfer-encoding").length > 0;
}

function hasBody(head: Head): boolean {
  return isChunked(head) || contentLength(head) > 0;
}

/** RFC 9110, section 10.1.1. HTTP/1.0 has no expectations. */
function expectationOf({ fields, minorVersion }: Head): "none" | "100-continue" | "unknown" {
  const expectations = membersOf(fields, "expect").filter((member) => member !== "");
  if (minorVersion === 0 || expectations.length === 0) return "none";
  return expectations.every((member) => member === "100-continue") ? "100-continue" : "unknown";
}

/** RFC 9112, section 9.3. */
function canPersist({ fields, minorVersion }: Head): boolean {
  const options = membersOf(fields, "connection");
  if (options.includes("close")) return false;
  return minorVersion === 1 || options.includes("keep-alive");
}

// Bodies (RFC 9112, sections 6.2 and 7.1).

function readBodyOfLength(text: string, length: number): BodyReading {
  if (text.length < length) return { kind: "partial" };
  return { kind: "body", body: text.slice(0, length), end: length };
}

function readChunkedBody(text: string, limits: ReferenceLimits): BodyReading {
  const refused = (status: number): BodyReading => ({ kind: "refused", status });
  let body = "";
  let allExtensionBytes = 0;
  let at = 0;
  for (;;) {
    const rest = text.slice(at);
    const line = WHOLE_CHUNK_LINE.exec(rest);
    const [digits = ""] = /^[0-9A-Fa-f]{1,16}/.exec(rest) ?? [];
    const valid = lengthOf(CHUNK_LINE, rest);
    const faults: Fault[] = [];
    if (line === null && valid < rest.length) faults.push({ at: valid, status: 400 });
    // The size is known with the byte behind it, whatever that is.
    if (digits !== "" && digits.length < rest.length) {
      const size = BigInt("0x" + digits);
      const status = isExact(size) ? 413 : 400;
      if (size > limits.maxBodyBytes - body.length) faults.push({ at: digits.length, status });
    }
    // Extensions are bounded all together, as a head is. What is counted is what stands behind their first semicolon, with CR.
    const extensionBytes = line === null ? valid - digits.length - 1 : line[2].length;
    const allowedBytes = limits.maxHeadBytes - allExtensionBytes;
    if (rest[digits.length] === ";" && extensionBytes > allowedBytes) {
      faults.push({ at: digits.length + 1 + allowedBytes, status: 400 });
    }
    const fault = firstOf(faults);
    if (fault !== undefined) return refused(fault.status);
    if (line === null) return { kind: "partial" };
    allExtensionBytes += extensionBytes;
    at += line[0].length;

    const size = Number("0x" + digits);
    if (size === 0) break;
    const data = text.slice(at, at + size);
    const behind = text.slice(at + size, at + size + 2);
    if (!"\r\n".startsWith(behind)) return refused(400);
    if (behind.length < 2) return { kind: "partial" };
    body += data;
    at += size + 2;
  }
  const trailers = readTrailers(text.slice(at), limits);
  return trailers.kind === "body" ? { kind: "body", body, end: at + trailers.end } : trailers;
}

/** What may never be a trailer (RFC 9110, section 6.5.1), and would mean much if somebody took it for a header. */
const FORBIDDEN_TRAILERS = ["host", "connection", "content-length", "transfer-encoding", "expect"];

/** Trailer lines are looked at like those of a head, bounded like them, and then forgotten. */
function readTrailers(text: string, limits: ReferenceLimits): BodyReading {
  const whole = FIELD_LINES.exec(text.slice(0, limits.maxHeadBytes))?.[0] ?? "";
  const lines = text.slice(0, limits.maxHeadBytes);
  const isWhole = lines.startsWith("\r\n", whole.length);
  const faults: Fault[] = [];
  const starts = Array.from(whole.matchAll(/\n/g), ({ index }) => index + 1);
  const tooMany = [0, ...starts][limits.maxHeaderCount];
  if (tooMany !== undefined && tooMany < lines.length && beginsField(lines[tooMany])) {
    faults.push({ at: tooMany, status: 431 });
  }
  const valid = whole.length + lengthOf(LAST_LINE, lines.slice(whole.length));
  if (!isWhole && valid < lines.length) faults.push({ at: valid, status: 400 });
  if (!isWhole && lines.length === limits.maxHeadBytes) {
    faults.push({ at: lines.length, status: 431 });
  }
  const fault = firstOf(faults);
  if (fault !== undefined) return { kind: "refused", status: fault.status };
  if (!isWhole) return { kind: "partial" };
  const names = Array.from(
    whole.matchAll(new RegExp(`(${TOKEN}):.*\r\n`, "g")),
    ([, name]) => name,
  );
  if (names.some((name) => FORBIDDEN_TRAILERS.includes(name.toLowerCase()))) {
    return { kind: "refused", status: 400 };
  }
  return { kind: "body", body: "", end: whole.length + 2 };
}
