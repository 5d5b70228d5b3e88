// What a connection waits for next, and how long: tables over its states.

import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type ConnectionState,
  IDLE_GRACE_MS,
  NEW,
  readingLimit,
  stateWhenReading,
  WRITING,
} from "../../src/connection/connection_state.ts";

const LIMITS = { headTimeout: 10, bodyTimeout: 20, keepAliveTimeout: 30 };

const IDLE = stateWhenReading(WRITING, "request", 0);
const HEAD = stateWhenReading(IDLE, "head", 0);
const BODY = stateWhenReading(HEAD, "body", 100);

describe("stateWhenReading()", () => {
  const cases: [from: ConnectionState, awaiting: "request" | "head", kind: string][] = [
    [NEW, "request", "new"],
    [IDLE, "request", "idle"],
    [WRITING, "request", "idle"],
    [NEW, "head", "reading"],
    [IDLE, "head", "reading"],
    [WRITING, "head", "reading"],
  ];
  for (const [from, awaiting, kind] of cases) {
    it(`leads from ${from.kind} to ${kind}, if a ${awaiting} is awaited`, () => {
      assertEquals(stateWhenReading(from, awaiting, 0).kind, kind);
    });
  }

  it("returns the same state while an empty line is all that comes", () => {
    assertStrictEquals(stateWhenReading(NEW, "request", 0), NEW);
    assertStrictEquals(stateWhenReading(IDLE, "request", 0), IDLE);
  });

  it("returns the same state while a head comes byte by byte", () => {
    assertStrictEquals(stateWhenReading(HEAD, "head", 0), HEAD);
  });

  it("returns the same state for a body until 64 KiB of it have come", () => {
    assertStrictEquals(stateWhenReading(BODY, "body", 100 + 65_535), BODY);
    const next = stateWhenReading(BODY, "body", 100 + 65_536);
    assertEquals(next, { kind: "reading", part: "body", bytesAtStart: 65_636 });
    assertStrictEquals(stateWhenReading(next, "body", 65_637), next);
  });
});

describe("readingLimit()", () => {
  const limit = (from: ConnectionState, to: ConnectionState, isDraining = false) =>
    readingLimit(from, to, LIMITS, isDraining);

  it("is keepAliveTimeout after a response", () => {
    assertEquals(limit(WRITING, IDLE), LIMITS.keepAliveTimeout);
  });

  it("is a short grace after a response of a worker that drains", () => {
    assertEquals(limit(WRITING, IDLE, true), IDLE_GRACE_MS);
  });

  it("is headTimeout for a head, but goes on for the first one", () => {
    assertEquals(limit(IDLE, HEAD), LIMITS.headTimeout);
    assertEquals(limit(WRITING, HEAD), LIMITS.headTimeout);
    assertEquals(limit(NEW, HEAD), undefined);
  });

  it("is bodyTimeout for a body, and for each 64 KiB of it", () => {
    assertEquals(limit(HEAD, BODY), LIMITS.bodyTimeout);
    assertEquals(limit(BODY, stateWhenReading(BODY, "body", 100_000)), LIMITS.bodyTimeout);
  });

  it("goes on in the same state", () => {
    for (const state of [NEW, IDLE, HEAD, BODY]) assertEquals(limit(state, state), undefined);
  });
});
