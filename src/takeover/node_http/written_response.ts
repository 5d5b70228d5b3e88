// The response that a listener to `clientError` writes by itself, as bytes. This server reads it by its
// own rules, and sends what it has read: so it is one response, with the length that its body has, and
// no more follows. A response that can be read in two ways is none.

import { checkField, type Field } from "../../handler/checked_headers.ts";
import { OutgoingResponse } from "../../handler/outgoing_response.ts";
import { parseDecimal } from "../../http1/grammar.ts";

const STATUS_LINE = /^HTTP\/1\.[01] ([2-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const END = "\r\n\r\n";
const FIELD_LINE = /^([^:]+):[\t ]*(.*?)[\t ]*$/;

/** Reads a response that a program has written. Returns undefined if it is none, or not just one. */
export function readWrittenResponse(
  written: Uint8Array<ArrayBuffer>,
): OutgoingResponse | undefined {
  const text = new TextDecoder("latin1").decode(written);
  const end = text.indexOf(END);
  const [statusLine, ...lines] = text.slice(0, Math.max(0, end)).split("\r\n");
  const [, status] = STATUS_LINE.exec(statusLine) ?? [];
  const fields = status === undefined ? undefined : readFields(lines);
  if (fields === undefined) return undefined;
  const body = written.subarray(end + END.length);
  if (!isFramed(fields, body.length)) return undefined;
  return new OutgoingResponse(Number(status), null, fields, body);
}

function readFields(lines: readonly string[]): Field[] | undefined {
  const fields: Field[] = [];
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined) return undefined;
    try {
      checkField(name, value);
    } catch {
      // It may not be sent.
      return undefined;
    }
    fields.push([name, value]);
  }
  return fields;
}

/** Whether a body is as long as the fields declare, if they do. Codings of a transfer are not read. */
function isFramed(fields: readonly Field[], bodyBytes: number): boolean {
  const valuesOf = (wanted: string) =>
    fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  if (valuesOf("transfer-encoding").length > 0) return false;
  return valuesOf("content-length").every((value) => parseDecimal(value) === bodyBytes);
}
