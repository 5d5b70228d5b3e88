// Which socket file a slot of the fleet owns.
// The worker of a slot writes the file's identity to memory that the supervisor and the next worker
// share. So a server replaces and removes only its own files.

/**
 * A slot's claim to one file. A file system may use the number of an inode again, so the time of
 * the file's birth is part of its identity, if the file system has it.
 */
export class SocketClaim {
  /** The memory, to be sent to the worker. */
  readonly memory: SharedArrayBuffer;
  readonly #file: Float64Array<SharedArrayBuffer>;

  /** Makes a claim to no file, or a view of an existing claim. */
  constructor(memory = new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#file = new Float64Array(memory);
  }

  /** Makes a claim to a file. */
  static to(file: Deno.FileInfo): SocketClaim {
    const claim = new SocketClaim();
    claim.#file.set(identityOf(file));
    return claim;
  }

  /** Returns whether the slot owns that file. */
  covers(file: Deno.FileInfo): boolean {
    return identityOf(file).every((part, i) => part === this.#file[i]);
  }

  /**
   * Changes the claim to another file, then calls `move`, which moves that file to the path. In
   * this order a worker that is terminated between the two leaves no file without a claim. If
   * `move` throws, the claim is restored.
   */
  goOver(file: Deno.FileInfo, move: () => void): void {
    const before = this.#file.slice();
    this.#file.set(identityOf(file));
    try {
      move();
    } catch (error) {
      this.#file.set(before);
      throw error;
    }
  }
}

function identityOf({ dev, ino, birthtime }: Deno.FileInfo): number[] {
  return [dev, ino ?? 0, birthtime?.getTime() ?? 0];
}
