// What one WebSocket sends after a Blob. The bytes of a Blob have to be read first, and all that
// follows it waits for them, so that the order stays. It has no frames and no limits: it counts the
// bytes that wait, and the session decides.

import { Buffer } from "node:buffer";
import type { MessageData } from "./websocket_object.ts";

/** A Close frame. Without a code it is empty. */
export interface CloseOrder {
  readonly code: number | undefined;
  readonly reason: string;
}

/** The bytes or the text of a message. */
export type ReadyData = Exclude<MessageData, Blob>;

/** Where the messages go when it is their turn. */
interface DelayedReceiver {
  readonly send: (data: ReadyData) => void;
  readonly close: (order: CloseOrder) => void;
}

/** Messages and a Close frame that wait for the bytes of a Blob. */
export class DelayedMessages {
  #items: (MessageData | CloseOrder)[] = [];
  /** How many bytes of messages wait. */
  bytes = 0;

  /** Adds a message. The program may change its bytes afterwards. */
  add(data: MessageData): void {
    const kept = typeof data === "string" || isBlob(data) ? data : bytesOf(data).slice();
    this.bytes += sizeOf(kept);
    this.#items.push(kept);
  }

  /** Adds a Close frame. */
  addClose(order: CloseOrder): void {
    this.#items.push(order);
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#items = [];
    this.bytes = 0;
  }

  /** Sends all that waits, and what is added meanwhile. Rejects if a Blob cannot be read. */
  async send({ send, close }: DelayedReceiver): Promise<void> {
    for (let item = this.#items[0]; item !== undefined; item = this.#items[0]) {
      if (isClose(item)) {
        this.#items.shift();
        close(item);
      } else {
        const data = isBlob(item) ? await item.arrayBuffer() : item;
        // All was forgotten meanwhile.
        if (this.#items[0] !== item) continue;
        this.#items.shift();
        this.bytes -= sizeOf(item);
        send(data);
      }
    }
  }
}

/** Whether the bytes of a message have to be read before they can be sent. */
export function isBlob(data: MessageData | CloseOrder): data is Blob {
  return typeof data === "object" && data instanceof Blob;
}

/** Returns the bytes of a message, in the memory that the program has passed. */
export function bytesOf(
  data: ArrayBuffer | ArrayBufferView<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function isClose(item: MessageData | CloseOrder): item is CloseOrder {
  return typeof item === "object" && "reason" in item;
}

function sizeOf(data: MessageData): number {
  if (typeof data === "string") return Buffer.byteLength(data);
  return isBlob(data) ? data.size : data.byteLength;
}
