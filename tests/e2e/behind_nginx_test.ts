// Mudpie behind a real nginx, with the configuration of README.md.

import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { within } from "../support/deadline.ts";
import { Gate } from "../support/servers/gate.ts";
import {
  NGINX_ADDRESS,
  type NginxWithTls,
  PUBLIC_HOST,
  startNginx,
  TLS_HINDRANCE,
} from "../support/front_ends/nginx.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { startApp, type StartedApp } from "../support/servers/started_app.ts";

const REQUESTS = 50;

describe(`a server behind nginx${TLS_HINDRANCE}`, { ignore: TLS_HINDRANCE !== "" }, () => {
  let app: StartedApp;
  let nginx: NginxWithTls;
  beforeAll(async () => {
    app = await startApp("streams.ts", {
      app: { server: { trustProxy: [NGINX_ADDRESS] } },
      run: { workers: 2 },
    });
    nginx = await startNginx(app.port);
  });
  afterAll(async () => {
    await nginx?.[Symbol.asyncDispose]();
    await app?.[Symbol.asyncDispose]();
  });

  it("is asked over connections that nginx keeps", async () => {
    for (let i = 0; i < REQUESTS; i++) {
      // A client that comes anew each time: what is kept is between nginx and the server.
      using client = await RawClient.connect(nginx.port);
      const { status, text } = await client.ask(get("/worker"));
      assertEquals([status, text.startsWith("mudpie:")], [200, true]);
    }
    assertLess(app.running.stats().total.connectionsAccepted, REQUESTS / 2);
  });

  const lies = [
    { what: "says nothing of itself", fields: [] },
    {
      what: "forges X-Forwarded-*",
      fields: [
        "X-Forwarded-For: 198.51.100.66",
        "X-Forwarded-Proto: ftp",
        "X-Forwarded-Host: evil.example",
      ],
    },
    {
      what: "forges X-Forwarded-For in two lines",
      fields: ["X-Forwarded-For: ::1", "x-forwarded-for: unknown"],
    },
    {
      what: "forges the address of nginx",
      fields: [`X-Forwarded-For: 198.51.100.66, ${NGINX_ADDRESS}`],
    },
    {
      what: "forges Forwarded",
      fields: ["Forwarded: for=198.51.100.66;proto=ftp;host=evil.example"],
    },
    {
      what: "leaves a quote open",
      fields: ['X-Forwarded-For: "198.51.100.66', 'Forwarded: for="'],
    },
  ];
  for (const { what, fields } of lies) {
    it(`knows the client's address, scheme and host where the client ${what}`, async () => {
      const known = { peer: NGINX_ADDRESS, client: "127.0.0.1" };
      const request = get("/origin?a=b", ...fields).replace("Host: test", `Host: ${PUBLIC_HOST}`);
      using plain = await RawClient.connect(nginx.port);
      assertEquals(JSON.parse((await plain.ask(request)).text), {
        ...known,
        scheme: "http",
        host: PUBLIC_HOST,
        url: `http://${PUBLIC_HOST}/origin?a=b`,
      });
      const { tlsPort, certificate } = nginx;
      using encrypted = await RawClient.connectWithTls(tlsPort, PUBLIC_HOST, certificate);
      assertEquals(JSON.parse((await encrypted.ask(request)).text), {
        ...known,
        scheme: "https",
        host: PUBLIC_HOST,
        url: `https://${PUBLIC_HOST}/origin?a=b`,
      });
    });
  }

  it("its events are with the client when they happen", async () => {
    using gate = new Gate();
    using client = await RawClient.connect(nginx.port);
    await client.send(get(`/gate/${gate.port}`));
    let come = "";
    for (const part of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
      await (await gate.reached()).open(part);
      come += await client.readUntil(`${part}\r\n`);
    }
    assertStringIncludes(come, "Content-Type: text/event-stream\r\n");
    await (await gate.reached()).open("end");
    await client.readUntil("0\r\n\r\n");
  });

  it("its source is told when the client goes", async () => {
    const client = await RawClient.connect(nginx.port);
    await client.send(get("/once/behind-nginx"));
    await client.readUntil("first");
    client[Symbol.dispose]();
    // Either worker may have had it.
    const isCancelled = async () => {
      while ((await app.get("/cancelled/behind-nginx")).text === "no");
    };
    await within(isCancelled(), "a source that is told");
  });
});
