// A real browser without a window, driven by the DevTools protocol over its WebSocket: what a page shows to people can be
// judged by nothing less.

import { eventually, within } from "../deadline.ts";
import { Program } from "../servers/program.ts";
import { hindranceTo } from "./installed.ts";

/** Why Chromium cannot be started; empty where it can be. */
export const CHROMIUM_HINDRANCE: string = hindranceTo("chromium");

/** It is root in most containers, where Chromium has no sandbox; and what it shows here is our own. */
const ARGUMENTS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--remote-debugging-port=0",
];

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A browser that runs. */
export class Chromium implements AsyncDisposable {
  readonly #program: Program;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  readonly #listeners = new Set<(method: string, params: Record<string, unknown>) => void>();
  #lastId = 0;

  private constructor(program: Program, folder: string, socket: WebSocket) {
    this.#program = program;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
  }

  static async start(): Promise<Chromium> {
    const folder = await Deno.makeTempDir();
    const program = Program.start("chromium", [...ARGUMENTS, `--user-data-dir=${folder}`]);
    const [, url] = await program.stderr.find(/^DevTools listening on (ws:.*)$/);
    const socket = new WebSocket(url);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("Chromium does not answer"));
    await within(opened.promise, "a browser that can be driven");
    return new Chromium(program, folder, socket);
  }

  #take({ id, method, params = {}, result = {}, error }: Reply): void {
    if (method !== undefined) { for (const listener of this.#listeners) listener(method, params); }
    if (id === undefined) return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }

  /** Calls a method of the protocol. */
  async call(
    method: string,
    params: Record<string, unknown> = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const reply = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, reply);
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return await within(reply.promise, `an answer of the browser to ${method}`);
  }

  /** Opens a page of that size, in that colour scheme. */
  async open(url: string, look: PageLook): Promise<Page> {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId as string);
    this.#listeners.add((method, params) => page.note(method, params));
    await page.call("Page.enable");
    await page.call("Runtime.enable");
    await page.call("Log.enable");
    await page.call("Network.enable");
    await page.look(look);
    await page.call("Page.navigate", { url });
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.call("Browser.close").catch(() => {});
    this.#socket.close();
    await this.#program[Symbol.asyncDispose]();
    // Its last files may still be on their way out.
    await eventually(() => {
      try {
        Deno.removeSync(this.#folder, { recursive: true });
        return true;
      } catch {
        return false;
      }
    }, "a browser that leaves nothing behind");
  }
}

/** How a page is shown. */
export interface PageLook {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

/** A page that is open. */
export class Page implements AsyncDisposable {
  /** The errors that its script has thrown, and what the browser itself has to complain of. */
  readonly complaints: string[] = [];
  /** The addresses that it has asked for. */
  readonly asked: string[] = [];
  readonly #browser: Chromium;
  readonly #sessionId: string;

  constructor(browser: Chromium, sessionId: string) {
    this.#browser = browser;
    this.#sessionId = sessionId;
  }

  note(method: string, params: Record<string, unknown>): void {
    if (method === "Network.requestWillBeSent") {
      this.asked.push((params.request as { url: string }).url);
    }
    if (method === "Runtime.exceptionThrown" || method === "Log.entryAdded") {
      this.complaints.push(JSON.stringify(params));
    }
  }

  async call(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>> {
    return await this.#browser.call(method, params, this.#sessionId);
  }

  /** Shows the page in another size, or another scheme. */
  async look({ width, height, scheme }: PageLook): Promise<void> {
    const isMobile = width < 600;
    await this.call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: isMobile,
    });
    await this.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  /** What an expression gives in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string, what: string): Promise<void> {
    const isTrue = async () => {
      while (!await this.evaluate<boolean>(`Boolean(${expression})`)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await within(isTrue(), what);
  }

  /** The text of what a selector finds. */
  async text(selector: string): Promise<string> {
    return await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  }

  /** Closes the page, and with it its connections: a browser has no more than six to one server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.call("Page.close");
  }

  /** A picture of all of the page, as PNG. */
  async picture(): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.call("Page.captureScreenshot", { captureBeyondViewport: true });
    return Uint8Array.fromBase64(data as string);
  }
}
