// The requests that a worker is handling, as the supervisor sees them.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { InFlightRequests } from "../../src/ipc/in_flight_requests.ts";
import { BufferPool } from "../../src/http1/buffer_pool.ts";
import type { RequestHead } from "../../src/http1/request_head.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { bytesOf, DEFAULT_LIMITS } from "../http1/reading.ts";

/** A parser that has read a request to its end, in reads of one byte each for `dribbles`; and the request's head. */
function parsed(text: string, dribbles = false): { parser: RequestParser; head: RequestHead } {
  const parser = new RequestParser(DEFAULT_LIMITS, new BufferPool());
  const bytes = bytesOf(text);
  for (let at = 0; at < bytes.length;) {
    const { space } = parser;
    const count = Math.min(dribbles ? 1 : space.length, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    parser.received(count);
    at += count;
    const outcome = parser.next();
    if (outcome.kind === "request") return { parser, head: outcome.head };
  }
  throw new Error("The text is no whole request");
}

function begin(board: InFlightRequests, text: string, dribbles = false): number {
  const { parser, head } = parsed(text, dribbles);
  return board.begin(parser, head);
}

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

function lines(board: InFlightRequests, now = 0): string[] {
  return board.read(now).map(({ method, path, ageMs }) => `${method} ${path} ${ageMs}`);
}

describe("InFlightRequests", () => {
  it("names what has begun and has not ended, with method, path and age, the oldest first", () => {
    const board = new InFlightRequests();
    board.now = 1_000;
    const first = begin(board, get("/a"));
    board.now = 3_000;
    begin(board, get("/b").replace("GET", "DELETE"));
    assertEquals(lines(board, 3_500), ["GET /a 2500", "DELETE /b 500"]);
    board.end(first);
    assertEquals(lines(board, 3_500), ["DELETE /b 500"]);
  });

  it("names requests in the order in which they came, though the clock has not moved", () => {
    const board = new InFlightRequests();
    const places = ["/a", "/b", "/c", "/d"].map((path) => begin(board, get(path)));
    board.end(places[0]);
    board.end(places[2]);
    begin(board, get("/e"));
    begin(board, get("/f"));
    assertEquals(lines(board), ["GET /b 0", "GET /d 0", "GET /e 0", "GET /f 0"]);
  });

  it("is one for all who look at its memory", () => {
    const board = new InFlightRequests();
    const worker = new InFlightRequests(board.memory);
    worker.now = 5;
    const place = begin(worker, get("/a"));
    assertEquals(lines(board, 10), ["GET /a 5"]);
    worker.end(place);
    assertEquals(lines(board, 10), []);
  });

  it("keeps no query, which may hold what belongs in no log", () => {
    const board = new InFlightRequests();
    begin(board, get("/login?password=secret"));
    begin(board, get("/?secret"), true);
    assertEquals(lines(board), ["GET /login 0", "GET / 0"]);
  });

  it("takes the line of a request whose bytes are no longer where they were", () => {
    const board = new InFlightRequests();
    const head = "POST /up/load?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n";
    begin(board, head + "x".repeat(3_000), true);
    assertEquals(lines(board), ["POST /up/load 0"]);
  });

  it("cuts a long path off", () => {
    const board = new InFlightRequests();
    begin(board, get("/" + "a".repeat(500)));
    assertEquals(lines(board), [`GET /${"a".repeat(95)} 0`]);
  });

  it("names as many as it has places for, and the newest in any case", () => {
    const board = new InFlightRequests();
    for (let number = 0; number < 100; number++) begin(board, get(`/${number}`));
    const named = lines(board);
    assertEquals(named.length, 32);
    assertEquals(named.slice(0, 31), Array.from({ length: 31 }, (_, number) => `GET /${number} 0`));
    assertEquals(named[31], "GET /99 0");
  });

  it("has every place again when all has ended", () => {
    const board = new InFlightRequests();
    for (let round = 0; round < 3; round++) {
      const places = Array.from({ length: 40 }, () => begin(board, get("/a")));
      for (const place of places) board.end(place);
      assertEquals(lines(board), []);
    }
    const places = new Set(Array.from({ length: 31 }, () => begin(board, get("/a"))));
    assertEquals(places.size, 31);
  });
});
