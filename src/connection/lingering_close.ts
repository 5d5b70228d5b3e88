// Ends a connection so that the last response arrives (RFC 9112, section 9.6).
// A socket that is closed with unread bytes in it sends a reset. A reset may destroy, on the client's side, the response that
// the client has not read yet. So the server ends its own side first, reads on and discards what comes, and then closes.
// How many bytes come does not matter: the time limits alone, which are the caller's, end it.

import type { TurnGate } from "./read_fairness.ts";

/** Where discarded bytes go. Nothing reads them, so all connections of a worker share this memory. */
const DISCARD_BYTES = 65_536;
let discarded: Uint8Array<ArrayBuffer> | undefined;

/**
 * Ends the server's side, then reads until the client ends its own. Rejects when the connection fails, or is closed
 * meanwhile. `onRead` is called after each read that has brought bytes. Like other busy connections, those that linger take
 * turns: what they send must not keep requests waiting.
 */
export async function lingerBeforeClose(
  connection: Pick<Deno.Conn, "closeWrite" | "read">,
  turnGate: TurnGate,
  onRead: () => void,
): Promise<void> {
  await connection.closeWrite();
  discarded ??= new Uint8Array(DISCARD_BYTES);
  for (;;) {
    const turn = turnGate.pause();
    if (turn !== undefined) await turn;
    const count = await connection.read(discarded);
    turnGate.noteRead();
    if (count === null) return;
    onRead();
  }
}
