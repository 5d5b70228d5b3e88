// Writes bytes to standard output, whole and in order, even to a pipe that is full.

/** How long to wait before another try to write to a full pipe that is in non-blocking mode. */
const FULL_PIPE_MS = 10;

/** The part of `Deno.stdout` that is used here. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes all of the bytes. Lines of several workers stay whole, even for a slow reader: one thread
 * of the process writes at a time, until all of its bytes are written.
 */
export async function writeToStandardOutput(
  bytes: Uint8Array,
  output: ByteWriter = Deno.stdout,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += await output.write(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_MS));
    }
  }
}
