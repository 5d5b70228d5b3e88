// Reads a form as browsers write it, in the memory of the connection. What it reads, it reads as the
// platform's `formData()` does: a test compares both. It leaves every other form to that, which
// takes two to four times as long. So nothing here decides what is wrong with a form.

import { Buffer } from "node:buffer";
import { readForm } from "./form.ts";
import { isMediaType } from "../http1/grammar.ts";
import { decodeUtf8 } from "../http1/request_body.ts";

const { latin1Slice } = Buffer.prototype;

const URLENCODED = /^application\/x-www-form-urlencoded(?:; ?charset=utf-8)?$/i;
const MULTIPART = /^multipart\/form-data; ?boundary=([0-9A-Za-z\-_]{1,70})$/;

const FIELD_START = '\r\nContent-Disposition: form-data; name="';
const FILE_START = '"; filename="';
const TYPE_START = "\r\nContent-Type: ";
const HEAD_END = "\r\n\r\n";

/** Characters in a name that are escaped, that delimit something for some parsers, or that a field may not have. */
// deno-lint-ignore no-control-regex
const SPECIAL = /["\\%;=\0-\x1f\x7f]/;

/** Reads a form; undefined if the platform has to read it. */
export function readBrowserForm(
  contentType: string,
  bytes: Uint8Array<ArrayBuffer>,
): FormData | undefined {
  if (URLENCODED.test(contentType)) {
    const reading = readForm({ kind: "urlencoded" }, bytes);
    return reading.kind === "form" ? reading.form : undefined;
  }
  const boundary = MULTIPART.exec(contentType)?.[1];
  return boundary === undefined ? undefined : new MultipartReader(bytes, boundary).read();
}

/** Reads the parts of a form, one after another. */
class MultipartReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** One character for each byte. */
  readonly #text: string;
  readonly #delimiter: string;
  readonly #form = new FormData();

  constructor(bytes: Uint8Array<ArrayBuffer>, boundary: string) {
    this.#bytes = bytes;
    this.#text = latin1Slice.call(bytes, 0, bytes.length);
    this.#delimiter = `\r\n--${boundary}`;
  }

  read(): FormData | undefined {
    const text = this.#text;
    if (!text.startsWith(this.#delimiter.slice(2))) return undefined;
    let at = this.#delimiter.length - 2;
    while (text.startsWith("\r\n", at)) {
      const end = this.#readPart(at);
      if (end === undefined) return undefined;
      at = end + this.#delimiter.length;
    }
    const isWhole = text.startsWith("--", at) &&
      (at + 2 === text.length || (at + 4 === text.length && text.endsWith("\r\n")));
    return isWhole ? this.#form : undefined;
  }

  /** Reads the part whose first line follows the line end at `start`. Returns where it ends. */
  #readPart(start: number): number | undefined {
    const text = this.#text;
    if (!text.startsWith(FIELD_START, start)) return undefined;
    const nameStart = start + FIELD_START.length;
    const nameEnd = text.indexOf('"', nameStart);
    const name = this.#readName(nameStart, nameEnd);
    if (name === undefined || name === "") return undefined;
    if (!text.startsWith(FILE_START, nameEnd)) return this.#readField(name, nameEnd + 1);
    const filenameStart = nameEnd + FILE_START.length;
    const filenameEnd = text.indexOf('"', filenameStart);
    const filename = this.#readName(filenameStart, filenameEnd);
    return filename === undefined ? undefined : this.#readFile(name, filename, filenameEnd + 1);
  }

  #readName(start: number, end: number): string | undefined {
    if (end < 0 || SPECIAL.test(this.#text.slice(start, end))) return undefined;
    return decodeUtf8(this.#bytes, start, end);
  }

  #readField(name: string, headEnd: number): number | undefined {
    if (!this.#text.startsWith(HEAD_END, headEnd)) return undefined;
    const start = headEnd + HEAD_END.length;
    const end = this.#contentEnd(start);
    if (end === undefined) return undefined;
    this.#form.append(name, decodeUtf8(this.#bytes, start, end));
    return end;
  }

  #readFile(name: string, filename: string, at: number): number | undefined {
    const text = this.#text;
    if (!text.startsWith(TYPE_START, at)) return undefined;
    const typeStart = at + TYPE_START.length;
    const headEnd = text.indexOf(HEAD_END, typeStart);
    const type = text.slice(typeStart, headEnd);
    // `File` keeps it as the client wrote it, but for the case.
    if (headEnd < 0 || !isMediaType(type)) return undefined;
    const start = headEnd + HEAD_END.length;
    const end = this.#contentEnd(start);
    if (end === undefined) return undefined;
    this.#form.append(name, new File([this.#bytes.subarray(start, end)], filename, { type }));
    return end;
  }

  /** Returns where the content ends that begins at `start`: where its delimiter begins. */
  #contentEnd(start: number): number | undefined {
    // A delimiter can begin with the line end before the content, which is empty then.
    const end = this.#text.indexOf(this.#delimiter, start - 2);
    return end < start ? undefined : end;
  }
}
