// Informational responses, as text: what is sent, and what is refused.

import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readInformational } from "../../../src/takeover/node_http/informational.ts";

describe("readInformational()", () => {
  it("reads a status and its fields", () => {
    const text = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    const { status, bytes } = readInformational(text);
    assertEquals([status, new TextDecoder().decode(bytes)], [103, text]);
  });

  const refused: readonly (readonly [what: string, text: string])[] = [
    ["a final status", "HTTP/1.1 200 OK\r\n\r\n"],
    ["101, which ends HTTP on the connection", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["a head without an end", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n"],
    ["a field without a name", "HTTP/1.1 103 Early Hints\r\n: a\r\n\r\n"],
    ["a line that is no field", "HTTP/1.1 103 Early Hints\r\nLink\r\n\r\n"],
    [
      "a second response in a value",
      "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, () => void assertThrows(() => readInformational(text), TypeError));
  }
});
