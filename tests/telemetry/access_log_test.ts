// The log of requests: what is collected, when it is written, and what becomes of lines that nobody
// reads.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HeadParser } from "../../src/http1/head_parser.ts";
import { encodeHead, RequestHead } from "../../src/http1/request_head.ts";
import {
  AccessLog,
  type AccessLogOptions,
  type LoggedRequest,
} from "../../src/telemetry/access_log.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { writtenId } from "../support/connections/written_id.ts";

function headOf(target: string, ...fields: [string, string][]): RequestHead {
  const bytes = encodeHead({ method: "GET", target, fields: [["host", "a"], ...fields] });
  const parser = new HeadParser({ maxTargetBytes: 8_192, maxHeadBytes: 16_384, maxHeaderCount: 9 });
  const outcome = parser.parse(bytes, 0, bytes.length);
  const head = outcome.kind === "complete" ? parser.take(bytes, 0, outcome.end) : undefined;
  if (!(head instanceof RequestHead)) throw new Error(`Not a head: ${target}`);
  return head;
}

/** A request as it is logged: answered with 200 and one byte at once, unless `but` differs. */
function logged(head: RequestHead | undefined, but: Partial<LoggedRequest> = {}): LoggedRequest {
  const endedAt = performance.now();
  return {
    clientHostname: "192.0.2.1",
    head,
    requestId: writtenId("id"),
    status: 200,
    bodyBytes: 1,
    startedAt: endedAt,
    endedAt,
    ...but,
  };
}

/** Somewhere to write, which takes its time when the test wants it to. */
class Sink {
  readonly writes: string[] = [];
  readonly failures: unknown[] = [];
  readonly #pending: PromiseWithResolvers<void>[] = [];
  isSlow = false;

  readonly write = (bytes: Uint8Array): Promise<void> => {
    this.writes.push(new TextDecoder().decode(bytes));
    if (!this.isSlow) return Promise.resolve();
    const pending = Promise.withResolvers<void>();
    this.#pending.push(pending);
    return pending.promise;
  };

  async finish(): Promise<void> {
    this.isSlow = false;
    for (const { resolve } of this.#pending.splice(0)) resolve();
    await settle();
  }

  /** A log that writes here. */
  log(options: Partial<AccessLogOptions> = {}): AccessLog {
    return new AccessLog({
      format: "text",
      worker: 3,
      exclude: [],
      write: this.write,
      onFailure: (error) => this.failures.push(error),
      ...options,
    });
  }

  get lines(): string[] {
    return this.writes.join("").split("\n").slice(0, -1);
  }
}

describe("AccessLog", () => {
  it("writes lines in the combined log format, and the duration, the id and the worker", async () => {
    const sink = new Sink();
    const log = sink.log();
    log.tick(new Date("2026-11-23T15:04:05.678Z"));
    const head = headOf("/a?b=c", ["referer", "http://a/"], ["user-agent", 'curl "8"']);
    log.note(logged(head, {
      requestId: writtenId("id-1"),
      bodyBytes: 12,
      startedAt: performance.now() - 1_000,
    }));
    log.note(logged(undefined, { requestId: writtenId("id-2"), status: 400, bodyBytes: 7 }));
    await log.flush();
    assertMatch(
      sink.lines[0],
      /^192\.0\.2\.1 - - \[23\/Nov\/2026:15:04:05 \+0000\] "GET \/a\?b=c HTTP\/1\.1" 200 12 "http:\/\/a\/" "curl \\x228\\x22" (\d+)\.\d id-1 3$/,
    );
    const duration = Number(/(\d+\.\d) id-1/.exec(sink.lines[0])?.[1]);
    assertEquals(duration >= 1_000 && duration < 60_000, true);
    assertEquals(
      sink.lines[1],
      '192.0.2.1 - - [23/Nov/2026:15:04:05 +0000] "-" 400 7 "-" "-" 0.0 id-2 3',
    );
  });

  it("writes JSON with the time to the millisecond", async () => {
    const sink = new Sink();
    const log = sink.log({ format: "json" });
    const before = Date.now();
    log.tick(new Date());
    for (const id of ["id-1", "id-2"]) {
      log.note(logged(headOf("/a"), { requestId: writtenId(id) }));
    }
    await log.flush();
    const records = sink.lines.map((line) => JSON.parse(line));
    assertEquals(records.map(({ id, worker }) => [id, worker]), [["id-1", 3], ["id-2", 3]]);
    for (const { time } of records) {
      assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const at = Date.parse(time);
      // The two clocks may be a few milliseconds apart.
      assertEquals(at >= before - 10 && at <= Date.now() + 10, true, `${time} after ${before}`);
    }
  });

  it("leaves out what it is told to: these paths alone, however they are written", async () => {
    const sink = new Sink();
    const log = sink.log({ exclude: ["/healthz", "/a b"] });
    const targets = [
      "/healthz",
      "/healthz?x",
      "/%68ealthz",
      "/a%20b",
      "/healthz/",
      "/healthzz",
      "/",
    ];
    for (const target of targets) {
      log.note(logged(headOf(target)));
    }
    log.note(logged(undefined, { status: 400 }));
    await log.flush();
    assertEquals(sink.lines.map((line) => /"(?:GET (\S+) .*?|-)" \d/.exec(line)?.[1]), [
      "/healthz/",
      "/healthzz",
      "/",
      undefined,
    ]);
  });

  it("collects lines until the next tick, and writes them together", async () => {
    const sink = new Sink();
    const log = sink.log();
    for (let i = 0; i < 100; i++) {
      log.note(logged(headOf(`/${i}`)));
    }
    await settle();
    assertEquals(sink.writes, []);
    log.tick(new Date());
    await settle();
    assertEquals([sink.writes.length, sink.lines.length], [1, 100]);
    log.tick(new Date());
    await settle();
    assertEquals(sink.writes.length, 1);
  });

  it("does not wait for the tick when there are many lines", async () => {
    const sink = new Sink();
    const log = sink.log();
    const head = headOf("/" + "a".repeat(1_000));
    for (let i = 0; i < 200; i++) log.note(logged(head));
    await settle();
    assertEquals(sink.writes.length > 0, true);
    await log.flush();
    assertEquals(sink.lines.length, 200);
  });

  it("writes one batch at a time, and nothing twice", async () => {
    const sink = new Sink();
    sink.isSlow = true;
    const log = sink.log();
    log.note(logged(headOf("/first")));
    log.tick(new Date());
    log.note(logged(headOf("/second")));
    log.tick(new Date());
    await settle();
    assertEquals(sink.writes.length, 1);
    await sink.finish();
    log.tick(new Date());
    await settle();
    assertEquals(sink.lines.map((line) => /GET (\S+)/.exec(line)?.[1]), ["/first", "/second"]);
  });

  it("its flush() resolves when nothing waits any more, also while a batch is being written", async () => {
    const sink = new Sink();
    sink.isSlow = true;
    const log = sink.log();
    log.note(logged(headOf("/first")));
    log.tick(new Date());
    log.note(logged(headOf("/last")));
    let isFlushed = false;
    const flushed = log.flush().then(() => isFlushed = true);
    await settle();
    assertEquals(isFlushed, false);
    await sink.finish();
    await flushed;
    assertEquals(sink.lines.map((line) => /GET (\S+)/.exec(line)?.[1]), ["/first", "/last"]);
  });

  it("drops lines that nobody reads in time, and says how many", async () => {
    const sink = new Sink();
    sink.isSlow = true;
    const log = sink.log();
    const head = headOf("/" + "a".repeat(8_000));
    const total = 2_000;
    for (let i = 0; i < total; i++) log.note(logged(head));
    await sink.finish();
    for (let i = 0; i < 3; i++) {
      log.tick(new Date());
      await settle();
    }
    const kept = sink.lines.filter((line) => line.includes("GET /a")).length;
    const notices = sink.lines.filter((line) => line.includes("lines were lost"));
    assertEquals(notices.length, 1);
    assertMatch(notices[0], new RegExp(`"-" - - "-" "-" - ${total - kept} lines were lost`));
    assertEquals(kept < total && kept > 400, true);
  });

  it("goes on when its lines cannot be written, says so once, and how many are missing", async () => {
    const sink = new Sink();
    let attempts = 0;
    const write = (bytes: Uint8Array) => {
      attempts++;
      if (attempts > 3) return sink.write(bytes);
      return Promise.reject(new Deno.errors.BrokenPipe("nobody reads"));
    };
    const log = sink.log({ write });
    for (let i = 0; i < 4; i++) {
      log.note(logged(headOf("/")));
      log.note(logged(headOf("/")));
      log.tick(new Date());
      await settle();
    }
    assertEquals([attempts, sink.failures.length], [4, 1]);
    assertEquals(sink.lines.length, 3);
    assertMatch(sink.lines[2], / 6 lines were lost/);
  });
});
