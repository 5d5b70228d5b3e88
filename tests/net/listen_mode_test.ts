// The choice of a listen mode.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { chooseListenMode } from "../../src/net/listen_mode.ts";

const hasReusePort = "listenDatagram" in Deno && Deno.build.os === "linux";

describe("chooseListenMode()", () => {
  it("returns shared without a reason if shared is asked for", () => {
    assertEquals(chooseListenMode("shared"), { mode: "shared", fallbackReason: undefined });
  });

  it(
    "returns reuseport if the system supports it, asked for or not",
    { ignore: !hasReusePort },
    () => {
      const expected = { mode: "reuseport", fallbackReason: undefined } as const;
      assertEquals(chooseListenMode("reuseport"), expected);
      assertEquals(chooseListenMode(undefined), expected);
    },
  );

  it("falls back to shared if Deno runs without the flag, and names the flag", () => {
    const flagged = Object.getOwnPropertyDescriptor(Deno, "listenDatagram");
    Reflect.deleteProperty(Deno, "listenDatagram");
    try {
      for (const wanted of ["reuseport", undefined] as const) {
        const { mode, fallbackReason } = chooseListenMode(wanted);
        assertEquals(mode, "shared");
        assertStringIncludes(fallbackReason ?? "", "--unstable-net");
        assertStringIncludes(fallbackReason ?? "", "deno.json");
      }
    } finally {
      if (flagged !== undefined) Object.defineProperty(Deno, "listenDatagram", flagged);
    }
  });

  it("falls back to shared on systems other than Linux, with the reason", {
    ignore: !("listenDatagram" in Deno) || Deno.build.os === "linux",
  }, () => {
    const { mode, fallbackReason } = chooseListenMode("reuseport");
    assertEquals(mode, "shared");
    assertStringIncludes(fallbackReason ?? "", "Linux");
  });
});
