import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { isReceivableCloseCode } from "../../src/websocket/close_code.ts";
import { FAILURES } from "../../src/websocket/failure.ts";
import { MAX_CLOSE_REASON_BYTES } from "../../src/websocket/frame_encoder.ts";

describe("FAILURES (RFC 6455, section 7.1.7)", () => {
  for (const [name, failure] of Object.entries(FAILURES)) {
    it(`FAILURES.${name} fits a Close frame`, () => {
      assertEquals(isReceivableCloseCode(failure.code), true);
      assertMatch(failure.reason, new RegExp(`^[ -~]{1,${MAX_CLOSE_REASON_BYTES}}$`));
      assertEquals(Object.isFrozen(failure), true);
    });
  }
});
