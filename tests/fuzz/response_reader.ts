// A strict reader of what the server writes, that shares nothing with the encoder: it knows all the bytes at once, and takes
// nothing that RFC 9112 does not have a server send. Two answers where there should be one are found by it.

/** An answer, as it was on the wire. Each character of a text stands for one byte. */
export interface ReadResponse {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** How many times the client was told to go on before this answer. */
  readonly continues: number;
}

/** All that was written: the answers, and how often the client was told to go on behind the last one. */
export interface ReadResponses {
  readonly responses: readonly ReadResponse[];
  readonly continuesBehind: number;
}

/** The bytes end in the middle of an answer. */
export class CutOffError extends SyntaxError {
  /** The answers that are whole. */
  readonly responses: readonly ReadResponse[];

  constructor(message: string, responses: readonly ReadResponse[]) {
    super(message);
    this.responses = responses;
  }
}

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const STATUS_LINE = /HTTP\/1\.1 ([2-5]\d\d) [\t\x20-\x7e\x80-\xff]*\r\n/y;
const FIELD =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*\r\n/y;
const SHORT_BODY = "a body that is shorter than its length";
const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

/** The values of all fields of that name. */
export function valuesOf(response: ReadResponse, name: string): string[] {
  return response.fields
    .filter((field) => field[0].toLowerCase() === name)
    .map(([, value]) => value);
}

/**
 * Reads all that was written over a connection. `isHeadRequest` says of each request, in order, whether it was a HEAD, whose
 * answer has no body. Throws a `SyntaxError` for what no server may send.
 */
export function readResponses(text: string, isHeadRequest: readonly boolean[]): ReadResponses {
  const responses: ReadResponse[] = [];
  let at = 0;
  let continues = 0;
  const fail = (what: string): never => {
    const seen = JSON.stringify(text.slice(at, at + 60));
    const message = `Answer ${responses.length + 1}: ${what} at ${seen}`;
    // What has no line end any more may have been cut off; so may a body that is short.
    const isCutOff = !text.includes("\r\n", at) || what === SHORT_BODY;
    throw isCutOff ? new CutOffError(message, responses) : new SyntaxError(message);
  };
  const take = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at;
    const match = expression.exec(text);
    if (match !== null) at += match[0].length;
    return match;
  };

  while (at < text.length) {
    if (text.startsWith(CONTINUE, at)) {
      at += CONTINUE.length;
      continues++;
      continue;
    }
    const status = Number((take(STATUS_LINE) ?? fail("no status line"))[1]);
    const fields: [name: string, value: string][] = [];
    for (let field = take(FIELD); field !== null; field = take(FIELD)) {
      fields.push([field[1], field[2]]);
    }
    if (!text.startsWith("\r\n", at)) fail("no field line, and no end of the head");
    at += 2;
    const head: ReadResponse = { status, fields, body: "", continues };
    const length = lengthOf(head, fail);
    const hasBody = !isHeadRequest[responses.length] && status !== 204 && status !== 304;
    const body = hasBody ? text.slice(at, at + length) : "";
    if (hasBody && body.length < length) fail(SHORT_BODY);
    responses.push({ ...head, body });
    at += body.length;
    continues = 0;
  }
  return { responses, continuesBehind: continues };
}

/** What Content-Length says; and that the fields that are the server's own are there as they have to be. */
function lengthOf(response: ReadResponse, fail: (what: string) => never): number {
  const { status } = response;
  if (valuesOf(response, "transfer-encoding").length > 0) fail("a Transfer-Encoding");
  const dates = valuesOf(response, "date");
  if (dates.length !== 1 || !IMF_FIXDATE.test(dates[0])) fail("not one Date");
  const connections = valuesOf(response, "connection");
  if (connections.length > 1) fail("more than one Connection");
  // RFC 9110, section 7.8.
  const hasUpgrade = valuesOf(response, "upgrade").length > 0;
  const hasOption = (connections[0] ?? "").split(", ").includes("upgrade");
  if (hasUpgrade !== hasOption) fail("an Upgrade without its option, or the other way round");
  const lengths = valuesOf(response, "content-length");
  if (status === 204 || status === 304) {
    // RFC 9110, section 8.6: a 204 must not have one. A 304 may; this server sends none.
    if (lengths.length > 0) fail(`a Content-Length in a ${status}`);
    return 0;
  }
  if (lengths.length !== 1 || !/^\d+$/.test(lengths[0])) fail("not one Content-Length");
  return Number(lengths[0]);
}
