// A response on its way to the connection: what the encoder writes, and what concerns the
// connection. Fields that the server sends itself are taken out of it here, and nowhere else.

import { parseDecimal, parseList } from "../http1/grammar.ts";
import type { EncodableBody, EncodableResponse } from "../http1/response_encoder.ts";
import { BodyStream } from "./body_stream.ts";
import { type Field, kindOfName } from "./checked_headers.ts";
import type { ConnectionUpgrade } from "./upgrade.ts";

/** A response for the connection. Its fields were checked, and hold whatever the handler does. */
export class OutgoingResponse implements EncodableResponse {
  readonly status: number;
  readonly contentType: string | null;
  /** The fields beside the content type that the server does not send itself; null for none. */
  readonly fields: readonly Field[] | null;
  readonly body: EncodableBody;
  /** The body, if it is made while it is sent; `body` is null then. */
  readonly stream: BodyStream | undefined;
  /** The protocol that the connection is handed over to after this response. */
  readonly upgrade: ConnectionUpgrade | undefined;
  readonly declaredLength: number | undefined;
  /** Whether the handler asks for the connection to end (`Connection: close`). */
  readonly wantsClose: boolean;
  /**
   * Whether there is an Upgrade field, which needs an option in Connection (RFC 9110, section 7.8).
   */
  readonly offersUpgrade: boolean;

  /**
   * `fields` are all that the handler has set beside `contentType`, and null if it has set none.
   * The content type may be among them. A response with an upgrade has no body.
   */
  constructor(
    status: number,
    contentType: string | null,
    fields: Iterable<Field> | null,
    body: EncodableBody | BodyStream,
    upgrade?: ConnectionUpgrade,
  ) {
    const isStream = typeof body !== "string" && body instanceof BodyStream;
    this.status = status;
    this.body = isStream ? null : body;
    this.stream = isStream ? body : undefined;
    this.upgrade = upgrade;
    // Few responses have fields. The code for them is elsewhere, so that this code stays short
    // enough for the engine to inline.
    const parts = fields === null ? NO_FIELDS : sortFields(fields, contentType);
    this.contentType = fields === null ? contentType : parts.contentType;
    this.fields = parts.fields;
    this.declaredLength = parts.declaredLength;
    this.wantsClose = parts.wantsClose;
    this.offersUpgrade = parts.offersUpgrade;
  }
}

/** What the fields of a response become. */
type FieldParts = Pick<
  OutgoingResponse,
  "contentType" | "fields" | "declaredLength" | "wantsClose" | "offersUpgrade"
>;

const NO_FIELDS: FieldParts = {
  contentType: null,
  fields: null,
  declaredLength: undefined,
  wantsClose: false,
  offersUpgrade: false,
};

/** Divides the fields of a response into those that are sent, and those that have a meaning. */
function sortFields(fields: Iterable<Field>, contentType: string | null): FieldParts {
  const sent: Field[] = [];
  let type = contentType;
  let declaredLength: number | undefined;
  let wantsClose = false;
  let offersUpgrade = false;
  for (const field of fields) {
    const kind = kindOfName(field[0]);
    if (kind === "content-type" && type === null) type = field[1];
    else if (kind === "server") {
      const name = field[0].toLowerCase();
      if (name === "content-length") declaredLength = parseDecimal(field[1]);
      else if (name === "connection") wantsClose ||= parseList(field[1]).includes("close");
    } else {
      sent.push(field);
      offersUpgrade ||= kind === "upgrade";
    }
  }
  return {
    contentType: type,
    fields: sent.length === 0 ? null : sent,
    declaredLength,
    wantsClose,
    offersUpgrade,
  };
}
