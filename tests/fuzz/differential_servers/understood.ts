// What the three servers of the differential run tell about a request: one form for all, so that they can be compared.

/** A request as a handler saw it. Each character of a text stands for one byte. */
export interface Understood {
  readonly method: string;
  /** The request target; a path and a query where the server gives no more. Null where it could not be read at all. */
  readonly target: string | null;
  /** The minor version of HTTP/1; null where the server does not tell. */
  readonly minorVersion: number | null;
  /** The field lines, in whatever form the server gives them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The body; null where the server does not give one to its handler. */
  readonly body: string | null;
}

/** The field by which a handler's answer is told from the server's own. */
export const UNDERSTOOD_FIELD = "understood";

/** What that field holds where the answer has a body, and the understood request is in it. */
export const IN_BODY = "in-body";

/** A handler's answer: the request as JSON in the body; in the field where the answer has no body, because it is one to a HEAD. */
export function answerOf(understood: Understood): { fields: [string, string][]; body: string } {
  const text = JSON.stringify(understood);
  const isHead = understood.method === "HEAD";
  return {
    fields: [[UNDERSTOOD_FIELD, isHead ? encodeURIComponent(text) : IN_BODY]],
    body: isHead ? "" : text,
  };
}

/** The characters that stand for some bytes. */
export function latin1Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The bytes that characters up to U+00FF stand for. */
export function bytesOfLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
