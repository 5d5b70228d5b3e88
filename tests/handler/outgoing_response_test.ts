import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BodyStream } from "../../src/handler/body_stream.ts";
import type { Field } from "../../src/handler/checked_headers.ts";
import { OutgoingResponse } from "../../src/handler/outgoing_response.ts";

function made(...fields: Field[]): OutgoingResponse {
  return new OutgoingResponse(200, "a/b", fields, "body");
}

describe("OutgoingResponse", () => {
  it("has no fields if none were given", () => {
    const { status, contentType, fields, body } = new OutgoingResponse(201, "a/b", null, "body");
    assertEquals([status, contentType, fields, body], [201, "a/b", null, "body"]);
  });

  it("keeps the handler's fields in their order, and drops the server's own", () => {
    const { fields } = made(["X-B", "1"], ["Date", "x"], ["x-a", "2"], ["TE", "x"], ["x-b", "3"]);
    assertEquals(fields, [["X-B", "1"], ["x-a", "2"], ["x-b", "3"]]);
  });

  it("has the first content type beside its fields", () => {
    const fields: Field[] = [["Content-Type", "c/d"], ["x-a", "b"], ["content-type", "e/f"]];
    const outgoing = new OutgoingResponse(200, null, fields, "body");
    assertEquals(outgoing.contentType, "c/d");
    assertEquals(outgoing.fields, [["x-a", "b"], ["content-type", "e/f"]]);
    assertEquals(new OutgoingResponse(200, null, [["content-type", "c/d"]], "").fields, null);
  });

  it("notes the declared length, if it is a number", () => {
    assertEquals(made(["Content-Length", "12"]).declaredLength, 12);
    assertEquals(made(["Content-Length", "twelve"]).declaredLength, undefined);
    assertEquals(made().declaredLength, undefined);
  });

  it("notes whether the handler asks for the end of the connection", () => {
    assertEquals(made(["connection", "x, Close"]).wantsClose, true);
    assertEquals(made(["connection", "keep-alive"]).wantsClose, false);
  });

  it("notes whether an upgrade is offered, and passes the field on", () => {
    const { offersUpgrade, fields } = made(["Upgrade", "h2c"]);
    assertEquals([offersUpgrade, fields], [true, [["Upgrade", "h2c"]]]);
  });

  it("has a stream in place of its body", () => {
    const stream = new BodyStream(new ReadableStream());
    const outgoing = new OutgoingResponse(200, null, null, stream);
    assertEquals([outgoing.body, outgoing.stream], [null, stream]);
  });
});
