import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bodyFaultOf } from "../../src/handler/body_faults.ts";
import { readAs } from "../../src/handler/incoming_readers.ts";
import { plain, READABLE, READERS } from "../support/requests/request_sample.ts";

const OF = { method: "POST", target: "/" };

function requestWith(fields: readonly (readonly [string, string])[], body: BodyInit): Request {
  const headers = fields.map(([name, value]): [string, string] => [name, value]);
  return new Request("http://localhost/", { method: "POST", headers, body });
}

describe("readAs()", () => {
  for (const reader of READERS) {
    it(`makes of a body what ${reader}() of a Request does`, async () => {
      const { body, fields } = READABLE[reader];
      const bytes = new TextEncoder().encode(body);
      const request = requestWith(fields, body);
      const sent = await new Response(bytes).blob();
      const expected = await plain(await requestWith(fields, sent)[reader]());
      assertEquals(await plain(await readAs(reader, bytes, request, OF)), expected);
    });
  }

  it("notes that a body that is no JSON, or no form, is the client's fault", async () => {
    for (const [reader, status] of [["json", 400], ["formData", 415]] as const) {
      const bytes = new TextEncoder().encode("{");
      const read = () => readAs(reader, bytes, requestWith([], "{"), OF);
      const error = await assertRejects(read);
      assertEquals(bodyFaultOf(error)?.of, OF);
      assertEquals(bodyFaultOf(error)?.answer.status, status);
    }
  });
});
