// Moves the body of a request from the connection to the `http.IncomingMessage`, a real stream. The next
// part is read only when the stream asks for it, so a listener that pauses stops the client.

import { Buffer } from "node:buffer";
import type { IncomingBody } from "../../handler/incoming_body.ts";
import { headOf, takeBody, type WebRequest } from "../../handler/request.ts";
import { trailersOf } from "../../http1/trailers.ts";
import type { NodeRequest } from "./node_types.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** The body of one request on its way to the listener. */
export class RequestBodyReader {
  readonly #request: WebRequest;
  readonly #target: NodeRequest;
  readonly #onFailed: (error: unknown) => void;
  #reader: Reader | undefined;
  #isReading = false;
  #isOver = false;

  /** Calls `onFailed` with the error of a body that does not come to its end. */
  constructor(request: WebRequest, target: NodeRequest, onFailed: (error: unknown) => void) {
    this.#request = request;
    this.#target = target;
    this.#onFailed = onFailed;
  }

  /** Reads the next part for the stream, which calls this when it has room for one. */
  read(): void {
    if (this.#isOver || this.#isReading) return;
    if (this.#reader !== undefined) return this.#readPart(this.#reader);
    const body = takeBody(this.#request);
    if (body === undefined) this.#end();
    else if (body instanceof Uint8Array) {
      if (body.length > 0) this.#target.push(viewOf(body));
      this.#end();
    } else this.#readPart(this.#reader = readerOf(body));
  }

  #readPart(reader: Reader): void {
    this.#isReading = true;
    reader.read().then(({ done, value }) => {
      this.#isReading = false;
      if (this.#isOver) return;
      if (done) this.#end();
      else this.#target.push(viewOf(value));
    }, (error) => {
      this.#isOver = true;
      this.#onFailed(error);
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#target.complete = true;
    const trailers = trailersOf(headOf(this.#request));
    if (trailers !== undefined) this.#target._addHeaderLines([...trailers], trailers.length);
    this.#target.push(null);
  }

  /** Notes that the listener wants no more. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader?.cancel().catch(() => {});
  }
}

function readerOf(body: IncomingBody): Reader {
  return body.stream.getReader();
}

/** Programs for Node expect a `Buffer`. */
function viewOf({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Uint8Array {
  return Buffer.from(buffer, byteOffset, length);
}
