// What a listener to `clientError` gets in place of the socket of a refused request. It collects what
// the program writes, until the program ends or destroys it. Nothing reaches the client by this way:
// the connection sends the response that was read from it (see written_response.ts).

import { Buffer } from "node:buffer";
import type { RefusalAnswer } from "../../handler/connection_hooks.ts";
import { type Addressed, ProgramSocket } from "./program_socket.ts";
import { readWrittenResponse } from "./written_response.ts";

type Callback = (error?: Error | null) => void;

/** How much a program may write: such a response is short, and is kept in memory. */
const MAX_WRITTEN_BYTES = 65_536;

/** The socket of a request that is refused. */
export class RefusedSocket extends ProgramSocket {
  readonly #answer = Promise.withResolvers<RefusalAnswer>();
  readonly #parts: Uint8Array[] = [];

  constructor(client: Addressed) {
    super(client);
    // What the client still sends is no request, and not for the program either.
    this.push(null);
  }

  /** Resolves when the program has ended or destroyed the socket, or `leave` is called. */
  get answer(): Promise<RefusalAnswer> {
    return this.#answer.promise;
  }

  /** Leaves the answer to this server: the listener has failed. */
  leave(): void {
    this.#answer.resolve("refusal");
    this.destroy();
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    this.timeLimit.refresh();
    this.bytesWritten += chunk.length;
    // The program may use the memory of what it has written again.
    if (this.bytesWritten <= MAX_WRITTEN_BYTES) this.#parts.push(chunk.slice());
    callback();
  }

  override _final(callback: Callback): void {
    this.#settle();
    callback();
  }

  override _destroy(_error: Error | null, callback: Callback): void {
    this.timeLimit.set(0);
    this.#settle();
    // Programs pass the fault of the client, which is no failure of theirs.
    callback(null);
  }

  #settle(): void {
    if (this.bytesWritten === 0) return this.#answer.resolve("nothing");
    const isWhole = this.bytesWritten <= MAX_WRITTEN_BYTES;
    const written = isWhole ? new Uint8Array(Buffer.concat(this.#parts)) : undefined;
    this.#answer.resolve((written && readWrittenResponse(written)) ?? "refusal");
  }
}
