// The front ends of examples/deploy: what they send to the servers behind them, and over how many connections.

import { assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { within } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import { Haproxy, HAPROXY_HINDRANCE } from "../support/front_ends/haproxy.ts";
import { NGINX_HINDRANCE, startDeployedNginx } from "../support/front_ends/nginx.ts";
import { get, post, RawClient, request } from "../support/clients/raw_client.ts";
import { startApp, type StartedApp } from "../support/servers/started_app.ts";
import { FATAL_TARGET, Upstream } from "../support/front_ends/upstream.ts";

const FRONT_ENDS = [
  { name: "nginx", hindrance: NGINX_HINDRANCE, start: startDeployedNginx },
  {
    name: "HAProxy",
    hindrance: HAPROXY_HINDRANCE,
    start: Haproxy.start,
  },
];

const REQUESTS = 60;

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

for (const { name, hindrance, start } of FRONT_ENDS) {
  describe(`${name} in front of two servers${hindrance}`, { ignore: hindrance !== "" }, () => {
    let apps: [StartedApp, StartedApp];
    let frontEnd: Awaited<ReturnType<typeof start>>;
    const total = (counter: "connectionsAccepted" | "requests") =>
      apps.map(({ running }) => running.stats().total[counter]);
    beforeAll(async () => {
      const run = { admin: { port: 0 } };
      apps = [await startApp("streams.ts", { run }), await startApp("streams.ts", { run })];
      const [first, second] = apps.map(({ port, running }) => ({
        port,
        adminPort: running.adminAddr!.port,
      }));
      frontEnd = await start([first, second]);
    });
    afterAll(async () => {
      await frontEnd?.[Symbol.asyncDispose]();
      for (const app of apps ?? []) await app[Symbol.asyncDispose]();
    });

    it("asks both over connections that it keeps, also for clients that come anew each time", async () => {
      const connectionsBefore = sumOf(total("connectionsAccepted"));
      for (let i = 0; i < REQUESTS; i++) {
        using client = await RawClient.connect(frontEnd.port);
        const { status, text } = await client.ask(get("/worker"));
        assertEquals([status, text.startsWith("mudpie:")], [200, true]);
      }
      assertLess(sumOf(total("connectionsAccepted")) - connectionsBefore, REQUESTS / 2);
      for (const requests of total("requests")) assertGreater(requests, REQUESTS / 4);
    });

    it("passes events on when they happen", async () => {
      using gate = new Gate();
      using client = await RawClient.connect(frontEnd.port);
      await client.send(get(`/gate/${gate.port}`));
      let come = "";
      for (const part of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
        await (await gate.reached()).open(part);
        come += await client.readUntil(part);
      }
      assertMatch(come, /content-type: text\/event-stream\r\n/i);
      await (await gate.reached()).open("end");
      await client.readUntil("0\r\n\r\n");
    });

    it("tells the source of a stream when the client goes", async () => {
      const client = await RawClient.connect(frontEnd.port);
      await client.send(get("/once/deployed"));
      await client.readUntil("first");
      client[Symbol.dispose]();
      const isCancelled = async () => {
        // Either server may have had it.
        for (let i = 0; (await apps[i % 2].get("/cancelled/deployed")).text === "no"; i++);
      };
      await within(isCancelled(), "a source that is told");
    });
  });

  describe(`${name} in front of servers that die${hindrance}`, { ignore: hindrance !== "" }, () => {
    let upstreams: [Upstream, Upstream];
    let frontEnd: Awaited<ReturnType<typeof start>>;
    const counts = () => upstreams.map((upstream) => upstream.countOf(FATAL_TARGET));
    beforeAll(async () => {
      upstreams = [new Upstream(), new Upstream()];
      frontEnd = await start(upstreams);
    });
    afterAll(async () => {
      await frontEnd?.[Symbol.asyncDispose]();
      for (const upstream of upstreams ?? []) upstream[Symbol.dispose]();
    });

    it("never sends a POST twice", async () => {
      using client = await RawClient.connect(frontEnd.port);
      const before = sumOf(counts());
      assertEquals((await client.ask(post(FATAL_TARGET, "{}"))).status, 502);
      assertEquals(sumOf(counts()) - before, 1);
    });

    it("sends a GET to the other server", async () => {
      using client = await RawClient.connect(frontEnd.port);
      const before = counts();
      assertEquals((await client.ask(get(FATAL_TARGET))).status, 502);
      const after = counts();
      for (const i of [0, 1]) assertGreater(after[i], before[i]);
    });
  });

  describe(`${name} in front of a server${hindrance}`, { ignore: hindrance !== "" }, () => {
    it("says who asks, and lets no client say it", async () => {
      using upstream = new Upstream();
      await using frontEnd = await start([upstream, upstream]);
      using client = await RawClient.connect(frontEnd.port);
      const forged = [
        "X-Forwarded-For: 6.6.6.6",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.example",
        "Forwarded: for=6.6.6.6",
        "X-Request-Id: forged",
      ];
      await client.ask(request("GET", "/told", ...forged));
      const head = upstream.heads.find((head) => head.startsWith("GET /told "))!;
      const fields = new Map<string, string>();
      for (const line of head.split("\r\n").slice(1)) {
        const [name, value] = line.split(": ");
        assertEquals(fields.has(name.toLowerCase()), false, `${name} once`);
        fields.set(name.toLowerCase(), value);
      }
      assertEquals(fields.get("x-forwarded-for"), "127.0.0.1");
      assertEquals(fields.get("x-forwarded-proto"), "http");
      assertEquals(fields.get("x-forwarded-host"), "test");
      assertEquals(fields.get("host"), "test");
      assertEquals(fields.get("forwarded"), undefined);
      assertMatch(fields.get("x-request-id") ?? "", /^[0-9a-f-]{32,36}$/);
    });

    it("lets no client have one host to be let in by, and another one for the application", async () => {
      using upstream = new Upstream();
      await using frontEnd = await start([upstream, upstream]);
      using client = await RawClient.connect(frontEnd.port);
      const twoHosts = get("http://public.example/hosts").replace(
        "Host: test",
        "Host: evil.example",
      );
      const { status } = await client.ask(twoHosts);
      const head = upstream.heads.find((head) => head.includes("/hosts "));
      // It may as well refuse to pass that on.
      if (head === undefined) return assertEquals(status, 400);
      assertMatch(head, /^x-forwarded-host: public\.example\r$/im);
      assertEquals(head.includes("evil"), false);
    });
  });
}
