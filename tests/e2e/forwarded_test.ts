// Who asks, as a whole server knows it from the wire: through those who are trusted, and through those who are not.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { WebServerOptions } from "../../mod.ts";
import { get, RawClient, type RawResponse } from "../support/clients/raw_client.ts";
import {
  CAN_START_APPS,
  CAN_START_PROGRAMS,
  startApp,
  type StartedApp,
} from "../support/servers/started_app.ts";

/** What a client forges, and what the front end adds. */
const FORWARDED = [
  "X-Forwarded-For: 198.51.100.66, 192.0.2.9",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: public.example",
];

const OWN = {
  peer: "127.0.0.1",
  client: "127.0.0.1",
  scheme: "http",
  host: "test",
  url: "http://test/origin",
};

const TOLD = {
  peer: "127.0.0.1",
  client: "192.0.2.9",
  scheme: "https",
  host: "public.example",
  url: "https://public.example/origin",
};

function start(trustProxy: WebServerOptions["trustProxy"], run = {}): Promise<StartedApp> {
  return startApp("well_behaved.ts", { app: { server: { trustProxy } }, run });
}

async function originSeen(client: RawClient, ...fields: string[]): Promise<unknown> {
  return JSON.parse((await client.ask(get("/origin", ...fields))).text);
}

describe("a server whose peer is no trusted front end", { ignore: !CAN_START_APPS }, () => {
  for (const trustProxy of [undefined, ["192.0.2.0/24"]]) {
    it(`believes nothing, with trustProxy ${JSON.stringify(trustProxy)}`, async () => {
      await using app = await start(trustProxy);
      using client = await app.connect();
      assertEquals(await originSeen(client, ...FORWARDED), OWN);
      assertEquals(await originSeen(client, "Forwarded: for=198.51.100.66;proto=https"), OWN);
      assertEquals(await originSeen(client, ...FORWARDED, "Forwarded: for=_a"), OWN);
    });
  }
});

describe("a server whose peer is a trusted front end", { ignore: !CAN_START_APPS }, () => {
  it("believes what that says of each request of a connection, and not what the client has forged", async () => {
    await using app = await start("loopback");
    using client = await app.connect();
    assertEquals(await originSeen(client, ...FORWARDED), TOLD);
    assertEquals(await originSeen(client), OWN);
    const forwarded =
      "Forwarded: for=198.51.100.66;host=evil.example, for=192.0.2.9;proto=https;host=public.example";
    assertEquals(await originSeen(client, forwarded), TOLD);
  });

  it("does not believe a host that the client sends beside its own true address", async () => {
    await using app = await start("loopback");
    using client = await app.connect();
    const fields = [
      "Forwarded: for=192.0.2.9",
      "X-Forwarded-For: 192.0.2.9",
      "X-Forwarded-Host: evil.example",
    ];
    assertEquals(await originSeen(client, ...fields), { ...OWN, client: "192.0.2.9" });
  });

  it("ignores the kind of fields that forwardedBy does not name", async () => {
    const server = { trustProxy: "loopback", forwardedBy: "forwarded" } as const;
    await using app = await startApp("well_behaved.ts", { app: { server } });
    using client = await app.connect();
    const evil = "X-Forwarded-Host: evil.example";
    const own = "Forwarded: for=192.0.2.9;proto=https;host=public.example";
    assertEquals(await originSeen(client, own, "X-Forwarded-For: 198.51.100.66", evil), TOLD);
    assertEquals(await originSeen(client, ...FORWARDED), OWN);
  });

  it("gives a fetch-style application that asks for no client its request where the kinds differ", async () => {
    await using app = await start("loopback");
    using client = await app.connect();
    const { status, text } = await client.ask(
      get("/url", ...FORWARDED, "Forwarded: for=198.51.100.66"),
    );
    assertEquals([status, text], [200, "http://test/url"]);
  });

  it("answers 400, keeps the connection and loses no worker where both kinds of fields differ", async () => {
    await using app = await start("loopback");
    using client = await app.connect();
    const answers: RawResponse[] = [];
    for (const fields of [[...FORWARDED, "Forwarded: for=198.51.100.66"], FORWARDED]) {
      answers.push(await client.ask(get("/origin", ...fields)));
    }
    assertEquals(answers.map(({ status }) => status), [400, 200]);
    assertStringIncludes(answers[0].text, "Forwarded and X-Forwarded-For");
    assertEquals(app.running.stats().total.panics, 0);
  });
});

describe("a server on a Unix socket", {
  ignore: !CAN_START_PROGRAMS || Deno.build.os === "windows",
}, () => {
  const cases = [
    { trustProxy: "loopback", what: "believes", seen: TOLD },
    { trustProxy: ["10.0.0.0/8"], what: "does not believe", seen: OWN },
  ] as const;
  for (const { trustProxy, what, seen } of cases) {
    it(`${what} who asks there, with trustProxy ${JSON.stringify(trustProxy)}`, async () => {
      const folder = Deno.makeTempDirSync({ prefix: "mudpie-test-" });
      try {
        await using _app = await start(trustProxy, { port: undefined, path: `${folder}/app.sock` });
        using client = await RawClient.connectToSocket(`${folder}/app.1.sock`);
        assertEquals(await originSeen(client, ...FORWARDED), seen);
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    });
  }
});
