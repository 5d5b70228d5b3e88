// What a handler of the fidelity suite has seen, as JSON. Values that JSON lacks become text that
// shows their class and their content. Nothing here touches a request or a response but by name.

/** A value of JSON. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** What a handler has noted, by label. */
export class Notes {
  readonly #seen = new Map<string, Json>();
  readonly #pending = new Set<unknown>();
  #waiting: (() => void) | undefined;

  /**
   * Notes what `read` returns or throws. If it returns a promise, what comes of it is noted later.
   * Returns what `read` has returned, or undefined if it has thrown; a promise never rejects.
   */
  see<Value>(
    label: string,
    read: () => Value,
  ): Value extends PromiseLike<infer Later> ? Promise<Later> : Value {
    const name = this.#freeName(label);
    type Seen = Value extends PromiseLike<infer Later> ? Promise<Later> : Value;
    try {
      const value = read();
      if (!isThenable(value)) {
        this.#seen.set(name, describeValue(value));
        return value as Seen;
      }
      return this.#seeLater(name, value) as Seen;
    } catch (error) {
      this.#seen.set(name, `throws ${describeError(error)}`);
      return undefined as Seen;
    }
  }

  /** Has the notes wait for a handler, which may go on to note something. */
  async hold(handler: Promise<unknown>): Promise<void> {
    this.#pending.add(handler);
    await Promise.allSettled([handler]);
    this.#settle(handler);
  }

  /** Resolves when all that was promised is noted, or the time is over. */
  async complete(limitMs: number): Promise<Record<string, Json>> {
    if (this.#pending.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      const timer = setTimeout(resolve, limitMs);
      await promise;
      clearTimeout(timer);
    }
    return Object.fromEntries(this.#seen);
  }

  async #seeLater(name: string, value: PromiseLike<unknown>): Promise<unknown> {
    this.#pending.add(name);
    this.#seen.set(name, "is awaited in vain");
    try {
      const later = await value;
      this.#seen.set(name, describeValue(later));
      return later;
    } catch (error) {
      this.#seen.set(name, `rejects with ${describeError(error)}`);
      return undefined;
    } finally {
      // The handler that awaits this may begin something else first.
      queueMicrotask(() => this.#settle(name));
    }
  }

  #settle(pending: unknown): void {
    this.#pending.delete(pending);
    if (this.#pending.size === 0) this.#waiting?.();
  }

  /** A label that is used again gets a number. */
  #freeName(label: string): string {
    let name = label;
    for (let count = 2; this.#seen.has(name); count++) name = `${label} (${count})`;
    this.#seen.set(name, "was begun");
    return name;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** Returns class, name and message of what was thrown. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `a value: ${JSON.stringify(describeValue(error))}`;
  const { name: className } = error.constructor;
  return `${className}${error.name === className ? "" : ` "${error.name}"`}: ${error.message}`;
}

const MAX_DESCRIBED_BYTES = 200;

/** Returns the value as JSON that shows what it is. */
export function describeValue(value: unknown): Json {
  switch (typeof value) {
    case "string":
      return describeText(value);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : `number ${value}`;
    case "function":
      return `function ${value.name} with ${value.length} parameters`;
    case "object":
      return value === null ? null : describeObject(value);
    case "undefined":
      return "undefined";
    default:
      return `${typeof value} ${String(value)}`;
  }
}

/** Long text is shown by its ends and its length. */
function describeText(text: string): string {
  const shown = text.isWellFormed() ? text : JSON.stringify(text);
  if (shown.length <= 2_000) return shown;
  return `${shown.slice(0, 500)}... ${shown.length} characters ...${shown.slice(-500)}`;
}

function describeObject(value: object): Json {
  if (value instanceof Error) return describeError(value);
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${describeBytes(new Uint8Array(value))}`;
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name} ${describeBytes(bytes)}`;
  }
  if (value instanceof File) return `File ${value.name}, type "${value.type}", ${value.size} bytes`;
  if (value instanceof Blob) return `Blob of type "${value.type}", ${value.size} bytes`;
  if (value instanceof FormData) return { FormData: describeValue([...value]) };
  if (Array.isArray(value)) return value.map(describeValue);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) {
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, describeValue(part)]),
    );
  }
  return `an object of class ${prototype.constructor?.name}`;
}

/** Returns bytes as hexadecimal digits; only their number and ends if they are many. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length <= MAX_DESCRIBED_BYTES) return bytes.toHex();
  const [start, end] = [bytes.subarray(0, 8), bytes.subarray(-8)];
  return `${start.toHex()}...${end.toHex()}, ${bytes.length} bytes, sum ${sumOf(bytes)}`;
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (sum * 31 + byte) >>> 0;
  return sum;
}
