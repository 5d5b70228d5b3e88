// Where the events of a fleet go: the log, onEvent, the operator's port, and the counts of replacements.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EventPublisher, type Receivers } from "../../src/supervisor/event_publisher.ts";
import type { FleetEvent } from "../../src/telemetry/fleet_event.ts";
import { QUEUE_ADVICE } from "../../src/telemetry/fleet_log.ts";

const REPLACING: FleetEvent = { kind: "replacing", worker: 1, cause: "panic" };
const CRASHED: FleetEvent = { kind: "ended", worker: 1, cause: "crash", detail: "it is gone" };

function publisherFor(receivers: Partial<Receivers> = {}) {
  const lines: string[] = [];
  const noted: FleetEvent[] = [];
  const publisher = new EventPublisher({
    log: (line) => void lines.push(line),
    onEvent: undefined,
    observer: { note: (event) => void noted.push(event) },
    losesQueueOnClose: () => false,
    ...receivers,
  });
  return { publisher, lines, noted };
}

describe("EventPublisher", () => {
  it("gives an event to the log, to the operator's port and to onEvent", () => {
    const events: FleetEvent[] = [];
    const { publisher, lines, noted } = publisherFor({
      onEvent: (event) => void events.push(event),
    });
    publisher.publish(REPLACING, "serving");
    assertEquals(lines, ["worker 1: to be replaced (panic)"]);
    assertEquals([noted, events], [[REPLACING], [REPLACING]]);
  });

  it("logs no line for each worker while the fleet starts, and still passes the event on", () => {
    const { publisher, lines, noted } = publisherFor();
    const accepting: FleetEvent = { kind: "accepting", worker: 1, startMs: 9 };
    publisher.publish(accepting, "starting");
    assertEquals([lines, noted], [[], [accepting]]);
    publisher.publish(accepting, "serving");
    assertEquals(lines, ["worker 1: accepting after 9 ms"]);
  });

  it("logs the deaths at a start that has succeeded, before the line of that", () => {
    const { publisher, lines } = publisherFor();
    const died = { kind: "ended", worker: 2, cause: "start_failed", detail: "no luck" } as const;
    publisher.publish(died, "starting");
    assertEquals(lines, []);
    const listening = {
      kind: "listening",
      url: "http://127.0.0.1:1",
      workers: 2,
      workersSource: "by default",
      listenMode: "shared",
      isolation: "thread",
    } as unknown as FleetEvent;
    publisher.publish(listening, "starting");
    publisher.publish(listening, "serving");
    assertEquals(lines.length, 3);
    assertEquals(lines[0], "worker 2: ended (start failed): no luck");
  });

  it("counts replacements by cause, and a crash as one", () => {
    const { publisher } = publisherFor();
    assertEquals(publisher.replacements, {});
    for (const event of [REPLACING, CRASHED, REPLACING]) publisher.publish(event, "serving");
    publisher.publish({ kind: "ended", worker: 2, cause: "panic", detail: "" }, "serving");
    assertEquals(publisher.replacements, { panic: 2, crash: 1 });
  });

  it("advises once, before the first replacement, where a closing socket loses its queue", () => {
    const { publisher, lines } = publisherFor({ losesQueueOnClose: () => true });
    publisher.publish({ kind: "reloading" }, "serving");
    publisher.publish(REPLACING, "serving");
    publisher.publish(REPLACING, "serving");
    assertEquals(lines.map((line) => line === QUEUE_ADVICE), [false, true, false, false]);
  });

  it("gives no advice where a closing socket loses nothing", () => {
    const { publisher, lines } = publisherFor();
    publisher.publish(REPLACING, "serving");
    assertEquals(lines.includes(QUEUE_ADVICE), false);
  });

  const failing: readonly { what: string; onEvent: NonNullable<Receivers["onEvent"]> }[] = [
    {
      what: "throws",
      onEvent: () => {
        throw new Error("a mistake");
      },
    },
    { what: "rejects", onEvent: () => Promise.reject(new Error("a mistake")) },
  ];
  for (const { what, onEvent } of failing) {
    it(`logs an onEvent that ${what}, and goes on`, async () => {
      const { publisher, lines } = publisherFor({ onEvent });
      publisher.publish({ kind: "reloaded" }, "serving");
      await new Promise((resolve) => setTimeout(resolve));
      assertEquals(lines.length, 2);
      assertMatch(lines[1], /^onEvent threw on reloaded: .*a mistake/);
    });
  }
});
