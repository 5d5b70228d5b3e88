// WebSockets of a real browser: messages of each kind there and back, and pages of another origin, which the server refuses.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { ServerProcess } from "../support/servers/server_process.ts";
import { TWO_WAYS } from "../support/servers/started_app.ts";
import { Chromium, CHROMIUM_HINDRANCE } from "../support/tools/chromium.ts";

const LOOK = { width: 400, height: 300, scheme: "light" } as const;

/** Opens a WebSocket in a page, sends messages, closes, and tells what came of it. */
function script(url: string): string {
  return `new Promise((resolve) => {
    const events = [];
    const socket = new WebSocket(${JSON.stringify(url)});
    socket.binaryType = "arraybuffer";
    const sent = ["a", "é€😀", new Uint8Array([1, 2]), new Blob(["b"]), "c".repeat(100_000)];
    socket.onopen = () => { for (const message of sent) socket.send(message); };
    socket.onmessage = ({ data }) => {
      events.push(typeof data === "string" ? data.slice(0, 5) + data.length : String(new Uint8Array(data)));
      if (events.length === sent.length) socket.close(3001, "done");
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      events.push([code, reason, wasClean].join());
      resolve(events.join(" "));
    };
  })`;
}

describe(`WebSockets of a browser${CHROMIUM_HINDRANCE}`, {
  ignore: CHROMIUM_HINDRANCE !== "",
}, () => {
  let browser: Chromium;
  let server: ServerProcess;
  beforeAll(async () => {
    browser = await Chromium.start();
    server = await ServerProcess.start("besieged.ts", { way: TWO_WAYS[0] });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  /** What a page of that host gets of a WebSocket of 127.0.0.1. */
  const connectFrom = async (host: string): Promise<unknown> => {
    await using page = await browser.open(`http://${host}:${server.port}/hello`, LOOK);
    await page.until("document.body?.innerText === 'Hello World!'", "the page");
    return await page.evaluate(script(`ws://127.0.0.1:${server.port}/websocket`));
  };

  it("send and receive messages of each kind, and close", async () => {
    assertEquals(await connectFrom("127.0.0.1"), "a1 é€😀4 1,2 98 ccccc100000 3001,done,true");
  });

  it("are refused to a page of another origin", async () => {
    assertEquals(await connectFrom("localhost"), "1006,,false");
  });
});
