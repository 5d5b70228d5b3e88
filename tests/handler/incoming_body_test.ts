import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bodyFaultOf } from "../../src/handler/body_faults.ts";
import { HttpError } from "../../src/handler/errors.ts";
import { type BodyInput, IncomingBody } from "../../src/handler/incoming_body.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";

const REQUEST = { method: "POST", target: "/" };

/** An input that gives each part when it is read, as far as the view has room. */
class Parts implements BodyInput {
  readonly declaredLength: number | undefined;
  readonly viewSizes: number[] = [];
  isCancelled = false;
  #parts: string[];

  constructor(parts: readonly string[], declaredLength?: number) {
    this.#parts = [...parts];
    this.declaredLength = declaredLength;
  }

  get isOver(): boolean {
    return this.#parts.length === 0;
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    await Promise.resolve();
    this.viewSizes.push(view.length);
    const part = this.#parts.shift();
    if (part === undefined) return 0;
    if (part === "never") return await new Promise(() => {});
    const { written } = new TextEncoder().encodeInto(part, view);
    if (written < part.length) this.#parts.unshift(part.slice(written));
    return written;
  }

  cancel(): void {
    this.isCancelled = true;
  }
}

function bodyOf(input: BodyInput, maxCollectedBytes = 1_000): IncomingBody {
  const body = new IncomingBody(input, maxCollectedBytes);
  body.belongTo(REQUEST);
  return body;
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("IncomingBody.stream", () => {
  it("reads only what its reader asks for", async () => {
    const input = new Parts(["abc", "def"]);
    const reader = bodyOf(input).stream.getReader();
    assertEquals(input.viewSizes.length, 0);
    assertEquals(decode((await reader.read()).value!), "abc");
    assertEquals(input.viewSizes.length, 1);
    assertEquals(decode((await reader.read()).value!), "def");
    assert((await reader.read()).done);
    assertEquals(input.viewSizes.length, 2);
  });

  it("takes no more memory for a part than 64 KiB, or than the declared length", async () => {
    for (const [declared, most] of [[undefined, 65_536], [10, 10], [1_000_000, 65_536]] as const) {
      const input = new Parts(["abc"], declared);
      await bodyOf(input).stream.getReader().read();
      assertEquals(input.viewSizes, [most]);
    }
  });

  it("copies a small part out of its memory, and hands full memory over", async () => {
    const input = new Parts(["a", "b", "c".repeat(65_536), "d"]);
    const parts: Uint8Array[] = [];
    for await (const part of bodyOf(input).stream) parts.push(part);
    assertEquals(parts.map((part) => part.length), [1, 1, 65_536, 1]);
    assertEquals(parts.map((part) => part.buffer.byteLength), [1, 1, 65_536, 1]);
    assertEquals(decode(parts[0]) + decode(parts[1]) + decode(parts[3]), "abd");
  });

  it("ends a BYOB read that waits at the end", async () => {
    const reader = bodyOf(new Parts(["abc", ""])).stream.getReader({ mode: "byob" });
    assertEquals(decode((await reader.read(new Uint8Array(10))).value!), "abc");
    assert((await reader.read(new Uint8Array(10))).done);
  });

  it("is the same each time, and tells its input when it is cancelled", async () => {
    const input = new Parts(["abc"]);
    const body = bodyOf(input);
    assertStrictEquals(body.stream, body.stream);
    await body.stream.cancel();
    assert(input.isCancelled);
  });

  it("fails at once when the body does, with an error that is the client's fault", async () => {
    const body = bodyOf(new Parts(["never"]));
    const reading = body.stream.getReader().read();
    body.fail(REFUSALS.bodyTooSlow);
    const error = await assertRejects(() => reading, HttpError);
    assertEquals(error.status, 408);
    assertEquals(bodyFaultOf(error), { of: REQUEST, answer: error });
    assertStrictEquals(body.failure, error);
  });

  it("fails with another error when the exchange is over, and one of the two only", async () => {
    const input = new Parts(["never"]);
    const body = bodyOf(input);
    body.release(() => new TypeError("late"));
    body.fail(REFUSALS.endedEarly);
    await assertRejects(() => body.stream.getReader().read(), TypeError, "late");
    assert(input.isCancelled);
    assertEquals(body.failure, undefined);
  });

  it("does not fail when it has been read to its end", async () => {
    const body = bodyOf(new Parts(["abc"]));
    const reader = body.stream.getReader();
    assertEquals(decode((await reader.read()).value!), "abc");
    body.release(() => new TypeError("late"));
    assert((await reader.read()).done);
  });
});

describe("IncomingBody.collect()", () => {
  it("resolves to all of it, in memory of just that size", async () => {
    for (const declared of [undefined, 100_000]) {
      const input = new Parts(["abc".repeat(33_333), "d"], declared);
      const bytes = await bodyOf(input, 200_000).collect();
      assertEquals(bytes.length, 100_000);
      assertEquals(bytes.buffer.byteLength, 100_000);
      assertEquals(bytes.at(-1), 100);
    }
  });

  it("takes memory in step with what has come, whatever is declared", async () => {
    const input = new Parts(["a", "b".repeat(70_000), "c"], 1_000_000);
    await bodyOf(input, 1_000_000).collect();
    assertLessOrEqual(input.viewSizes[0], 65_536);
    assertLessOrEqual(Math.max(...input.viewSizes), 4 * 65_536);
  });

  it("fails with 413 above the limit, and does not read what is declared as larger", async () => {
    for (const declared of [undefined, 6]) {
      const input = new Parts(["abc", "def"], declared);
      const error = await assertRejects(() => bodyOf(input, 5).collect(), HttpError);
      assertEquals(error.status, 413);
      assertEquals(bodyFaultOf(error)?.answer, error);
      assertEquals(input.viewSizes.length, declared === undefined ? 2 : 0);
    }
    assertEquals((await bodyOf(new Parts(["abc", "de"]), 5).collect()).length, 5);
  });

  it("fails when the body does, while it waits", async () => {
    const body = bodyOf(new Parts(["abc", "never"]));
    const collecting = body.collect();
    body.fail(REFUSALS.endedEarly);
    assertEquals((await assertRejects(() => collecting, HttpError)).status, 400);
    await assertRejects(() => body.collect(), HttpError);
  });
});

describe("IncomingBody.collectFrom()", () => {
  it("collects a branch of the stream under the same limit", async () => {
    const body = bodyOf(new Parts(["abc", "def"]));
    const [one, other] = body.stream.tee();
    const both = await Promise.all([body.collectFrom(one), body.collectFrom(other)]);
    assertEquals(both.map(decode), ["abcdef", "abcdef"]);
    const large = bodyOf(new Parts(["abc", "def"]), 5);
    await assertRejects(() => large.collectFrom(large.stream), HttpError);
  });
});
