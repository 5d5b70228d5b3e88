// examples/chat.ts as a process: messages reach the clients of all workers, rooms are apart, and clients that are sent away come back.

import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { HANDSHAKE, SocketClient } from "../support/clients/socket_client.ts";
import { within } from "../support/deadline.ts";
import { HINDRANCE, RunningExample } from "../support/servers/example.ts";
import { Chromium, CHROMIUM_HINDRANCE } from "../support/tools/chromium.ts";

const PORT = 8000;

/** Connections enough that each of the four workers has some, but for one in a thousand runs. */
const CLIENTS = 32;

const MESSAGE = { name: "Ada", text: "<b>hello</b>" };

function openMany(room: string, count: number): Promise<SocketClient[]> {
  return Promise.all(
    Array.from({ length: count }, () => SocketClient.open(PORT, `/rooms/${room}`)),
  );
}

describe(`examples/chat.ts${HINDRANCE}`, { ignore: HINDRANCE !== "" }, () => {
  it("examples/chat.ts sends a message to all clients of its room, whatever worker they have", async () => {
    await using example = await RunningExample.start("chat.ts");
    const lobby = await openMany("lobby", CLIENTS);
    const [other] = await openMany("other", 1);
    lobby[0].send(JSON.stringify(MESSAGE));
    for (const client of lobby) {
      assertEquals(JSON.parse(String(await client.next())), { room: "lobby", ...MESSAGE });
    }
    assertEquals(
      JSON.parse(String(await other.ask(JSON.stringify(MESSAGE)))),
      { room: "other", ...MESSAGE },
    );
    for (const client of [...lobby, other]) await client.close();
    assertEquals(example.program.stderr.all.filter((line) => line.includes("panic")), []);
  });

  it("examples/chat.ts closes a client that breaks its rules, and leaves the others", async () => {
    await using _example = await RunningExample.start("chat.ts");
    const [bad, good] = await openMany("lobby", 2);
    bad.send("{");
    assertEquals((await within(bad.closed, "the end")).code, 4008);
    assertMatch(String(await good.ask(JSON.stringify(MESSAGE))), /hello/);
    await good.close();
  });

  it("examples/chat.ts refuses bad rooms and pages of other sites", async () => {
    await using _example = await RunningExample.start("chat.ts");
    const ask = async (target: string, origin: string) => {
      using client = await RawClient.connect(PORT);
      return (await client.ask(get(target, ...HANDSHAKE, `Origin: ${origin}`))).status;
    };
    assertEquals(await ask("/rooms/a%20b", "http://test"), 404);
    assertEquals(await ask("/rooms/lobby", "http://evil.example"), 403);
    assertEquals(await ask("/rooms/lobby", "http://test"), 101);
  });

  it("examples/chat.ts closes all clients with 1012 in a reload, and they come back", async () => {
    await using example = await RunningExample.start("chat.ts");
    const before = await openMany("lobby", CLIENTS);
    example.program.signal("SIGHUP");
    const ends = await within(Promise.all(before.map(({ closed }) => closed)), "all ends");
    assertEquals(new Set(ends.map(({ code }) => code)), new Set([1012]));
    await example.program.stderr.find(/reloaded$/);
    const [client] = await openMany("lobby", 1);
    assertMatch(String(await client.ask(JSON.stringify(MESSAGE))), /hello/);
    await client.close();
  });
});

const BROWSER_HINDRANCE = HINDRANCE || CHROMIUM_HINDRANCE;

describe(`The page of examples/chat.ts${BROWSER_HINDRANCE}`, {
  ignore: BROWSER_HINDRANCE !== "",
}, () => {
  it("The page of examples/chat.ts shows messages as text, and comes back after a reload", async () => {
    await using browser = await Chromium.start();
    await using example = await RunningExample.start("chat.ts");
    const look = { width: 800, height: 600, scheme: "light" } as const;
    await using page = await browser.open(`http://127.0.0.1:${PORT}/`, look);
    const isConnected = "document.querySelector('#status')?.innerText === 'connected to lobby'";
    await page.until(isConnected, "a page that is connected");
    const [client] = await openMany("lobby", 1);
    client.send(JSON.stringify(MESSAGE));
    const isShown = `document.querySelector('#messages').innerText.includes('${MESSAGE.text}')`;
    await page.until(isShown, "the message");
    await page.evaluate(
      "document.querySelector('#text').value = 'hi'; document.querySelector('form').requestSubmit()",
    );
    assertMatch(String(await client.next()), /hello/);
    assertMatch(String(await client.next()), /"text":"hi"/);
    await page.evaluate(
      "globalThis.closes = 0; new MutationObserver(() => globalThis.closes++).observe(document.querySelector('#status'), { childList: true })",
    );
    example.program.signal("SIGHUP");
    await example.program.stderr.find(/reloaded$/);
    await page.until(
      `globalThis.closes > 0 && ${isConnected}`,
      "a page that is connected again",
    );
  });
});
