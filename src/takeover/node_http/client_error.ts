// The error with which listeners to `clientError` learn of a refused request. Only what Node's own parser
// refuses, or times out, is such an error. Everything else is refused without the program.

import { type Refusal, REFUSALS } from "../../http1/refusal.ts";
import { codedError } from "./node_errors.ts";

const CODES: ReadonlyMap<Refusal, string> = new Map<Refusal, string>([
  [REFUSALS.badMethod, "HPE_INVALID_METHOD"],
  [REFUSALS.badTarget, "HPE_INVALID_URL"],
  [REFUSALS.badTargetForm, "HPE_INVALID_URL"],
  [REFUSALS.badVersion, "HPE_INVALID_VERSION"],
  [REFUSALS.unknownVersion, "HPE_INVALID_VERSION"],
  [REFUSALS.badLineEnd, "HPE_CR_EXPECTED"],
  [REFUSALS.foldedLine, "HPE_INVALID_HEADER_TOKEN"],
  [REFUSALS.badFieldName, "HPE_INVALID_HEADER_TOKEN"],
  [REFUSALS.badFieldValue, "HPE_INVALID_HEADER_TOKEN"],
  [REFUSALS.badContentLength, "HPE_INVALID_CONTENT_LENGTH"],
  [REFUSALS.severalContentLengths, "HPE_UNEXPECTED_CONTENT_LENGTH"],
  [REFUSALS.lengthWithTransferEncoding, "HPE_INVALID_TRANSFER_ENCODING"],
  [REFUSALS.transferEncodingInHttp10, "HPE_INVALID_TRANSFER_ENCODING"],
  [REFUSALS.badTransferEncoding, "HPE_INVALID_TRANSFER_ENCODING"],
  [REFUSALS.badChunkSize, "HPE_INVALID_CHUNK_SIZE"],
  [REFUSALS.badChunkExtension, "HPE_CHUNK_EXTENSIONS_OVERFLOW"],
  [REFUSALS.badChunkEnd, "HPE_STRICT"],
  [REFUSALS.badTrailer, "HPE_INVALID_HEADER_TOKEN"],
  [REFUSALS.endedEarly, "HPE_INVALID_EOF_STATE"],
  [REFUSALS.headTooLarge, "HPE_HEADER_OVERFLOW"],
  [REFUSALS.tooManyFields, "HPE_HEADER_OVERFLOW"],
  [REFUSALS.targetTooLong, "HPE_HEADER_OVERFLOW"],
  [REFUSALS.headTooSlow, "ERR_HTTP_REQUEST_TIMEOUT"],
  [REFUSALS.bodyTooSlow, "ERR_HTTP_REQUEST_TIMEOUT"],
]);

/** Makes the error of a refused request. Returns undefined if that is none of the program's. */
export function clientErrorOf(refusal: Refusal): Error | undefined {
  const code = CODES.get(refusal);
  if (code === undefined) return undefined;
  const { reason } = refusal;
  const message = code.startsWith("HPE_") ? `Parse Error: ${reason}` : "Request timeout";
  return Object.assign(codedError(Error, code, message), { reason, bytesParsed: 0 });
}
