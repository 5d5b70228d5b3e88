// The `Response` that workers have in the global scope in place of the platform's. It notes what a
// response is made of, so that the server can send it as it is. All that a program can see of it is
// the platform's: prototype, static methods, errors. What is rare is left to the platform itself.

import {
  type Field,
  isContentType,
  isSendableValue,
  kindOfName,
} from "../handler/checked_headers.ts";
import { stateKeysOf } from "../handler/lazy_forwarding.ts";
import { statusHasBody } from "../http1/status.ts";
import { valueOf } from "../runtime/platform_classes.ts";
import {
  DEFAULT_TEXT_TYPE,
  innerKeys,
  makeWithBody,
  type Platform,
  putParts,
  type ResponseClass,
} from "./inner_response.ts";
import { fieldsOfHeaders } from "./inner_headers.ts";
import { type NotedBody, NotedResponse, passForPlatform } from "./noted_response.ts";

/** The platform's own functions: a program may replace them. */
const { stringify } = JSON;
const { entries, getPrototypeOf } = Object;

const JSON_TYPE = "application/json";

/** What a program gives beside the body. Each member is read once, in the platform's order. */
interface GivenInit {
  readonly status?: unknown;
  readonly statusText?: unknown;
  readonly headers?: unknown;
}

/**
 * Puts a `Response` into the global scope that notes what it is made of. The platform's own is
 * loaded when a program first uses it, and so is this one.
 */
export function installFastResponse(scope: object = globalThis): void {
  const original = Object.getOwnPropertyDescriptor(scope, "Response");
  if (original === undefined) return;
  const place = (value: unknown) => {
    Object.defineProperty(scope, "Response", {
      value,
      writable: true,
      enumerable: original.enumerable,
      configurable: true,
    });
  };
  Object.defineProperty(scope, "Response", {
    get() {
      const platform = valueOf(original, scope) as ResponseClass;
      const keys = innerKeys(platform);
      const used = keys === null ? platform : defineFastResponse({ Response: platform, keys });
      place(used);
      return used;
    },
    set: place,
    enumerable: original.enumerable,
    configurable: true,
  });
}

/** Makes the class that takes the place of the platform's. */
function defineFastResponse(platform: Platform): ResponseClass {
  const { Response: PlatformResponse, keys } = platform;
  const fastResponse = classInPlaceOf(platform);
  passForPlatform(PlatformResponse.prototype, stateKeysOf(new PlatformResponse()), (parts) => {
    const { status, isSent } = parts;
    const real = new PlatformResponse(null, status === 200 ? undefined : { status });
    putParts(real, keys, parts);
    if (isSent) Reflect.set(real, keys.isSent, true);
    return real;
  });
  return fastResponse;
}

function classInPlaceOf(platform: Platform): ResponseClass {
  const { Response: PlatformResponse } = platform;
  /** A function, because the prototype of a class cannot be another one's. */
  function FastResponse(this: object, body: unknown = null, init: unknown = undefined): object {
    if (new.target === undefined) {
      throw new TypeError("Class constructor Response cannot be invoked without 'new'");
    }
    const noted = notedBodyOf(body);
    const type = typeof noted === "string" ? DEFAULT_TEXT_TYPE : null;
    if (new.target === FastResponse && noted !== undefined) {
      return responseOf(platform, noted, type, init);
    }
    const response = noted === undefined
      ? new PlatformResponse(body as BodyInit, init as ResponseInit)
      : makeWithBody(platform, noted, type, init);
    // A derived class. To construct it by the platform would take ten times as long: the engine
    // would prepare it for either constructor anew each time.
    if (new.target !== FastResponse) Object.setPrototypeOf(response, Object.getPrototypeOf(this));
    return response;
  }
  const { json } = {
    json(value: unknown = undefined, init: unknown = undefined): object {
      const text: string | undefined = stringify(value);
      // The platform has the error for a value without a JSON form.
      if (text === undefined) return PlatformResponse.json(value, init as ResponseInit);
      return responseOf(platform, text, JSON_TYPE, init);
    },
  };
  Object.defineProperties(FastResponse, Object.getOwnPropertyDescriptors(PlatformResponse));
  Object.defineProperty(FastResponse, "json", { value: json });
  Object.defineProperty(PlatformResponse.prototype, "constructor", { value: FastResponse });
  return FastResponse as unknown as ResponseClass;
}

/** Returns a body of text or bytes, the bytes as a copy; undefined for any other body. */
function notedBodyOf(body: unknown): NotedBody | undefined {
  if (typeof body === "string" || body === null) return body;
  const isBytes = body instanceof Uint8Array && body.buffer instanceof ArrayBuffer;
  // Bytes whose memory has gone to another thread seem empty. The platform refuses them.
  return isBytes && body.length > 0 ? new Uint8Array(body) : undefined;
}

/** Makes a response, noted if that is possible. `type` holds if no content type is given. */
function responseOf(
  platform: Platform,
  body: NotedBody,
  type: string | null,
  init: unknown,
): object {
  if (init === undefined || init === null) return new NotedResponse(200, type, null, body);
  if (typeof init !== "object") return makeWithBody(platform, body, type, init as ResponseInit);
  const { status, statusText, headers } = init as GivenInit;
  if (isUsualStatus(status, body) && (statusText === undefined || statusText === "")) {
    const code = status ?? 200;
    if (headers === undefined) return new NotedResponse(code, type, null, body);
    const isRead = isRecord(headers);
    // Each value of a record is read once.
    const fields = isRead ? entries(headers) : fieldsOfHeaders(headers);
    if (fields !== undefined) {
      const noted = areSendable(fields) ? notedWithFields(code, type, fields, body) : undefined;
      if (noted !== undefined) return noted;
      if (isRead) {
        const read = Object.fromEntries(fields);
        return makeWithBody(platform, body, type, { status, statusText, headers: read });
      }
    }
  }
  return makeWithBody(platform, body, type, { status, statusText, headers });
}

function isUsualStatus(status: unknown, body: NotedBody): status is number | undefined {
  if (status === undefined) return true;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599 &&
    (body === null || statusHasBody(status));
}

/** Whether headers are a plain object: neither `Headers` nor a list, nor of any other class. */
function isRecord(headers: unknown): headers is Record<string, unknown> {
  if (typeof headers !== "object" || headers === null) return false;
  const prototype = getPrototypeOf(headers);
  return (prototype === Object.prototype || prototype === null) &&
    (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === undefined;
}

/** Whether the platform would keep all fields as they are, and the server may send them. */
function areSendable(
  fields: readonly (readonly [string, unknown])[],
): fields is readonly Field[] {
  for (const field of fields) {
    const value = field[1];
    if (typeof value !== "string" || !isTrimmed(value) || !isSendableValue(value)) return false;
    if (kindOfName(field[0]) === "invalid") return false;
  }
  return true;
}

/** Whether there is no white space around a value: the platform would remove it. */
function isTrimmed(value: string): boolean {
  return value === "" || (value.charCodeAt(0) > 0x20 && value.charCodeAt(value.length - 1) > 0x20);
}

/** Returns undefined if there are several content types: the platform would join them. */
function notedWithFields(
  status: number,
  type: string | null,
  fields: readonly Field[],
  body: NotedBody,
): NotedResponse | undefined {
  let given: string | undefined;
  for (const field of fields) {
    if (!isContentType(field)) continue;
    if (given !== undefined) return undefined;
    given = field[1];
  }
  // The type is among the fields.
  return new NotedResponse(status, given === undefined ? type : null, fields, body);
}
