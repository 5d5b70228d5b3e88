// examples/events.ts as a process: events come by themselves, and nobody is left behind when a client goes.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HINDRANCE, RunningExample } from "../support/servers/example.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";

describe(`examples/events.ts${HINDRANCE}`, { ignore: HINDRANCE !== "" }, () => {
  it("sends an event now, and another one later", async () => {
    await using example = await RunningExample.start("events.ts");
    using client = await RawClient.connect(8000);
    await client.send(get("/time"));
    const come = await client.readUntil("id:2");
    assertMatch(come, /^HTTP\/1\.1 200 OK\r\n/);
    assertMatch(come, /content-type: text\/event-stream\r\n/i);
    const dates = [...come.matchAll(/^event:time\ndata:(.*)\nid:(\d)$/gm)];
    assertEquals(dates.map(([, , id]) => id), ["1", "2"]);
    for (const [, date] of dates) assertEquals(new Date(date).toISOString(), date);
    client[Symbol.dispose]();
    assertMatch(await example.text("/"), /new EventSource\("\/time"\)/);
    assertEquals(example.program.stderr.all.filter((line) => line.includes("panic")), []);
  });
});
