// The wire cases: what comes over the wire, and what must come of it. Read down, they are a manual of what Mudpie accepts.
// The expectations are those of RFC 9110, RFC 9112 and the design page, whatever the code does. Where the RFCs leave a
// choice, or ask for a tolerance that others have been attacked by, the file says which way we go and why. Here stands the
// order of the groups alone: that of RFC 9112 from the first byte of a request to the end of its body, then connections,
// then attacks, then limits.

import { chunkExtensions } from "./wire/chunk_extensions.ts";
import { chunkedBody } from "./wire/chunked_body.ts";
import { contentLength } from "./wire/content_length.ts";
import { expectation } from "./wire/expect.ts";
import { fieldNames, fieldValues, foldedLines } from "./wire/field_lines.ts";
import { host, hostAndTarget } from "./wire/host.ts";
import { httpVersion } from "./wire/http_version.ts";
import { bodyLimit, headLimits, targetLimit } from "./wire/limits.ts";
import { messageParsing } from "./wire/message_parsing.ts";
import { methods } from "./wire/methods.ts";
import { persistence } from "./wire/persistence.ts";
import { pipelining } from "./wire/pipelining.ts";
import { requestLine } from "./wire/request_line.ts";
import { absoluteForm, originForm, otherForms } from "./wire/request_target.ts";
import { hiddenInBodies, hiddenInChunks, twoFramings } from "./wire/smuggling.ts";
import { trailerSection } from "./wire/trailer_section.ts";
import { transferEncoding } from "./wire/transfer_encoding.ts";
import type { WireGroup } from "./wire/types.ts";

export type { ExpectedRequest, RefusalName, WireCase, WireGroup } from "./wire/types.ts";

/** Every case there is, group by group. */
export const WIRE_GROUPS: readonly WireGroup[] = [
  messageParsing,
  httpVersion,
  requestLine,
  originForm,
  absoluteForm,
  otherForms,
  methods,
  fieldNames,
  fieldValues,
  foldedLines,
  host,
  hostAndTarget,
  contentLength,
  transferEncoding,
  chunkedBody,
  chunkExtensions,
  trailerSection,
  expectation,
  pipelining,
  persistence,
  twoFramings,
  hiddenInBodies,
  hiddenInChunks,
  targetLimit,
  headLimits,
  bodyLimit,
];
