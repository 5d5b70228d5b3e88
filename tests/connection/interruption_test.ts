// What becomes of a connection that is interrupted: a table over all of its states.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  CALL_OVER,
  type ConnectionState,
  isEnding,
  NEW,
  stateWhenReading,
  type Streaming,
  WRITING,
} from "../../src/connection/connection_state.ts";
import { type Interruption, interruptionOf } from "../../src/connection/interruption.ts";
import { StreamedBody } from "../../src/connection/streamed_body.ts";
import type { BodyStream } from "../../src/handler/body_stream.ts";
import type { ConnectionUpgrade } from "../../src/handler/upgrade.ts";

const IDLE = stateWhenReading(WRITING, "request", 0);
const HEAD = stateWhenReading(IDLE, "head", 0);
const BODY = stateWhenReading(HEAD, "body", 100);
const HANDLING: ConnectionState = { kind: "handling", call: CALL_OVER };

function streaming(waitsFor: Streaming["waitsFor"]): Streaming {
  const body = new StreamedBody({} as BodyStream, { kind: "chunked" });
  return { kind: "streaming", body, waitsFor, reader: "seen" };
}

describe("interruptionOf()", () => {
  const closed: ConnectionState = { kind: "closed", finalResponse: undefined };
  const upgrade = {} as ConnectionUpgrade;
  const upgraded: ConnectionState = {
    kind: "upgraded",
    upgrade,
    ended: new Promise<never>(() => {}),
  };
  const closing: ConnectionState = { kind: "closing", finalResponse: Promise.resolve() };
  const cases: [what: string, state: ConnectionState, interruption: Interruption][] = [
    ["closes a new connection", NEW, "close unused"],
    ["closes an idle connection", IDLE, "close"],
    ["refuses a head that has not come whole", HEAD, "refuse"],
    ["refuses a body that has not come whole", BODY, "refuse"],
    ["gives a handler up", HANDLING, "give up"],
    ["cuts off a body whose next part is awaited", streaming("part"), "cut off"],
    ["closes a connection whose client does not take its body", streaming("client"), "close"],
    ["closes a connection whose client does not take its response", WRITING, "close"],
    ["closes a connection that lingers, or has a final response", closing, "close"],
    ["leaves an upgraded connection to its protocol", upgraded, "leave to upgrade"],
    ["leaves a closed connection", closed, "nothing"],
  ];
  for (const [what, state, interruption] of cases) {
    it(what, () => assertEquals(interruptionOf(state), interruption));
  }

  it("knows the states of closing as the end", () => {
    for (const [, state] of cases) assertEquals(isEnding(state), /^clos/.test(state.kind));
    assert(!isEnding(NEW));
  });
});
