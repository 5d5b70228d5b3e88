// How a server of `node:http` is noticed.

import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EventEmitter } from "node:events";
import http from "node:http";
import { noticeNodeHttp } from "../../../src/takeover/node_http/notice.ts";

const emitters = EventEmitter as unknown as { init: unknown };

describe("noticeNodeHttp()", () => {
  it("calls back with the module before the first server exists, once, and leaves no trace", () => {
    const { init } = emitters;
    const noticed: unknown[] = [];
    noticeNodeHttp((module) => noticed.push(module));
    new EventEmitter();
    assertEquals(noticed, []);
    http.createServer();
    http.createServer();
    assertEquals(noticed.length, 1);
    assertStrictEquals(noticed[0], http);
    assertStrictEquals(emitters.init, init);
  });

  it("notices a server of a class that extends http.Server", () => {
    const noticed: unknown[] = [];
    noticeNodeHttp((module) => noticed.push(module));
    class Extended extends http.Server {}
    new Extended();
    assertEquals(noticed, [http]);
  });
});
