// Which call of a handler was cut off.

import { assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HandlerCalls } from "../../src/connection/handler_calls.ts";
import type { WebRequest } from "../../src/handler/request.ts";
import { OutgoingResponse } from "../../src/handler/outgoing_response.ts";

const REQUEST = { method: "GET" } as WebRequest;
const CALL = { request: REQUEST };

describe("HandlerCalls.cutOff", () => {
  it("is undefined after a call that has returned", () => {
    const response = new OutgoingResponse(204, null, null, null);
    const calls = new HandlerCalls({ dispatch: () => response });
    assertStrictEquals(calls.dispatch(CALL), response);
    assertStrictEquals(calls.cutOff, undefined);
  });

  it("is undefined after a call that has returned a promise", () => {
    const calls = new HandlerCalls({ dispatch: () => new Promise<OutgoingResponse>(() => {}) });
    calls.dispatch(CALL);
    assertStrictEquals(calls.cutOff, undefined);
  });

  it("is the request of a call that has not returned", () => {
    const calls = new HandlerCalls({
      dispatch: () => {
        // The runtime unwinds the stack in the same way, and runs no `finally`.
        throw new Error("out of memory");
      },
    });
    assertThrows(() => calls.dispatch(CALL));
    assertStrictEquals(calls.cutOff, REQUEST);
  });
});
