// The page for people, in a real browser: it shows the fleet, and goes on showing it while workers die and the server goes and
// comes back; on a phone, in the light and in the dark.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import {
  Chromium,
  CHROMIUM_HINDRANCE,
  type Page,
  type PageLook,
} from "../support/tools/chromium.ts";
import { SocketClient } from "../support/clients/socket_client.ts";
import { get } from "../support/clients/raw_client.ts";
import { Gate } from "../support/servers/gate.ts";
import { freePort } from "../support/servers/free_port.ts";
import { startApp, type StartedApp } from "../support/servers/started_app.ts";

const DESKTOP: PageLook = { width: 1_280, height: 900, scheme: "light" };
const PHONE: PageLook = { width: 360, height: 740, scheme: "light" };

/** The numbers of the workers that the page shows. */
const WORKERS = "[...document.querySelectorAll('#workers tr')].map((row) => row.dataset.worker)";
const EVENTS = "document.querySelector('#events').innerText";

/** What a name's colour comes to in the page. */
function colourOf(page: Page, property: string): Promise<string> {
  return page.evaluate(`getComputedStyle(document.body).${property}`);
}

/** How much lighter the lighter of two colours is (WCAG 2.2, contrast ratio), of `rgb(1, 2, 3)`. */
function contrast(first: string, second: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map((text) => {
      const share = Number(text) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(first), luminance(second)].sort((left, right) => left - right);
  return (high + 0.05) / (low + 0.05);
}

/** Every text in the page, with its own colour and the first ground behind it. */
const TEXTS = `(() => {
  const groundOf = (node) => {
    for (let at = node; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/^rgba\\(.*, 0\\)$/.test(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.body.querySelectorAll("*")]
    .filter((node) => [...node.childNodes].some((child) =>
      child.nodeType === Node.TEXT_NODE && child.textContent.trim() !== ""))
    .filter((node) => node.getClientRects().length > 0 && !/^(SCRIPT|STYLE|NOSCRIPT)$/.test(node.tagName))
    .map((node) => [node.textContent.slice(0, 30), getComputedStyle(node).color, groundOf(node)]);
})()`;

describe(`the page of the operator's port${CHROMIUM_HINDRANCE}`, {
  ignore: CHROMIUM_HINDRANCE !== "",
}, () => {
  let browser: Chromium;
  let app: StartedApp;
  const start = (admin = 0) =>
    startApp("operated.ts", { run: { workers: 2, admin: { port: admin } } });
  const open = async (look: PageLook, port = app.running.adminAddr?.port) => {
    const page = await browser.open(`http://127.0.0.1:${port}/`, look);
    await page.until(`${WORKERS}.length === 2`, "a page that shows the workers");
    return page;
  };
  beforeAll(async () => {
    browser = await Chromium.start();
    app = await start();
  });
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  it("shows the fleet and each worker, and asks nobody else for anything", async () => {
    await using page = await open(DESKTOP);
    const { workers } = app.running.stats();
    assertEquals(await page.evaluate(WORKERS), workers.map(({ worker }) => String(worker)));
    assertEquals(await page.text("#status"), "ready");
    assertMatch(await page.text("#workers"), /accepting[^]*MiB[^]*ago/);
    assertEquals(await page.evaluate("document.title"), "Mudpie: the fleet");
    await page.until("document.querySelectorAll('svg path.requests').length > 0", "a plot");
    await page.until("document.querySelectorAll('svg path.heap').length > 0", "a plot");
    const origin = `http://127.0.0.1:${app.running.adminAddr?.port}`;
    assertEquals(new Set(page.asked), new Set([`${origin}/`, `${origin}/events`]));
    assertEquals(page.complaints, []);
  });

  it("shows requests and their latency as they come", async () => {
    await using page = await open(DESKTOP);
    const asking = setInterval(() => app.get("/hello").catch(() => {}), 50);
    try {
      await page.until(
        "parseFloat(document.querySelector('#requests-per-second').innerText) > 1",
        "requests per second",
      );
      await page.until("/ ms$/.test(document.querySelector('#p99').innerText)", "a latency");
      await page.until("document.querySelectorAll('svg path.p99').length > 0", "its plot");
    } finally {
      clearInterval(asking);
    }
  });

  it("shows a panic and the new worker without being loaded anew, and takes no error for HTML", async () => {
    await using page = await open(DESKTOP);
    await page.evaluate("globalThis.isStillHere = true");
    const before = await page.evaluate<string[]>(WORKERS);
    await app.get("/throw");
    await page.until(`${EVENTS}.includes("panicked: Error: <b>a fault</b> of the handler")`, "it");
    await page.until(`${EVENTS}.includes("to be replaced (panic)")`, "its replacement");
    await page.until(
      `${WORKERS}.length === 2 && ${WORKERS}.join() !== ${JSON.stringify(before.join())}`,
      "another worker in the table",
    );
    assertEquals(await page.text("#panics"), String(app.running.stats().total.panics));
    assertMatch(await page.text("#desired"), /1 × panic/);
    assertEquals(await page.evaluate("document.querySelectorAll('#events b').length"), 0);
    assertEquals(await page.evaluate("globalThis.isStillHere"), true);
    assertEquals(page.complaints, []);
  });

  it("shows WebSockets, their messages and their ends, as soon as there are any", async () => {
    await using app = await start();
    await using page = await open(DESKTOP, app.running.adminAddr?.port);
    assertEquals(await page.evaluate("document.querySelector('#websockets').hidden"), true);
    const client = await SocketClient.open(app.port);
    await client.ask("hello");
    const card = "document.querySelector('#websockets').innerText";
    await page.until(`${card}.includes("1 open of 1")`, "the open WebSocket");
    await page.until(`${card}.includes("1 messages received (5 B), 1 sent (5 B)")`, "its messages");
    await client.close();
    await page.until(`${card}.includes("0 open of 1")`, "no open WebSocket");
    await page.until(`${card}.includes("Closed so far: 1 × 1000")`, "its end");
    assertEquals(page.complaints, []);
  });

  it("has no sideways scrolling on a phone", async () => {
    await using page = await open(PHONE);
    const [content, screen] = await page.evaluate<number[]>(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    assertEquals([content, screen], [PHONE.width, PHONE.width]);
    const outside = await page.evaluate<string[]>(
      `[...document.querySelectorAll("main :not(thead *)")].filter((node) => node.getBoundingClientRect().right > ${PHONE.width} + 0.5)
        .map((node) => node.outerHTML.slice(0, 80))`,
    );
    assertEquals(outside, []);
  });

  it("follows the system's light and dark", async () => {
    await using page = await open(DESKTOP);
    const light = await colourOf(page, "backgroundColor");
    await page.look({ ...DESKTOP, scheme: "dark" });
    const dark = await colourOf(page, "backgroundColor");
    assertNotEquals(light, dark);
    assert(contrast(dark, "rgb(0, 0, 0)") < contrast(light, "rgb(0, 0, 0)"));
  });

  for (const scheme of ["light", "dark"] as const) {
    it(`its texts can be told from their ground in the ${scheme} (WCAG 2.2, 1.4.3: 4.5 to 1)`, async () => {
      await using page = await open({ ...DESKTOP, scheme });
      const texts = await page.evaluate<[string, string, string][]>(TEXTS);
      assert(texts.length > 30);
      const faint = texts.filter(([, colour, ground]) => contrast(colour, ground) < 4.5);
      assertEquals(faint, []);
    });
  }

  it("has names for what is read aloud", async () => {
    await using page = await open(DESKTOP);
    const { nodes } = await page.call("Accessibility.getFullAXTree") as {
      nodes: { role?: { value: string }; name?: { value: string } }[];
    };
    const named = (role: string) =>
      nodes.filter((node) => node.role?.value === role).map(({ name }) => name?.value ?? "");
    assertEquals(named("columnheader").slice(0, 3), ["Worker", "Status", "Requests/s"]);
    assertEquals(named("rowheader").length, 2);
    assertEquals(named("heading").toSorted(), [
      "Heap of all workers",
      "Latency",
      "Mudpie",
      "Recent events",
      "Requests per second",
      "Workers",
    ]);
    for (const image of named("image")) assertMatch(image, /\w+/);
    assertEquals(await page.evaluate("document.documentElement.lang"), "en");
  });

  it("lets go of the server while nobody sees it, and comes back when somebody does", async () => {
    await using page = await open(DESKTOP);
    const hide = (isHidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
         document.dispatchEvent(new Event("visibilitychange"))`,
      );
    const streams = () => page.asked.filter((url) => url.endsWith("/events")).length;
    assertEquals(streams(), 1);
    await hide(true);
    await page.evaluate("document.querySelector('#workers').replaceChildren()");
    await hide(false);
    await page.until(`${WORKERS}.length === 2`, "a page that shows the workers again");
    assertEquals([streams(), page.complaints], [2, []]);
  });

  it("shows how many requests were shed, and how long requests wait at the front end", async () => {
    const server = { maxRequestsInFlight: 1, trustProxy: "loopback" } as const;
    await using limited = await startApp("well_behaved.ts", {
      app: { server },
      run: { admin: { port: 0 } },
    });
    await using page = await browser.open(
      `http://127.0.0.1:${limited.running.adminAddr?.port}/`,
      DESKTOP,
    );
    await page.until(`${WORKERS}.length === 1`, "a page that shows the worker");
    assertEquals([await page.text("#shed"), await page.text("#queue-p99")], ["0", "–"]);
    using gate = new Gate();
    using held = await limited.connect();
    await held.send(get(`/gate/${gate.port}`));
    await gate.reached();
    using client = await limited.connect();
    const field = () => `X-Request-Start: t=${Date.now() - 3_000}`;
    assertEquals((await client.ask(get("/hello", field()))).status, 503);
    const asking = setInterval(() => client.send(get("/hello", field())).catch(() => {}), 50);
    try {
      await page.until("document.querySelector('#shed').innerText > 1", "the shed requests");
      await page.until("/ s$/.test(document.querySelector('#queue-p99').innerText)", "their wait");
    } finally {
      clearInterval(asking);
    }
  });

  it("says when it has lost the server, and comes back to the next one by itself", async () => {
    const port = freePort();
    const first = await start(port);
    await using page = await open(DESKTOP, port);
    await first[Symbol.asyncDispose]();
    await page.until("!document.querySelector('#lost').hidden", "a page that has lost the server");
    assertMatch(await page.text("#lost"), /^The server has not been heard of for \d+ s/);
    assertEquals(await page.text("#status"), "lost");
    await using second = await start(port);
    await page.until("document.querySelector('#lost').hidden", "a page that has found it again");
    await page.until("document.querySelector('#status').innerText === 'ready'", "its word");
    const { workers } = second.running.stats();
    assertEquals(await page.evaluate(WORKERS), workers.map(({ worker }) => String(worker)));
  });
});
