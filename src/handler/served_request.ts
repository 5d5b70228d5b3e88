// The platform's `Request` for applications that are written for it. It differs from a plain one in three ways. Half of the cost of a
// `Request` is a signal of its own that follows another one, and most applications never look at it; so this one has its signal when
// it is asked for. Its readers note the errors that are the client's fault (`body_faults.ts`). And it has `waitUntil`, where
// frameworks look for it. The class is made with the first of them: the platform loads the code of `Request` when it is touched.

import { isFormType, malformedForm, noteBodyFault, notJson, notOfFormType } from "./body_faults.ts";
import type { HttpError } from "./errors.ts";

/** Where a request's signal comes from, where its background work goes, and whose body it has. */
interface RequestSource {
  readonly signal: AbortSignal;
  readonly method: string;
  readonly target: string;
  waitUntil(promise: PromiseLike<unknown>): void;
}

type WaitUntil = RequestSource["waitUntil"];

type ServedRequestClass = new (
  url: string,
  init: RequestInit | undefined,
  source: RequestSource,
) => Request;

let ServedRequest: ServedRequestClass | undefined;

/**
 * A `Request` whose signal is looked up in `source` when it is asked for, and whose clones do the same. `init` is left out for a GET:
 * the platform takes a third of the time then.
 */
export function createServedRequest(
  url: string,
  init: RequestInit | undefined,
  source: RequestSource,
): Request {
  ServedRequest ??= defineServedRequest();
  return new ServedRequest(url, init, source);
}

/** No private field, since a clone is made by the platform and gets it afterwards. */
const SOURCE = Symbol("source");

function defineServedRequest(): ServedRequestClass {
  return class ServedRequest extends Request {
    [SOURCE]: RequestSource;

    constructor(url: string, init: RequestInit | undefined, source: RequestSource) {
      super(url, init);
      this[SOURCE] = source;
    }

    override get signal(): AbortSignal {
      return this[SOURCE].signal;
    }

    override json(): ReturnType<Request["json"]> {
      return readNotingFaults(this, this[SOURCE], () => super.json(), notJson);
    }

    override formData(): Promise<FormData> {
      return readNotingFaults(this, this[SOURCE], () => super.formData(), (error) => {
        const contentType = this.headers.get("content-type") ?? "";
        return isFormType(contentType) ? malformedForm(error) : notOfFormType(error);
      });
    }

    /** A function of its own: frameworks pass it on without the request. */
    get waitUntil(): WaitUntil {
      const source = this[SOURCE];
      return (promise) => source.waitUntil(promise);
    }

    override clone(): Request {
      const copy = Object.setPrototypeOf(super.clone(), ServedRequest.prototype);
      copy[SOURCE] = this[SOURCE];
      return copy;
    }
  };
}

/**
 * Reads the body of `request` by one of the platform's readers, and notes the error of a body that cannot be parsed. The bytes are in
 * memory, so a reader that has got them can only fail for what they are. That it does not get them, because they were read before or
 * are being read, is the application's fault.
 */
async function readNotingFaults<Value>(
  request: Request,
  source: RequestSource,
  read: () => Promise<Value>,
  answerTo: (error: unknown) => HttpError,
): Promise<Value> {
  const wasUsed = request.bodyUsed;
  const reading = read();
  // A reader that gets the body marks it as used at once. A request without a body is never used.
  const getsBody = !wasUsed && (request.bodyUsed || request.body === null);
  try {
    return await reading;
  } catch (error) {
    if (getsBody) noteBodyFault(error as object, { of: source, answer: answerTo(error) });
    throw error;
  }
}
