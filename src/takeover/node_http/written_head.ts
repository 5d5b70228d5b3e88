// The response that a listener to `upgrade` writes by itself, as far as the log needs it.

/** The head of a response that the program has written. */
export interface WrittenHead {
  readonly status: number;
  /** How long the head is. */
  readonly bytes: number;
}

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})[ \r]/;
const END = "\r\n\r\n";

/** Reads the head in what the program writes first. A response that it knows nothing of counts as 101. */
export function readWrittenHead(written: Uint8Array): WrittenHead {
  const text = new TextDecoder("latin1").decode(written);
  const [, status = "101"] = STATUS_LINE.exec(text) ?? [];
  const end = text.indexOf(END);
  return { status: Number(status), bytes: end < 0 ? 0 : end + END.length };
}
