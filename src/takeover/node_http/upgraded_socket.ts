// A connection that a listener to `upgrade` gets, as a stream of bytes: what packages such as `ws` speak
// their own protocol over. The listener is called before the connection is handed over, so what it
// writes waits until then. What it writes first is its response: this server writes none.

import { Buffer } from "node:buffer";
import type { ConnectionUpgrade, UpgradedStream, UpgradeEnd } from "../../handler/upgrade.ts";
import { abortedError } from "./node_errors.ts";
import { ProgramSocket } from "./program_socket.ts";
import { readWrittenHead, type WrittenHead } from "./written_head.ts";

type Callback = (error?: Error | null) => void;

/** How many bytes of memory a read has, while it waits: few, unless the last one has filled its own. */
const LEAST_READ_BYTES = 2_048;
const MOST_READ_BYTES = 65_536;

/** The socket of a connection that was handed over to the program. */
export class UpgradedSocket extends ProgramSocket implements ConnectionUpgrade {
  readonly writesHead = true;
  readonly #ended = Promise.withResolvers<UpgradeEnd>();
  #stream: UpgradedStream | undefined;
  /** What waits until the connection is handed over. */
  #onBegun: (() => void)[] = [];
  #readBytes = LEAST_READ_BYTES;
  #isReading = false;
  #isDraining = false;
  #head: WrittenHead | undefined;

  begin(stream: UpgradedStream): Promise<UpgradeEnd> {
    const { early } = stream;
    this.#stream = stream;
    if (early.length > 0) this.#receive(early.slice());
    const waiting = this.#onBegun;
    this.#onBegun = [];
    for (const proceed of waiting) proceed();
    if (this.destroyed) stream.close();
    return this.#ended.promise;
  }

  cancel(): void {
    this.destroy(abortedError(undefined));
  }

  onDeadline(): void {}

  /**
   * The protocol is not known here, so the program sees that its client sends no more, and ends its
   * side as it does then. What it still writes is sent, until the drain is over.
   */
  onDrain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    if (!this.readableEnded) this.push(null);
  }

  abandon(): void {
    this.destroy();
  }

  override _read(): void {
    const stream = this.#stream;
    if (stream === undefined) this.#onBegun.push(() => this._read());
    else if (!this.#isReading && !this.#isDraining) this.#readFrom(stream);
  }

  #readFrom(stream: UpgradedStream): void {
    this.#isReading = true;
    const space = new Uint8Array(this.#readBytes);
    stream.read(space).then((count) => {
      this.#isReading = false;
      if (count === null) return this.#endReading();
      this.#readBytes = count < space.length
        ? LEAST_READ_BYTES
        : Math.min(space.length * 2, MOST_READ_BYTES);
      this.#receive(space.subarray(0, count));
    }, (error) => void this.destroy(abortedError(error)));
  }

  #receive(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytesRead += bytes.length;
    this.timeLimit.refresh();
    if (!this.#isDraining) this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  #endReading(): void {
    if (!this.#isDraining) this.push(null);
  }

  override _write(chunk: Uint8Array, encoding: string, callback: Callback): void {
    const stream = this.#stream;
    if (stream === undefined) {
      return void this.#onBegun.push(() => this._write(chunk, encoding, callback));
    }
    this.#writeTo(stream, chunk).then(() => callback(), (error) => callback(abortedError(error)));
  }

  override _writev(chunks: { readonly chunk: Uint8Array }[], callback: Callback): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", callback);
  }

  async #writeTo(stream: UpgradedStream, bytes: Uint8Array): Promise<void> {
    this.#head ??= readWrittenHead(bytes);
    for (let at = 0; at < bytes.length;) {
      const count = await stream.write(bytes.subarray(at));
      at += count;
      this.bytesWritten += count;
      this.timeLimit.refresh();
    }
  }

  override _final(callback: Callback): void {
    const stream = this.#stream;
    if (stream === undefined) this.#onBegun.push(() => this._final(callback));
    else stream.closeWrite().then(() => callback(), () => callback());
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.timeLimit.set(0);
    this.#stream?.close();
    this.#onBegun = [];
    const { status = 101, bytes = 0 } = this.#head ?? {};
    const sentBytes = Math.max(0, this.bytesWritten - bytes);
    this.#ended.resolve({ status, sentBytes, details: {} });
    // A client that leaves is no failure of the program, which may not listen for it.
    callback(this.listenerCount("error") > 0 ? error : null);
  }
}
