// Programs with WebSockets as others write them, run by the command line as they are: with Hono's helper, with crossws in h3, and with
// `ws` and socket.io on a server of node:http.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { within } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const PROGRAMS = new URL("../support/programs/", import.meta.url).pathname;

/** A client, with what it has received and not yet taken. */
class Client {
  readonly socket: WebSocket;
  readonly #received: string[] = [];
  readonly closed: Promise<CloseEvent>;
  #wake = (): void => {};

  constructor(url: string, protocols: string[] = []) {
    this.socket = new WebSocket(url, protocols);
    this.socket.onmessage = ({ data }) => {
      this.#received.push(String(data));
      this.#wake();
    };
    this.closed = new Promise((resolve) => this.socket.onclose = resolve);
  }

  /** Takes the next message. */
  async next(): Promise<string> {
    while (this.#received.length === 0) {
      await within(new Promise<void>((resolve) => this.#wake = resolve), "a message");
    }
    return this.#received.shift()!;
  }

  /** Closes, and waits for the end. */
  async close(code: number, reason: string): Promise<void> {
    this.socket.close(code, reason);
    await within(this.closed, "the end of a WebSocket");
  }
}

describe("a program with WebSockets", { ignore: !CAN_START_PROGRAMS }, () => {
  const serve = async (file: string, ...options: string[]) => {
    const flags = ["--hostname", "127.0.0.1", "--port", "0", "--workers", "1"];
    const run = ["run", "-A", "--unstable-net", ...options];
    const program = Program.deno([...run, CLI, PROGRAMS + file, ...flags]);
    const { port } = await program.listening();
    return { program, address: `127.0.0.1:${port}` };
  };

  for (
    const [file, routes] of [
      ["hono_websocket.ts", ["  every method  / and all under it"]],
      ["h3_websocket.ts", ["  every method  / and all under it"]],
      ["../../../examples/chat.ts", [
        "  GET, HEAD, OPTIONS  /",
        "  GET, HEAD, OPTIONS  /rooms/:room",
      ]],
    ] as [file: string, routes: string[]][]
  ) {
    it(`${file.replace(/.*\//, "")} ends by itself under --check`, async () => {
      const run = ["run", "-A", "--unstable-net", CLI, PROGRAMS + file, "--check"];
      await using program = Program.deno(run);
      assertEquals((await program.ended()).code, 0, program.stderr.text);
      assertEquals(program.stdout.all.filter((line) => / \/( |$|rooms)/.test(line)), routes);
    });
  }

  describe("in Hono", () => {
    let served: Awaited<ReturnType<typeof serve>>;
    beforeAll(async () => {
      served = await serve("hono_websocket.ts");
    });
    afterAll(async () => await served?.program[Symbol.asyncDispose]());

    it("opens, echoes, and closes", async () => {
      const { program, address } = served;
      const client = new Client(`ws://${address}/ws?name=a`, ["chat", "other"]);
      assertEquals(await client.next(), "open a chat");
      assertEquals(client.socket.protocol, "chat");
      client.socket.send("one");
      client.socket.send("two");
      assertEquals([await client.next(), await client.next()], ["echo one", "echo two"]);
      await client.close(3001, "bye");
      await program.stdout.find(/^closed 3001 bye$/);
    });

    it("serves requests of the same paths beside that", async () => {
      const { address } = served;
      assertEquals(await (await fetch(`http://${address}/`)).text(), "hello");
      const plain = await fetch(`http://${address}/ws`);
      await plain.body?.cancel();
      assertEquals(plain.status, 404);
    });
  });

  describe("in h3, by crossws", () => {
    let served: Awaited<ReturnType<typeof serve>>;
    beforeAll(async () => {
      served = await serve("h3_websocket.ts");
    });
    afterAll(async () => await served?.program[Symbol.asyncDispose]());

    it("opens, publishes to all others, and closes", async () => {
      const { program, address } = served;
      const [one, two] = [1, 2].map(() => new Client(`ws://${address}/ws`, ["chat"]));
      assertEquals([await one.next(), await two.next()], ["welcome", "welcome"]);
      assertEquals(one.socket.protocol, "chat");
      one.socket.send("a");
      assertEquals([await one.next(), await two.next()], ["echo a", "others a"]);
      await one.close(1000, "");
      await program.stdout.find(/^closed$/);
      await two.close(1000, "");
    });

    it("serves requests beside that", async () => {
      const { address } = served;
      assertEquals(await (await fetch(`http://${address}/`)).text(), "hello");
    });
  });

  describe("in node:http, by ws and socket.io", () => {
    const config = ["--config", `${PROGRAMS}node/deno.json`];
    let served: Awaited<ReturnType<typeof serve>>;
    beforeAll(async () => {
      served = await serve("node/sockets.js", ...config);
    });
    afterAll(async () => await served?.program[Symbol.asyncDispose]());

    /** What a client of socket.io prints. */
    const askSocketIo = async (...transports: string[]): Promise<string[]> => {
      const client = `${PROGRAMS}node/socket_io_client.js`;
      const args = ["run", "-A", ...config, client, `http://${served.address}`, ...transports];
      await using program = Program.deno(args);
      await within(program.end, "the end of a client of socket.io");
      return program.stdout.all;
    };

    it("opens, echoes text and bytes, and closes", async () => {
      const { program, address } = served;
      const client = new Client(`ws://${address}/ws`);
      await within(new Promise((resolve) => client.socket.onopen = resolve), "a WebSocket");
      client.socket.send("one");
      client.socket.send("a".repeat(200_000));
      assertEquals(await client.next(), "echo one");
      assertEquals((await client.next()).length, 200_005);
      await client.close(3001, "bye");
      await program.stdout.find(/^closed 3001 bye$/);
    });

    it("serves a client of socket.io that begins with a WebSocket", async () => {
      assertEquals(await askSocketIo("websocket"), ["heard hello", "websocket", "all friends"]);
      await served.program.stdout.find(/^left: client namespace disconnect$/);
    });

    it("serves a client of socket.io that polls first, on one worker", async () => {
      const seen = await askSocketIo("polling", "websocket");
      assertEquals(seen, ["heard hello", "websocket", "all friends"]);
    });

    it("sends what a listener answers in place of the upgrade", async () => {
      using client = await RawClient.connect(Number(served.address.split(":")[1]));
      const asked = get("/refused", "Connection: Upgrade", "Upgrade: websocket");
      assertEquals((await client.ask(asked)).status, 401);
    });

    it("serves requests beside that", async () => {
      assertEquals(await (await fetch(`http://${served.address}/`)).text(), "hello");
    });
  });
});
