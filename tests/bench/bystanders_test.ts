// Holds the bystanders to what they tell. A server of the test's own misbehaves on purpose; nothing is timed.

import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canUseNetwork } from "../support/permissions.ts";
import { watchBystanders } from "./bystanders.ts";

/** Serves with one answer for each request, which says that the connection ends or says nothing, and ends it or not. */
function serve(answerTo: (number: number) => { text: string; ends: boolean }): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let number = 0;
  const serveConnection = async (conn: Deno.Conn) => {
    const bytes = new Uint8Array(1_024);
    for (;;) {
      if (await conn.read(bytes) === null) break;
      const { text, ends } = answerTo(number++);
      await conn.write(new TextEncoder().encode(text));
      if (ends) break;
    }
    conn.close();
  };
  (async () => {
    for await (const conn of listener) serveConnection(conn).catch(() => {});
  })();
  return listener;
}

function answer(status: number, ...fields: string[]): string {
  return [`HTTP/1.1 ${status} Word`, "Content-Length: 0", ...fields, "", ""].join("\r\n");
}

/** Aborts when that many answers were given. */
function whenAnswered(count: number): { readonly signal: AbortSignal; count(): void } {
  const controller = new AbortController();
  let answers = 0;
  return {
    signal: controller.signal,
    count: () => {
      if (++answers === count) controller.abort();
    },
  };
}

describe("watchBystanders()", { ignore: !canUseNetwork }, () => {
  it("counts every answer", async () => {
    const enough = whenAnswered(100);
    let given = 0;
    using listener = serve(() => {
      given++;
      enough.count();
      return { text: answer(200), ends: false };
    });
    const waits = await watchBystanders(listener.addr.port, enough.signal);
    assertEquals([waits.answers, waits.retries], [given, 0]);
    assertGreater(waits.longestUs + 1, waits.p99Us);
    assertGreater(waits.p50Us, 0);
  });

  it("goes on by a new connection where the answer says that it is the last one", async () => {
    const enough = whenAnswered(100);
    using listener = serve(() => {
      enough.count();
      return { text: answer(200, "Connection: close"), ends: true };
    });
    const waits = await watchBystanders(listener.addr.port, enough.signal);
    assertEquals(waits.retries, 0);
    assertGreater(waits.answers, 99);
  });

  it("asks again where a connection ends without an answer, and counts that", async () => {
    const enough = whenAnswered(100);
    using listener = serve((number) => {
      enough.count();
      return number % 10 === 0 ? { text: "", ends: true } : { text: answer(200), ends: false };
    });
    const waits = await watchBystanders(listener.addr.port, enough.signal);
    assertGreater(waits.retries, 9);
    assertGreater(waits.answers, 80);
  });

  it("fails when an answer is no 200", async () => {
    using listener = serve(() => ({ text: answer(500), ends: false }));
    await assertRejects(
      () => watchBystanders(listener.addr.port, new AbortController().signal),
      Error,
      "HTTP/1.1 500",
    );
  });
});
