// The readers of a request whose body comes while its handler works: each collects the body, and makes
// of it what the platform's reader of that name does.

import { type BodyFault, noteBodyFault, notJson, notTheForm } from "./body_faults.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import type { IncomingBody } from "./incoming_body.ts";

/** What each reader makes of a body. */
export interface Readings {
  text: string;
  json: unknown;
  bytes: Uint8Array<ArrayBuffer>;
  arrayBuffer: ArrayBuffer;
  blob: Blob;
  formData: FormData;
}

/** The name of a reader. */
export type ReaderName = keyof Readings;

/** As the platform decodes a body: lossy, and without a byte order mark. */
const UTF_8 = new TextDecoder();

/** Makes of a body what the reader of that name returns. An error that is the client's fault is noted. */
export async function readAs<Name extends ReaderName>(
  name: Name,
  bytes: Uint8Array<ArrayBuffer>,
  request: Request,
  of: BodyFault["of"],
): Promise<Readings[Name]>;
export async function readAs(
  name: ReaderName,
  bytes: Uint8Array<ArrayBuffer>,
  request: Request,
  of: BodyFault["of"],
): Promise<unknown> {
  if (name === "bytes") return bytes;
  if (name === "arrayBuffer") return bytes.buffer;
  if (name === "text") return UTF_8.decode(bytes);
  const contentType = request.headers.get("content-type");
  const headers: HeadersInit = contentType === null ? [] : [["content-type", contentType]];
  const PlatformResponse = platformClass("Response");
  try {
    if (name === "json") return JSON.parse(UTF_8.decode(bytes));
    return await new PlatformResponse(bytes, { headers })[name]();
  } catch (error) {
    const answer = name === "formData" ? notTheForm(contentType ?? "", error) : notJson(error);
    noteBodyFault(error as object, { of, answer });
    throw error;
  }
}

/**
 * Reads the body of a whole request, or of a clone, as the platform's reader of that name does. `readOfPlatform` is that reader: it
 * knows what to throw if the body was read already.
 */
export async function readIncoming<Name extends ReaderName>(
  name: Name,
  request: Request,
  incoming: IncomingBody,
  of: BodyFault["of"],
  readOfPlatform: () => Promise<Readings[Name]>,
): Promise<Readings[Name]> {
  const { body } = request;
  if (body === null || body.locked || request.bodyUsed) return await readOfPlatform();
  return await readAs(name, await incoming.collectFrom(body), request, of);
}
