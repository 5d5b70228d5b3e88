import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readWrittenResponse } from "../../../src/takeover/node_http/written_response.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("readWrittenResponse()", () => {
  it("readWrittenResponse() reads the status, the fields, and the rest as the body", () => {
    const text = "HTTP/1.1 431 Too Large\r\nContent-Type: a/b\r\nX-A:  b \r\nX-A:\r\n\r\nbody";
    const response = readWrittenResponse(bytesOf(text));
    assert(response);
    const { status, contentType, fields, body } = response;
    assertEquals([status, contentType, fields, body], [
      431,
      "a/b",
      [["X-A", "b"], ["X-A", ""]],
      bytesOf("body"),
    ]);
  });

  it("readWrittenResponse() reads a status line alone", () => {
    for (const line of ["HTTP/1.1 400 Bad Request", "HTTP/1.0 400", "HTTP/1.1 400 "]) {
      const response = readWrittenResponse(bytesOf(`${line}\r\n\r\n`));
      assertEquals([response?.status, response?.fields, response?.body?.length], [400, null, 0]);
    }
  });

  it("readWrittenResponse() leaves the fields of the connection to the server", () => {
    const fields = "Connection: keep-alive\r\nKeep-Alive: a\r\nDate: b\r\nContent-Length: 1\r\n";
    const response = readWrittenResponse(bytesOf(`HTTP/1.1 400 a\r\n${fields}\r\nc`));
    assertEquals(response?.fields, null);
  });

  const refused: [what: string, text: string][] = [
    ["nothing", ""],
    ["text", "go away"],
    ["a head without its end", "HTTP/1.1 400 Bad Request\r\nA: b\r\n"],
    ["an informational response", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 4000 a\r\n\r\n"],
    ["another version", "HTTP/2.0 400 a\r\n\r\n"],
    ["a line that ends with LF", "HTTP/1.1 400 a\nA: b\r\n\r\n"],
    ["a field that ends with LF", "HTTP/1.1 400 a\r\nA: b\nC: d\r\n\r\n"],
    ["a folded field", "HTTP/1.1 400 a\r\nA: b\r\n c\r\n\r\n"],
    ["a name with a space", "HTTP/1.1 400 a\r\nContent-Length : 3\r\n\r\nabc"],
    ["a value with a control byte", "HTTP/1.1 400 a\r\nA: \0\r\n\r\n"],
    ["chunks", "HTTP/1.1 400 a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a body that is shorter than declared", "HTTP/1.1 400 a\r\nContent-Length: 3\r\n\r\nab"],
    ["two lengths", "HTTP/1.1 400 a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab"],
    ["a length that is none", "HTTP/1.1 400 a\r\nContent-Length: 2, 2\r\n\r\nab"],
    [
      "a second response after the first",
      "HTTP/1.1 400 a\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
  ];
  for (const [what, text] of refused) {
    it(`readWrittenResponse() returns nothing for ${what}`, () => {
      assertEquals(readWrittenResponse(bytesOf(text)), undefined);
    });
  }
});
