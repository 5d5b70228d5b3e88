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
  const options: [
    minorVersion: 0 | 1,
    persists: boolean,
    offersUpgrade: boolean,
    option: ConnectionOption,
  ][] = [
    [1, true, false, ""],
    [1, false, false, "close"],
    [0, true, false, "keep-alive"],
    [0, false, false, "close"],
    [1, true, true, "upgrade"],
    [1, false, true, "close, upgrade"],
    [0, true, true, "keep-alive, upgrade"],
    [0, false, true, "close, upgrade"],
  ];
  for (const [minorVersion, persists, offersUpgrade, option] of options) {
    const end = persists ? "persists" : "ends";
    const offer = offersUpgrade ? " with an upgrade" : "";
    it(`connectionOption() is "${option}" for HTTP/1.${minorVersion}${offer} on a connection that ${end}`, () => {
      assertEquals(connectionOption(minorVersion, persists, offersUpgrade, false), option);
    });
  }

  for (
    const [minorVersion, persists, offersUpgrade, option] of [
      [1, true, false, "keep-alive"],
      [1, true, true, "keep-alive, upgrade"],
      [1, false, false, "close"],
      [1, false, true, "close, upgrade"],
      [0, true, false, "keep-alive"],
      [0, false, false, "close"],
    ] as const
  ) {
    const end = persists ? "persists" : "ends";
    const offer = offersUpgrade ? " with an upgrade" : "";
    it(`connectionOption() is "${option}" for HTTP/1.${minorVersion}${offer} on a connection that ${end}, where keep-alive is announced`, () => {
      assertEquals(connectionOption(minorVersion, persists, offersUpgrade, true), option);
    });
  }
});
