// Whether the supervisor replaces no worker with open WebSockets at the moment, in memory that all
// workers see: a worker that panics knows by it whether it stays, and asks nothing.

const NUMBERS = 1;

/** A flag that the supervisor sets and the workers read. */
export class SocketPanicHold {
  /** The memory, to be sent to the workers. */
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array<SharedArrayBuffer>;

  /** Makes the memory, or opens what the supervisor has made. */
  constructor(memory = new SharedArrayBuffer(NUMBERS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
  }

  /** Whether a worker with open WebSockets stays after a panic. */
  get isOn(): boolean {
    return Atomics.load(this.#numbers, 0) === 1;
  }

  set isOn(value: boolean) {
    Atomics.store(this.#numbers, 0, value ? 1 : 0);
  }
}
