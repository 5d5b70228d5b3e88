// Starts HAProxy in front of two servers, with the configuration of examples/deploy: what it promises is what runs.

import { DEADLINE_MS } from "../deadline.ts";
import { freePort } from "../servers/free_port.ts";
import { hindranceTo } from "../tools/installed.ts";
import { WEBSOCKETS_PAGE } from "./nginx.ts";
import { FrontEnd, replaceEach, type Server } from "./front_end.ts";

const DEPLOYED = new URL("../../../examples/deploy/haproxy.cfg", import.meta.url);

/** Why HAProxy cannot be started; empty where it can be. */
export const HAPROXY_HINDRANCE: string = hindranceTo("haproxy");

/** Has HAProxy say what it thinks of the configuration of examples/deploy as it stands. */
export async function checkDeployedHaproxy(): Promise<Deno.CommandOutput> {
  return await new Deno.Command("haproxy", { args: ["-c", "-f", DEPLOYED.pathname] }).output();
}

/** Reads the lines that src/docs/websockets.md adds to the section "defaults". */
export async function readWebSocketDefaults(): Promise<string> {
  const match = /```haproxy\n(.*?)```/s.exec(await Deno.readTextFile(WEBSOCKETS_PAGE));
  if (match === null) throw new Error("websockets.md has no lines for HAProxy");
  return match[1];
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The servers, as the configuration calls them. */
export type ServerName = "app1" | "app2";

/** HAProxy in front of two servers. */
export class Haproxy implements AsyncDisposable {
  readonly #frontEnd: FrontEnd;

  private constructor(frontEnd: FrontEnd) {
    this.#frontEnd = frontEnd;
  }

  /**
   * Starts it in front of those servers as examples/deploy says, with `defaults` added to its section
   * of that name, and waits until it accepts. Its operator's socket gets its name a moment after the port is open.
   */
  static async start(
    [first, second]: readonly [Server, Server],
    defaults = "",
  ): Promise<Haproxy> {
    const port = freePort();
    const configuration = await Deno.readTextFile(DEPLOYED);
    const frontEnd = await FrontEnd.start(port, async (folder) => {
      const path = `${folder}/haproxy.cfg`;
      const replaced = replaceEach(configuration, {
        "bind :80": `bind 127.0.0.1:${port}`,
        "127.0.0.1:8001 port 9001": `127.0.0.1:${first.port} port ${first.adminPort}`,
        "127.0.0.1:8002 port 9002": `127.0.0.1:${second.port} port ${second.adminPort}`,
        "/run/haproxy/admin.sock": `${folder}/admin.sock`,
        "  user haproxy\n": "",
        "  group haproxy\n": "",
        "maxconn 5000": "maxconn 200",
        "  timeout check 1s\n": `  timeout check 1s\n${defaults}`,
      });
      await Deno.writeTextFile(path, replaced);
      return { command: "haproxy", args: ["-db", "-f", path] };
    });
    const haproxy = new Haproxy(frontEnd);
    await haproxy.#until("its operator's socket", () => isThere(haproxy.#socket));
    return haproxy;
  }

  get port(): number {
    return this.#frontEnd.port;
  }

  get #socket(): string {
    return `${this.#frontEnd.folder}/admin.sock`;
  }

  /** What it knows of a server: the fields of `show stat`, such as status, scur (requests under way) and stot (requests in all). */
  async server(name: ServerName): Promise<Record<string, string>> {
    const [head, ...lines] = (await this.ask("show stat")).replace(/^# /, "").trimEnd().split("\n");
    const names = head.split(",");
    for (const line of lines) {
      const fields = Object.fromEntries(line.split(",").map((field, i) => [names[i], field]));
      if (fields.pxname === "mudpie" && fields.svname === name) return fields;
    }
    throw new Error(`HAProxy knows no server ${name}`);
  }

  /** Waits until it takes a server for up, or for down. */
  async sees(name: ServerName, status: "UP" | "DOWN"): Promise<void> {
    // Between the two it says how far it is with its checks, as in "UP 1/2".
    await this.#until(`${name} ${status}`, async () => (await this.server(name)).status === status);
  }

  /** Waits until it has sent that many more requests to a server. */
  async sends(name: ServerName, count: number): Promise<void> {
    const sent = async () => Number((await this.server(name)).stot);
    const from = await sent();
    await this.#until(`${count} requests to ${name}`, async () => await sent() - from >= count);
  }

  /** Has it send nothing more to a server, and waits until all that it was sent is answered. */
  async takeOut(name: ServerName): Promise<void> {
    await this.ask(`set server mudpie/${name} state drain`);
    await this.#until(`${name} idle`, async () => (await this.server(name)).scur === "0");
  }

  /** Has it use a server again. */
  async putBack(name: ServerName): Promise<void> {
    await this.ask(`set server mudpie/${name} state ready`);
    await this.sees(name, "UP");
  }

  async #until(what: string, look: () => Promise<boolean>): Promise<void> {
    const start = performance.now();
    while (!await look()) {
      if (performance.now() - start > DEADLINE_MS) throw new Error(`Looked in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Asks it on its operator's socket, and gives the answer. */
  async ask(command: string): Promise<string> {
    using conn = await Deno.connect({
      transport: "unix",
      path: this.#socket,
    });
    await conn.write(new TextEncoder().encode(`${command}\n`));
    return await new Response(conn.readable).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#frontEnd[Symbol.asyncDispose]();
  }
}
