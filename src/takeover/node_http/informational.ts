// Informational responses that a program sends (RFC 9110, section 15.2): the runtime writes them as text.

import { checkField } from "../../handler/checked_headers.ts";

/** A response of status 1xx. */
export interface Informational {
  readonly status: number;
  readonly bytes: Uint8Array;
}

const STATUS_LINE = /^HTTP\/1\.1 (1\d\d) [\t\x20-\x7e]*$/;

/**
 * Reads the text of an informational response.
 *
 * @throws {TypeError} when it is none, or a field may not be sent
 */
export function readInformational(text: string): Informational {
  const [statusLine, ...lines] = text.split("\r\n");
  const status = Number(STATUS_LINE.exec(statusLine)?.[1] ?? 0);
  const isWhole = lines.length >= 2 && lines.at(-1) === "" && lines.at(-2) === "";
  // 101 ends HTTP on the connection.
  if (status === 0 || status === 101 || !isWhole) {
    throw new TypeError(
      `Cannot send ${JSON.stringify(statusLine)} as an informational response: ` +
        "expected a status from 100 to 199 other than 101",
    );
  }
  for (const line of lines.slice(0, -2)) {
    const colon = line.indexOf(":");
    checkField(line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim());
  }
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return { status, bytes };
}
