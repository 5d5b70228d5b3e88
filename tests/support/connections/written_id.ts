// Names of requests as bytes, as the encoder and the log take them.

import { WrittenId } from "../../../src/telemetry/request_id.ts";

/** The name as bytes. */
export function writtenId(id: string): WrittenId {
  const written = new WrittenId();
  written.write(id);
  return written;
}
