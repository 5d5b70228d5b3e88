// Ends a connection so that the last response arrives (RFC 9112, section 9.6). A socket that is
// closed with unread bytes in it sends a reset. A reset may destroy, on the client's side, the
// response that the client has not read yet. So the server ends its own side first, reads and
// discards what arrives, and then closes. The number of bytes does not matter: only the time limits
// of the caller end it.

import type { ReadFairness } from "./read_fairness.ts";

/** Memory for discarded bytes. No code reads them, so all connections of a worker share it. */
const DISCARD_BYTES = 65_536;
let discarded: Uint8Array<ArrayBuffer> | undefined;

/**
 * Ends the server's side, then reads until the client ends its own. Rejects when the connection
 * fails or is closed meanwhile. Calls `onRead` after each read that has brought bytes. Lingering
 * connections take turns like other busy ones: their bytes must not keep requests waiting.
 */
export async function lingerBeforeClose(
  connection: Pick<Deno.Conn, "closeWrite" | "read">,
  readFairness: ReadFairness,
  onRead: () => void,
): Promise<void> {
  await connection.closeWrite();
  discarded ??= new Uint8Array(DISCARD_BYTES);
  for (;;) {
    const turn = readFairness.pause();
    if (turn !== undefined) await turn;
    const count = await connection.read(discarded);
    readFairness.noteRead();
    if (count === null) return;
    onRead();
  }
}
