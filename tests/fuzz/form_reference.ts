// A second reading of forms, to hold the parser to: regular expressions over the whole text, slow, and with nothing of src/ in it.
// It follows RFC 7578, RFC 2046, the WHATWG text and the page about forms (src/docs/request-bodies.md).

/** One entry. The content has one character for each byte. */
export interface ReferenceEntry {
  readonly name: string;
  readonly value: string | {
    readonly filename: string;
    readonly type: string;
    readonly content: string;
  };
}

/** What must come of a form: its entries, or a refusal with one of those statuses. */
export type ReferenceForm =
  | { readonly kind: "form"; readonly entries: readonly ReferenceEntry[] }
  | { readonly kind: "refused"; readonly statuses: readonly number[] };

const MAX_PARTS = 1_000;
const MAX_FIELDS = 10_000;
const MAX_HEAD_BYTES = 16_384;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PLAIN = '[^\\x00-\\x20\\x7f";,\\\\]+';
const LITERAL = '"[^"]*"';
const ESCAPED = '"(?:\\\\[^]|[^"\\\\])*"';

/** The parameters of a field, where quoted text has that form; undefined where they are malformed. */
function parametersOf(text: string, quoted: string): Map<string, string> | undefined {
  const isWhole = new RegExp(`^(?:[ \\t]*;(?:[ \\t]*${TOKEN}=(?:${quoted}|${PLAIN}))?)*[ \\t]*$`);
  if (!isWhole.test(text)) return undefined;
  const parameters = new Map<string, string>();
  const each = new RegExp(`;[ \\t]*(${TOKEN})=(${quoted}|${PLAIN})`, "g");
  for (const [, name, value] of text.matchAll(each)) {
    if (parameters.has(name.toLowerCase())) return undefined;
    parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

function unescape(text: string): string {
  return text.replace(/\\(["\\])/g, "$1");
}

/** A text without the quotes around it, if it has them, and changed if it has them. */
function unquote(value: string, change: (text: string) => string): string {
  return value.startsWith('"') ? change(value.slice(1, -1)) : value;
}

function undoPercents(text: string): string {
  return text.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

function decodeUtf8(bytes: string): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}

/** Reads a form, of which the body has one character for each byte. */
export function readReferenceForm(contentType: string, body: string): ReferenceForm {
  const [, type, rest] = /^([^;]*)([^]*)$/.exec(contentType) ?? [];
  switch (type.replace(/^[ \t]+|[ \t]+$/g, "").toLowerCase()) {
    case "application/x-www-form-urlencoded":
      return body.split("&").length > MAX_FIELDS
        ? { kind: "refused", statuses: [413] }
        : { kind: "form", entries: pairsOf(body) };
    case "multipart/form-data": {
      const written = parametersOf(rest, ESCAPED)?.get("boundary");
      const boundary = written && unquote(written, unescape);
      if (!/^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary ?? "")) {
        return { kind: "refused", statuses: [400] };
      }
      const entries = partsOf(body, `\r\n--${boundary}`);
      if (entries !== undefined) return { kind: "form", entries };
      // Which fault is found first is the parser's business.
      return { kind: "refused", statuses: body.length > MAX_HEAD_BYTES ? [400, 413] : [400] };
    }
    default:
      return { kind: "refused", statuses: [415] };
  }
}

function pairsOf(body: string): ReferenceEntry[] {
  const decode = (text: string) =>
    decodeUtf8(
      text.replaceAll("+", " ").replace(
        /%([0-9A-Fa-f]{2})/g,
        (_, digits) => String.fromCharCode(parseInt(digits, 16)),
      ),
    );
  return body.split("&").filter((pair) => pair !== "").map((pair) => {
    const [, name, value = ""] = /^([^=]*)=?([^]*)$/.exec(pair) ?? [];
    return { name: decode(name), value: decode(value) };
  });
}

function partsOf(body: string, delimiter: string): ReferenceEntry[] | undefined {
  const [preamble, ...pieces] = `\r\n${body.replace(/^(?:\r\n)+/, "")}`.split(delimiter);
  const epilogue = pieces.pop() ?? "";
  if (preamble !== "" || !/^--[ \t]*(?:\r\n)*$/.test(epilogue)) return undefined;
  if (pieces.length > MAX_PARTS) return undefined;
  const entries = pieces.map(entryOf);
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

/** The entry of what stands between two delimiters. */
function entryOf(piece: string): ReferenceEntry | undefined {
  const section = /^[ \t]*(\r\n[^]*)$/.exec(piece)?.[1];
  const headEnd = section?.indexOf("\r\n\r\n") ?? -1;
  if (section === undefined || headEnd < 0 || headEnd - 2 > MAX_HEAD_BYTES) return undefined;
  const fields = fieldsOf(decodeUtf8(section.slice(2, headEnd)));
  if (!/^(?:7bit|8bit|binary)$/i.test(fields?.get("content-transfer-encoding") ?? "binary")) {
    return undefined;
  }
  const disposition = /^form-data([ \t;][^]*)?$/i.exec(fields?.get("content-disposition") ?? "");
  if (disposition === null) return undefined;
  const [, text = ""] = disposition;
  const literal = parametersOf(text, LITERAL);
  const parameters = literal ?? parametersOf(text, ESCAPED);
  const [name, filename] = ["name", "filename"].map((parameter) => {
    const value = parameters?.get(parameter);
    return value === undefined
      ? undefined
      : unquote(value, (text) => undoPercents(literal ? text : unescape(text)));
  });
  if (name === undefined) return undefined;
  const content = section.slice(headEnd + 4);
  if (filename === undefined) return { name, value: decodeUtf8(content) };
  const written = fields?.get("content-type") ?? "text/plain";
  const type = /[^\x20-\x7e]/.test(written) ? "" : written.toLowerCase();
  return { name, value: { filename, type, content } };
}

const MEANINGFUL = ["content-disposition", "content-type", "content-transfer-encoding"];

function fieldsOf(head: string): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  for (const line of head.split("\r\n")) {
    const match = new RegExp(`^(${TOKEN}):[ \\t]*([^\\r\\n]*?)[ \\t]*$`).exec(line);
    if (match === null) return undefined;
    const name = match[1].toLowerCase();
    if (MEANINGFUL.includes(name) && fields.has(name)) return undefined;
    fields.set(name, match[2]);
  }
  return fields;
}
