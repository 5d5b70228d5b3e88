// The self-test finds each way in which a request is not one of the platform's.

import { assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { defineLazyRequest, type RequestMaker } from "../../src/handler/lazy_request.ts";
import { testRequestMaker } from "../../src/handler/lazy_self_test.ts";
import { RequestBody } from "../../src/http1/request_body.ts";
import { createWholeRequest } from "../../src/handler/platform_request.ts";

function otherBody(): RequestBody {
  return RequestBody.own(new TextEncoder().encode("another"), 7, undefined);
}

/** Changes the prototype of the requests that `create` makes. */
function changed(change: (prototype: object) => void): RequestMaker {
  const create = defineLazyRequest();
  let isChanged = false;
  return (parts) => {
    const request = create(parts);
    if (!isChanged) change(Object.getPrototypeOf(request));
    isChanged = true;
    return request;
  };
}

const sample = new Request("http://localhost/");

/** A key under which the platform keeps a part of the state of its requests. */
function keyOf(description: string): symbol {
  const key = Object.getOwnPropertySymbols(sample).find((key) => key.description === description);
  if (key === undefined) throw new Error(`A Request has no ${description}`);
  return key;
}

describe("testRequestMaker()", () => {
  it("accepts lazy requests", async () => {
    await testRequestMaker(defineLazyRequest());
  });

  it("leaves no operation under way, even if nothing waits for its result", () => {
    testRequestMaker(defineLazyRequest());
  });

  for (const { description } of Object.getOwnPropertySymbols(sample)) {
    // What the platform has not looked at yet is looked for again.
    if (["get headers", "url", "method", "headers guard", "headers cache"].includes(description!)) {
      continue;
    }
    it(`throws for requests without ${description}`, () => {
      const maker = changed((prototype) => Reflect.deleteProperty(prototype, keyOf(description!)));
      assertThrows(() => testRequestMaker(maker), TypeError);
    });
  }

  const wrong: { what: string; change: (prototype: object) => void }[] = [
    { what: "that are no Request", change: (prototype) => Object.setPrototypeOf(prototype, null) },
    {
      what: "whose body stays unread",
      change: (prototype) => Object.defineProperty(prototype, "bodyUsed", { value: false }),
    },
    {
      what: "with headers that can be changed",
      change: (prototype) =>
        Object.defineProperty(prototype, "headers", {
          value: new Headers({ "x-self-test": "field" }),
        }),
    },
  ];
  for (const { what, change } of wrong) {
    it(`throws for requests ${what}`, () => {
      assertThrows(() => testRequestMaker(changed(change)), TypeError);
    });
  }

  it("throws for whole requests, whose method is in upper case", () => {
    assertThrows(() => testRequestMaker(createWholeRequest), TypeError, "new Request()");
  });

  it("rejects if bodies come out as others", async () => {
    const create = defineLazyRequest();
    await assertRejects(
      () => testRequestMaker((parts) => create({ ...parts, body: otherBody() })),
      TypeError,
      "a body",
    );
  });
});
