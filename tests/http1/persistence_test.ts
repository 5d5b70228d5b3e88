import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  clientLetsPersist,
  type ConnectionOption,
  connectionOption,
} from "../../src/http1/persistence.ts";
import { headWith } from "./heads.ts";

describe("clientLetsPersist()", () => {
  const heads: [version: string, fieldLines: string, persists: boolean][] = [
    ["1.1", "", true],
    ["1.1", "Connection: close\r\n", false],
    ["1.1", "Connection: TE, CLOSE\r\n", false],
    ["1.1", "Connection: TE\r\nConnection: close\r\n", false],
    ["1.1", "Connection: closed\r\n", true],
    ["1.1", "Close: close\r\n", true],
    ["1.2", "", true],
    ["1.0", "", false],
    ["1.0", "Connection: Keep-Alive\r\n", true],
    ["1.0", "Connection: keep-alive, close\r\n", false],
    ["1.0", "Keep-Alive: max=5\r\n", false],
  ];
  for (const [version, fieldLines, persists] of heads) {
    it(`clientLetsPersist() is ${persists} for HTTP/${version} with ${JSON.stringify(fieldLines)}`, () => {
      assertEquals(clientLetsPersist(headWith(fieldLines, version)), persists);
    });
  }
});

describe("connectionOption()", () => {
  const options: [minorVersion: 0 | 1, persists: boolean, option: ConnectionOption][] = [
    [1, true, ""],
    [1, false, "close"],
    [0, true, "keep-alive"],
    [0, false, "close"],
  ];
  for (const [minorVersion, persists, option] of options) {
    const end = persists ? "persists" : "ends";
    it(`connectionOption() is "${option}" for HTTP/1.${minorVersion} on a connection that ${end}`, () => {
      assertEquals(connectionOption(minorVersion, persists), option);
    });
  }
});
