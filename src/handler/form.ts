// Reads the body of a request as a form: which of the two kinds it is, by the Content-Type, and then the platform's FormData.
// What is wrong comes back as a value with a status. Bytes in, values out: no sockets, no clocks.

import { Buffer, constants } from "node:buffer";
import { trimWhiteSpace } from "../http1/grammar.ts";
import {
  type FormRefusal,
  isBoundary,
  parseMultipart,
  type Part,
  refuseForm,
} from "./multipart.ts";
import { parseParameters } from "./parameters.ts";

const { latin1Slice, utf8Slice } = Buffer.prototype;

/** How a form is encoded. */
export type FormEncoding =
  | { readonly kind: "urlencoded" }
  | { readonly kind: "multipart"; readonly boundary: string };

/** What came of reading a form. */
export type FormReading = { readonly kind: "form"; readonly form: FormData } | FormRefusal;

/** Reads from a Content-Type how a form is encoded. The parameters of an urlencoded form mean nothing (WHATWG URL, section 5.1). */
export function parseFormEncoding(contentType: string): FormEncoding | FormRefusal {
  const semicolon = contentType.indexOf(";");
  const typeEnd = semicolon < 0 ? contentType.length : semicolon;
  switch (trimWhiteSpace(contentType.slice(0, typeEnd)).toLowerCase()) {
    case "application/x-www-form-urlencoded":
      return { kind: "urlencoded" };
    case "multipart/form-data":
      return parseBoundary(contentType, typeEnd);
    default:
      return refuseForm(
        "The body of the request has to be application/x-www-form-urlencoded or multipart/form-data",
        415,
      );
  }
}

function parseBoundary(contentType: string, start: number): FormEncoding | FormRefusal {
  const reading = parseParameters(contentType, start, "escape");
  if (reading.kind === "malformed") {
    return refuseForm(`The Content-Type of the form ${reading.fault}`);
  }
  const boundary = reading.parameters.get("boundary")?.text;
  if (boundary === undefined) return refuseForm("The Content-Type of the form has no boundary");
  if (!isBoundary(boundary)) {
    return refuseForm(
      "The boundary in the Content-Type of the form is not 1 to 70 of the characters that RFC 2046 allows",
    );
  }
  return { kind: "multipart", boundary };
}

/** Forms are read as text with one character for each byte, and urlencoded ones need up to three: more does not fit a string. */
export const MAX_FORM_BYTES: Readonly<Record<FormEncoding["kind"], number>> = {
  multipart: constants.MAX_STRING_LENGTH,
  urlencoded: Math.floor(constants.MAX_STRING_LENGTH / 3) - 1,
};

/**
 * The most fields of an urlencoded form. Each takes half a microsecond to read: a megabyte of them, which is one kilobyte in gzip,
 * would keep a worker from everything else for a third of a second. A form for people to fill in has hundreds.
 */
export const MAX_FIELDS = 10_000;

/** Reads the bytes of a form. */
export function readForm(encoding: FormEncoding, bytes: Uint8Array<ArrayBuffer>): FormReading {
  const maxBytes = MAX_FORM_BYTES[encoding.kind];
  if (bytes.length > maxBytes) {
    return refuseForm(`The form is larger than the ${maxBytes} bytes that can be read`, 413);
  }
  const form = new FormData();
  if (encoding.kind === "urlencoded") {
    const text = latin1Slice.call(bytes, 0, bytes.length);
    if (hasMoreFields(text, MAX_FIELDS)) {
      return refuseForm(`The form has more than ${MAX_FIELDS} fields`, 413);
    }
    for (const [name, value] of parseUrlencoded(text)) form.append(name, value);
    return { kind: "form", form };
  }
  const reading = parseMultipart(bytes, encoding.boundary);
  if (reading.kind === "refused") return reading;
  for (const part of reading.parts) form.append(part.name, valueOf(part));
  return { kind: "form", form };
}

/** Whether an urlencoded form has more than `most` fields, of which one can be empty. */
function hasMoreFields(text: string, most: number): boolean {
  let fields = 1;
  for (let at = text.indexOf("&"); at >= 0 && fields <= most; at = text.indexOf("&", at + 1)) {
    fields++;
  }
  return fields > most;
}

/**
 * The pairs of an urlencoded form, parsed as bytes (WHATWG URL, section 5.1), of which each is a character of `text`.
 * `URLSearchParams` parses text: bytes above 0x7F are percent-encoded for it, so that those which are not UTF-8 come out as the
 * standard has it, and it drops one question mark at the beginning, which in a body is part of a name.
 */
function parseUrlencoded(text: string): URLSearchParams {
  return new URLSearchParams(`?${text.replace(/[\x80-\xff]/g, percentEncode)}`);
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

/** A file where the part has a file name, even an empty one; else text, which is UTF-8 whatever the part's type (RFC 7578, section 5.1.2). */
function valueOf({ filename, contentType = "text/plain", bytes }: Part): string | File {
  return filename === undefined
    ? utf8Slice.call(bytes, 0, bytes.length)
    : new File([bytes], filename, { type: contentType });
}
