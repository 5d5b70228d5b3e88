// How to hang up so that the answer arrives (RFC 9112, section 9.6).
// A socket that is closed with unread bytes in it sends a reset, and a reset may destroy, on the client's side, the answer
// that it has not read yet. So the server ends its own side first, reads on for a while without looking, and then closes.

/** How many bytes are read and thrown away: enough for a client that finishes a body of the usual size before it reads. */
const MAX_DISCARDED_BYTES = 4 * 1024 * 1024;

/** How long that may take in all; a client that has not noticed by then is not going to. */
export const LINGER_TIMEOUT_MS = 5_000;

/** Where discarded bytes go: nobody reads them, so one place serves all connections of a worker. */
const DISCARD_BYTES = 65_536;
let discarded: Uint8Array<ArrayBuffer> | undefined;

/** Ends the server's side, then reads until the client ends its own, or a limit is reached. Whoever calls it closes. */
export async function lingerBeforeClose(connection: Deno.Conn): Promise<void> {
  await connection.closeWrite();
  discarded ??= new Uint8Array(DISCARD_BYTES);
  for (let total = 0; total < MAX_DISCARDED_BYTES;) {
    const count = await connection.read(discarded);
    if (count === null) return;
    total += count;
  }
}
