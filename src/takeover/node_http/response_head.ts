// The head of a response of `node:http`: from what a program has set, in any of Node's forms, to fields
// that were checked by the rules of this server.

import {
  checkField,
  type Field,
  isSendableValue,
  kindOfName,
} from "../../handler/checked_headers.ts";
import { codedError } from "./node_errors.ts";
import type { NodeHeaders, NodeResponse, OwnFields } from "./node_types.ts";

/** What a program has set. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: readonly Field[];
  /** Whether the program wants the body to be sent in chunks: it sets trailers, or the coding itself. */
  readonly isChunked: boolean;
  /** The names of the trailers that the program announces; undefined for none. */
  readonly trailerNames: string | undefined;
}

/** The fields of a head that is being read. */
interface ReadFields {
  readonly fields: Field[];
  isChunked: boolean;
  trailerNames: string | undefined;
}

/**
 * Reads the head of a response. `own` are the fields that the program has set one by one, if `headers`
 * are these.
 *
 * @throws {TypeError} when a field may not be sent
 * @throws {RangeError} when the status is none of a response
 */
export function readResponseHead(
  response: NodeResponse,
  headers: NodeHeaders,
  own: OwnFields | undefined,
): ResponseHead {
  const { statusCode: status } = response;
  if (status < 200) {
    throw codedError(
      RangeError,
      "ERR_HTTP_INVALID_STATUS_CODE",
      `Cannot send status ${status} as a response: expected a final status, from 200 to 999`,
    );
  }
  const into: ReadFields = { fields: [], isChunked: false, trailerNames: undefined };
  if (own !== undefined && own === headers) {
    for (const name in own) addField(response, into, own[name][0], own[name][1]);
  } else readHeaders(response, into, headers);
  return { status, ...into };
}

function readHeaders(response: NodeResponse, into: ReadFields, headers: NodeHeaders): void {
  if (headers === null || headers === undefined) return;
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) addField(response, into, name, value);
  } else if (Array.isArray(headers[0])) {
    for (const [name, value] of headers as [string, unknown][]) {
      addField(response, into, name, value);
    }
  } else {
    if (headers.length % 2 !== 0) {
      throw codedError(
        TypeError,
        "ERR_INVALID_ARG_VALUE",
        "The argument 'headers' is invalid: expected names and values in turn",
      );
    }
    for (let i = 0; i < headers.length; i += 2) {
      addField(response, into, headers[i], headers[i + 1]);
    }
  }
}

function addField(response: NodeResponse, into: ReadFields, name: string, value: unknown): void {
  if (!Array.isArray(value)) return addLine(response, into, name, value);
  // One line of cookies is what clients send (RFC 6265, section 5.4).
  if (name.length === 6 && name.toLowerCase() === "cookie") {
    return addLine(response, into, name, value.join("; "));
  }
  for (const each of value) addLine(response, into, name, each);
}

function addLine(response: NodeResponse, into: ReadFields, name: string, value: unknown): void {
  if (value === undefined) {
    throw codedError(
      TypeError,
      "ERR_HTTP_INVALID_HEADER_VALUE",
      `Invalid value "undefined" for header ${JSON.stringify(name)}`,
    );
  }
  const text = typeof value === "string" ? value : String(value);
  checkNodeField(name, text);
  noteMeaning(response, into, name, text);
  into.fields.push([name, text]);
}

/** Checks a field, and fails as Node does: programs look at the code of the error. */
function checkNodeField(name: string, value: string): void {
  try {
    checkField(name, value);
  } catch (error) {
    const code = kindOfName(name) === "invalid" ? "ERR_INVALID_HTTP_TOKEN" : "ERR_INVALID_CHAR";
    throw Object.assign(error as Error, { code });
  }
}

/** Notes what a field means for the response itself. The shortest such name has 7 characters. */
function noteMeaning(
  response: NodeResponse,
  into: ReadFields,
  name: string,
  value: string,
): void {
  if (name.length !== 7 && name.length !== 14 && name.length !== 17) return;
  switch (name.toLowerCase()) {
    case "trailer":
      into.isChunked = true;
      into.trailerNames = trailerNames(value);
      return;
    case "transfer-encoding":
      into.isChunked ||= /(?:^|\W)chunked(?:$|\W)/i.test(value);
      return;
    case "content-length":
      response._contentLength = Number(value);
  }
}

/** Returns the value of a Trailer field without the names of fields that may not be trailers. */
function trailerNames(value: string): string | undefined {
  const names = value.split(",").map((name) => name.trim())
    .filter((name) => kindOfName(name) === "other");
  return names.length === 0 ? undefined : names.join(", ");
}

/** Reads the trailers that a program has added, as the runtime keeps them. Fields of a head are left out. */
export function readTrailers(text: string): readonly Field[] | undefined {
  if (text === "") return undefined;
  const fields = text.split("\r\n").slice(0, -1).map((line): Field => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return fields.filter(([name, value]) => kindOfName(name) === "other" && isSendableValue(value));
}
