// WebSockets through real front ends, with the configurations of src/docs/websockets.md.

import { assertEquals, assertLess } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { HANDSHAKE, SocketClient } from "../support/clients/socket_client.ts";
import { within } from "../support/deadline.ts";
import {
  Haproxy,
  HAPROXY_HINDRANCE,
  readWebSocketDefaults,
} from "../support/front_ends/haproxy.ts";
import {
  NGINX_ADDRESS,
  startNginx,
  TLS_HINDRANCE,
  WEBSOCKETS_PAGE,
} from "../support/front_ends/nginx.ts";
import { startApp, type StartedApp } from "../support/servers/started_app.ts";

interface FrontEnd extends AsyncDisposable {
  readonly port: number;
}

interface FrontEndCase {
  readonly name: string;
  readonly hindrance: string;
  readonly start: (app: StartedApp) => Promise<FrontEnd>;
}

const FRONT_ENDS: readonly FrontEndCase[] = [
  {
    name: "nginx",
    hindrance: TLS_HINDRANCE,
    start: ({ port }) => startNginx(port, WEBSOCKETS_PAGE),
  },
  {
    name: "HAProxy",
    hindrance: HAPROXY_HINDRANCE,
    start: async ({ port, running }) => {
      const server = { port, adminPort: running.adminAddr!.port };
      return await Haproxy.start([server, server], await readWebSocketDefaults());
    },
  },
];

const REQUESTS = 20;

for (const { name, hindrance, start } of FRONT_ENDS) {
  describe(`WebSockets behind ${name}${hindrance}`, { ignore: hindrance !== "" }, () => {
    let app: StartedApp;
    let frontEnd: FrontEnd;
    beforeAll(async () => {
      app = await startApp("sockets.ts", {
        app: { server: { trustProxy: ["127.0.0.1", NGINX_ADDRESS] } },
        run: { workers: 2, admin: { port: 0 } },
      });
      frontEnd = await start(app);
    });
    afterAll(async () => {
      await frontEnd?.[Symbol.asyncDispose]();
      await app?.[Symbol.asyncDispose]();
    });

    it(`WebSockets behind ${name} carry messages in both directions, of each size`, async () => {
      const client = await SocketClient.open(frontEnd.port);
      for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
        const text = "a".repeat(size);
        assertEquals(await client.ask(text), text);
      }
      assertEquals((await client.close()).code, 1000);
    });

    it(`WebSockets behind ${name} close with the server's code in a reload, and open again`, async () => {
      const clients = await Promise.all(
        Array.from({ length: 20 }, () => SocketClient.open(frontEnd.port)),
      );
      const reloaded = app.running.reload();
      const ends = await within(Promise.all(clients.map(({ closed }) => closed)), "all ends");
      assertEquals(new Set(ends.map(({ code }) => code)), new Set([1012]));
      await reloaded;
      const client = await SocketClient.open(frontEnd.port);
      assertEquals(await client.ask("hello"), "hello");
      await client.close();
    });

    it(`WebSockets behind ${name} leave the connections of other requests kept`, async () => {
      const before = app.running.stats().total.connectionsAccepted;
      for (let i = 0; i < REQUESTS; i++) {
        using client = await RawClient.connect(frontEnd.port);
        assertEquals((await client.ask(get("/hello"))).text, "hello");
      }
      const accepted = app.running.stats().total.connectionsAccepted - before;
      assertLess(accepted, REQUESTS / 2);
    });

    it(`WebSockets behind ${name} open for pages of the host that the client sees, and no others`, async () => {
      const ask = async (origin: string) => {
        using client = await RawClient.connect(frontEnd.port);
        const request = get("/socket", ...HANDSHAKE, `Origin: ${origin}`);
        return (await client.ask(request.replace("Host: test", "Host: public.example"))).status;
      };
      assertEquals(await ask("http://public.example"), 101);
      assertEquals(await ask("https://public.example"), 101);
      assertEquals(await ask("http://evil.example"), 403);
    });
  });
}
