// The other direction: answers of all kinds that a handler makes of bytes from anywhere, and what goes out of them. It is what
// was set, or a 500 where it may not be sent: never something else, and never two answers where one was given.

import { HttpError } from "../../src/handler/errors.ts";
import { WebResponse } from "../../src/handler/response.ts";
import { WebServer } from "../../src/server.ts";
import { bytesOf, textOf } from "../http1/reading.ts";
import { standardErrorOf } from "../support/standard_error.ts";
import { ByteConn } from "./byte_conn.ts";
import { type Random, TEMPTING_PIECES } from "./mutations.ts";
import { type ReadResponse, readResponses, valuesOf } from "./response_reader.ts";
import { serve } from "./served.ts";

/** How a handler sets its fields: with the response, one by one, or by a way around our checks. */
const WAYS = ["at once", "appended", "set", "around the checks"] as const;

/** Which kind of answer it makes. */
const KINDS = ["WebResponse", "WebResponse", "Response", "Response", "HttpError"] as const;

/** An answer that a handler is to give. */
export interface MadeAnswer {
  readonly kind: typeof KINDS[number];
  readonly way: typeof WAYS[number];
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  /** Whether the request is a HEAD. */
  readonly isHeadRequest: boolean;
}

const STATUSES = [200, 200, 200, 201, 204, 205, 206, 301, 304, 400, 404, 418, 499, 500, 503, 599];
const NAMES = [
  "x-a",
  "X-B",
  "set-cookie",
  "Set-Cookie",
  "content-type",
  "Location",
  "ETag",
  "content-length",
  "Transfer-Encoding",
  "Connection",
  "Date",
  "!#$%&'*+-.^_`|~",
];
const VALUES = [
  "a",
  "",
  "a b",
  "a\tb",
  "\xe4\xff",
  "a, b",
  "close",
  "keep-alive",
  "chunked",
  "5",
  "0",
];

/** A status without a body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS = [204, 205, 304];

const LARGE_BODY_BYTES = 70_000;

/** What is the server's own: whatever a handler says there, it is not what goes out. */
const SERVER_FIELDS = [
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "trailer",
  "te",
  "date",
];

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Without the white space of HTTP around it: `String.prototype.trim` takes more away. */
function trim(text: string): string {
  return text.replace(/^[\t ]+|[\t ]+$/g, "");
}

/** An answer out of numbers; every other one holds something that may not be sent, or nearly. */
export function makeAnswer(random: Random): MadeAnswer {
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(choices: readonly T[]) => choices[below(choices.length)];
  const spoil = (text: string) => {
    if (random() < 0.8) return text;
    const at = below(text.length + 1);
    const piece = random() < 0.5 ? String.fromCharCode(below(256)) : oneOf(TEMPTING_PIECES);
    return text.slice(0, at) + piece + text.slice(at);
  };
  const fields = Array.from(
    { length: below(5) },
    () => [spoil(oneOf(NAMES)), spoil(oneOf(VALUES))] as const,
  );
  const text = () => Array.from({ length: below(6) }, () => oneOf(TEMPTING_PIECES)).join("");
  const bodies = [
    () => null,
    () => "",
    text,
    () => text() + "\u4f60\ud83d\ude00\ud800" + text(),
    () => new Uint8Array(bytesOf(text())),
    () => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    () => random() < 0.1 ? "a".repeat(below(LARGE_BODY_BYTES)) : "a",
    () => random() < 0.1 ? new Uint8Array(below(LARGE_BODY_BYTES)).fill(10) : new Uint8Array(1),
  ];
  return {
    kind: oneOf(KINDS),
    way: oneOf(WAYS),
    status: oneOf(STATUSES),
    fields,
    body: oneOf(bodies)(),
    isHeadRequest: random() < 0.2,
  };
}

/** Answers as a handler would; may throw, as a handler may. */
export function give(answer: MadeAnswer): WebResponse | Response {
  const { kind, way, status, body } = answer;
  const fields = answer.fields.map(([name, value]): [string, string] => [name, value]);
  const headers = way === "at once" ? fields : [];
  if (kind === "HttpError") {
    const error = new HttpError(status < 400 ? 400 : status, textOfBody(body), { headers: fields });
    throw error;
  }
  const response = kind === "WebResponse"
    ? new WebResponse(body, { status, headers })
    : new Response(BODILESS.includes(status) ? null : body, { status, headers });
  for (const [name, value] of way === "at once" ? [] : fields) {
    if (way === "appended") response.headers.append(name, value);
    else if (way === "set") response.headers.set(name, value);
    else Headers.prototype.append.call(response.headers, name, value);
  }
  return response;
}

function textOfBody(body: MadeAnswer["body"]): string {
  return typeof body === "string" ? body : body === null ? "" : textOf(body);
}

/** What must go out: undefined where it may not be sent and is a panic, which gets a 500. */
interface Expected {
  readonly status: number;
  readonly fields: Headers;
  /** A character for each byte; of an answer to HEAD too, whose length it gives. */
  readonly body: string;
  readonly wantsClose: boolean;
}

/** What must go out of an answer, by the rules of the platform for what is theirs, and those of RFC 9110 for the rest. */
function expectedOf(answer: MadeAnswer): Expected | undefined {
  const { kind, way } = answer;
  const status = kind === "HttpError" && answer.status < 400 ? 400 : answer.status;
  const all = new Headers();
  try {
    for (const [name, value] of answer.fields) {
      // Both a WebResponse and an HttpError check what they are given as it is; a Headers takes white space and line ends off.
      const isOurs = kind === "HttpError" ||
        (kind === "WebResponse" && way !== "around the checks");
      if (isOurs && !(TOKEN.test(name) && FIELD_VALUE.test(value))) return undefined;
      if (way === "set" && kind !== "HttpError") all.set(name, value);
      else all.append(name, value);
    }
  } catch {
    return undefined;
  }
  if ([...all].some(([name, value]) => !TOKEN.test(name) || !FIELD_VALUE.test(value))) {
    return undefined;
  }
  // An error has a text for its body: where it has no message, that of its status.
  const body = kind === "HttpError" ? textOfBody(answer.body) : answer.body;
  const given = all.get("content-type");
  const own = typeof body !== "string"
    ? null
    : kind === "Response"
    ? BODILESS.includes(status) ? null : "text/plain;charset=UTF-8"
    : "text/plain; charset=utf-8";
  if (own !== null && given === null) all.set("content-type", own);
  // Appended to a response that has its own type already, a second one is added to it.
  if (
    own !== null && given !== null && way !== "at once" && way !== "set" && kind !== "HttpError"
  ) {
    all.set("content-type", `${own}, ${given}`);
  }
  const wantsClose = (all.get("connection") ?? "").split(",")
    .some((option) => trim(option).toLowerCase() === "close");
  for (const name of SERVER_FIELDS) all.delete(name);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return {
    status,
    fields: all,
    body: bytes === null || BODILESS.includes(status) ? "" : textOf(bytes),
    wantsClose,
  };
}

/** Whether an answer can be sent; otherwise it is a panic of its handler, and the client gets a 500. */
export function canBeSent(answer: MadeAnswer): boolean {
  return expectedOf(answer) !== undefined;
}

/** The fields beside those that are the server's own, in the platform's one way of writing them. */
function ownFields(fields: Iterable<readonly [name: string, value: string]>): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) {
    if (!SERVER_FIELDS.includes(name.toLowerCase())) headers.append(name, value);
  }
  return headers;
}

const MAX_TURNS = 1_000;

/** What is wrong with what goes out when a handler gives those answers, one for each of as many pipelined requests. */
export async function faultOfAnswers(answers: readonly MadeAnswer[]): Promise<string | undefined> {
  const requests = answers.map(({ isHeadRequest }) =>
    `${isHeadRequest ? "HEAD" : "GET"} / HTTP/1.1\r\nHost: a\r\n\r\n`
  );
  const client = new ByteConn([bytesOf(requests.join(""))], {
    readTurns: 0,
    writeTurns: 1,
    maxWriteBytes: Number.MAX_SAFE_INTEGER,
  });
  client.end();
  let next = 0;
  const served = serve(client, () => give(answers[next++]));
  if (!await served.ends(MAX_TURNS)) return "The connection does not end";
  const { faults, requestsInFlight } = served;
  if (faults.length > 0) return `The connection reports a fault: ${faults.map(String)}`;
  if (requestsInFlight !== 0) return `${requestsInFlight} requests are counted as in flight`;

  const expected = answers.map(expectedOf);
  const last = expected.findIndex((answer) => answer?.wantsClose);
  const count = last < 0 ? answers.length : last + 1;
  let responses: readonly ReadResponse[];
  try {
    const isHeadRequest = answers.map((answer) => answer.isHeadRequest);
    ({ responses } = readResponses(client.output, isHeadRequest));
  } catch (error) {
    return `The answers cannot be read: ${error}`;
  }
  if (responses.length !== count) return `${responses.length} answers in place of ${count}`;
  for (const [index, response] of responses.entries()) {
    const lengths = valuesOf(response, "content-length");
    const fault = faultOf(
      answers[index],
      response.status,
      ownFields(response.fields),
      response.body,
      lengths.length === 0 ? undefined : Number(lengths[0]),
    );
    if (fault !== undefined) return `Answer ${index + 1}: ${fault}`;
  }
  return undefined;
}

/** What is wrong with what `server.fetch` makes of an answer; it may be mounted in another server, which sends what it gets. */
export async function faultOfFetch(answer: MadeAnswer): Promise<string | undefined> {
  const server = new WebServer();
  server.addPath("/", () => give(answer));
  const method = answer.isHeadRequest ? "HEAD" : "GET";
  let response: Response | undefined;
  // Panics are logged, and there are many.
  await standardErrorOf(async () => {
    response = await server.fetch(new Request("http://a/", { method }));
  });
  if (response === undefined) return "There is no response";
  const { status, headers } = response;
  const unsendable = [...headers].find(([name, value]) =>
    !TOKEN.test(name) || !FIELD_VALUE.test(value)
  );
  if (unsendable !== undefined) return `Field ${JSON.stringify(unsendable)} may not be sent`;
  const body = textOf(await response.bytes());
  const length = answer.isHeadRequest ? headers.get("content-length") : body.length;
  return faultOf(answer, status, ownFields(headers), body, length === null ? undefined : +length);
}

/** What differs between an answer that went out and the one that a handler gave. */
function faultOf(
  answer: MadeAnswer,
  status: number,
  fields: Headers,
  body: string,
  length: number | undefined,
): string | undefined {
  const expected = expectedOf(answer);
  if (expected === undefined) {
    return status === 500 ? undefined : `${status} in place of a panic's 500`;
  }
  if (status !== expected.status) return `status ${status} in place of ${expected.status}`;
  // White space at the end of a value, as where an empty one was joined to another, is no part of it.
  const [got, wanted] = [fields, expected.fields].map((headers) =>
    JSON.stringify(Array.from(headers, ([name, value]) => [name, trim(value)]))
  );
  if (got !== wanted) return `fields ${got} in place of ${wanted}`;
  // The text of an error without a message is the server's own.
  if (answer.kind === "HttpError" && expected.body === "") return undefined;
  const wantedBody = answer.isHeadRequest ? "" : expected.body;
  if (body !== wantedBody) {
    return `body ${JSON.stringify(body)} in place of ${JSON.stringify(wantedBody)}`;
  }
  // RFC 9110, section 8.6: a HEAD is told the length that a GET would have had, if it is told any.
  const isDeclared = answer.isHeadRequest && expected.body === "";
  if (length !== undefined && !isDeclared && length !== expected.body.length) {
    return `length ${length} in place of ${expected.body.length}`;
  }
  return undefined;
}
