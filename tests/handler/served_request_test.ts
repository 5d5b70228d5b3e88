// The platform's Request with readers that note the client's faults, and waitUntil.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bodyFaultOf } from "../../src/handler/body_faults.ts";
import { createServedRequest } from "../../src/handler/served_request.ts";
import { BODY_FAULTS, rejectionOf } from "../support/requests/request_sample.ts";

/** Where a request comes from. */
class Source {
  readonly method = "POST";
  readonly target = "/form";
  readonly controller = new AbortController();
  readonly work: PromiseLike<unknown>[] = [];

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  waitUntil(promise: PromiseLike<unknown>): void {
    this.work.push(promise);
  }

  request(body: string, contentType = "text/plain"): Request {
    const init = { method: this.method, body, headers: { "content-type": contentType } };
    return createServedRequest("http://localhost/form", init, this);
  }
}

describe("createServedRequest()", () => {
  it("makes a platform Request", async () => {
    const request = new Source().request("text");
    assertInstanceOf(request, Request);
    assertEquals([request.method, request.url], ["POST", "http://localhost/form"]);
    assertEquals(await request.text(), "text");
    const get = createServedRequest("http://localhost/", undefined, new Source());
    assertEquals([get.method, get.body], ["GET", null]);
  });

  it("has a signal that aborts with that of its source, also in a clone", () => {
    const source = new Source();
    const request = source.request("a");
    const clone = request.clone();
    source.controller.abort("gone");
    assertEquals([request.signal.reason, clone.signal.reason], ["gone", "gone"]);
  });

  it("gives waitUntil as a function that needs no request", () => {
    const source = new Source();
    const { waitUntil } = source.request("a").clone() as Request & Pick<Source, "waitUntil">;
    const work = Promise.resolve();
    waitUntil(work);
    assertEquals(source.work.length, 1);
    assertStrictEquals(source.work[0], work);
  });

  for (const { what, body, reader, status, ...rest } of BODY_FAULTS) {
    it(`notes that the client is at fault for ${what}, with ${status}, also for a clone`, async () => {
      const source = new Source();
      const request = source.request(body, "type" in rest ? rest.type : undefined);
      for (const each of [request.clone(), request]) {
        const fault = bodyFaultOf(await rejectionOf(each[reader]()));
        assert(fault !== undefined);
        assertStrictEquals(fault.of, source);
        assertEquals(fault.answer.status, status);
      }
    });
  }

  it("notes no fault where the application reads a body twice", async () => {
    const request = new Source().request("1");
    assertEquals(await request.json(), 1);
    const error = await assertRejects(() => request.json(), TypeError);
    assertEquals(bodyFaultOf(error), undefined);
  });
});
