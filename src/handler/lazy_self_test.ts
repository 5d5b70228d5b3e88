// Finds out whether the platform takes a lazy request for one of its own: it does as long as it
// keeps the state of its objects where `lazy_forwarding.ts` leads it. One round trip through each
// way by which the platform gets at that state. `fetch()` is not called: it begins with
// `new Request()` (WHATWG Fetch, "fetch method"), and would show as a request in the application's
// traces.

import { HeadParser } from "../http1/head_parser.ts";
import { RequestBody } from "../http1/request_body.ts";
import { encodeHead, RequestHead } from "../http1/request_head.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import type { RequestMaker } from "./lazy_request.ts";

/** The platform's constructor would write it in upper case. */
const METHOD = "post";
const ORIGIN = "http://self-test.invalid";
const TARGET = "/path?query";
const FIELD = { name: "x-self-test", value: "field" };
const BODY = "body";

/**
 * Checks that requests of `createRequest` are as good as the platform's own. The result rejects if
 * a body does not come out.
 *
 * @throws {TypeError} when anything else is wrong
 */
export function testRequestMaker(createRequest: RequestMaker): Promise<void> {
  const controller = new AbortController();
  const make = () => makeSample(createRequest, controller.signal);
  const PlatformRequest = platformClass("Request");
  const PlatformHeaders = platformClass("Headers");
  const { prototype } = PlatformRequest;

  const original = make();
  check(original instanceof PlatformRequest, "instanceof");
  const derived = new PlatformRequest(original, { redirect: "manual" });
  check(isSample(derived), "new Request()");
  check(original.bodyUsed, "bodyUsed of a request that was passed to new Request()");
  const clone = make().clone();
  check(isSample(clone), "clone()");
  controller.abort();
  check(derived.signal.aborted && clone.signal.aborted, "the signal of what is derived");

  const branded = make();
  check(Reflect.get(prototype, "url", branded) === ORIGIN + TARGET, "a getter of the platform");
  const text = prototype.text.call(branded);
  check(branded.bodyUsed, "a reader of the platform");

  const { headers } = make();
  check(headers instanceof PlatformHeaders, "instanceof of the headers");
  check(new PlatformHeaders(headers).get(FIELD.name) === FIELD.value, "new Headers()");
  const { get } = PlatformHeaders.prototype;
  check(get.call(headers, FIELD.name) === FIELD.value, "a method of Headers");
  check(isImmutable(headers) && isImmutable(clone.headers), "headers that cannot be changed");
  return testBodies([derived.text(), clone.text(), text]);
}

async function testBodies(bodies: Promise<string>[]): Promise<void> {
  for (const body of await Promise.all(bodies)) check(body === BODY, "a body");
}

function makeSample(createRequest: RequestMaker, signal: AbortSignal): Request {
  const bytes = encodeHead({
    method: METHOD,
    target: TARGET,
    fields: [["Host", "self-test.invalid"], [FIELD.name, FIELD.value]],
  });
  const parser = new HeadParser({
    maxTargetBytes: bytes.length,
    maxHeadBytes: bytes.length,
    maxHeaderCount: 2,
  });
  parser.parse(bytes, 0, bytes.length);
  const head = parser.take(bytes, 0, bytes.length);
  if (!(head instanceof RequestHead)) throw new Error(`The head was refused: ${head.reason}`);
  const body = new TextEncoder().encode(BODY);
  return createRequest({
    head,
    body: RequestBody.own(body, body.length, undefined),
    origin: ORIGIN,
    headers: undefined,
    source: { signal, method: METHOD, target: TARGET, waitUntil() {} },
  });
}

function isSample({ method, url, headers, bodyUsed }: Request): boolean {
  return method === METHOD && url === ORIGIN + TARGET && !bodyUsed &&
    headers.get(FIELD.name) === FIELD.value;
}

function isImmutable(headers: Headers): boolean {
  try {
    headers.set(FIELD.name, "another value");
    return false;
  } catch {
    return headers.get(FIELD.name) === FIELD.value;
  }
}

function check(isRight: boolean, what: string): void {
  if (!isRight) throw new TypeError(`${what} does not work`);
}
