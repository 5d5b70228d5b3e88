// A program that listens with `node:http`, under the command line: the same program runs on every core.

import { assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { get, post, RawClient } from "../support/clients/raw_client.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const FILE = new URL("../support/programs/node_http.ts", import.meta.url).pathname;

function start(...words: string[]): Program {
  return Program.deno(["run", "-A", "--config", CONFIG, CLI, FILE, ...words]);
}

describe("a program that listens with node:http", { ignore: !CAN_START_PROGRAMS }, () => {
  let program: Program;
  let port = 0;

  beforeAll(async () => {
    program = start("--workers", "2");
    ({ port } = await program.listening());
  });
  afterAll(async () => await program[Symbol.asyncDispose]());

  async function ask(data: string) {
    using client = await RawClient.connect(port);
    return await client.ask(data);
  }

  it("is served by every worker, at the address that it names", async () => {
    await program.stderr.find(/with 2 workers .* address as http\.Server\.listen\(\) says/);
    const [, address] = await program.stdout.find(/^listens (.*)$/);
    assertEquals(JSON.parse(address), { address: "127.0.0.1", family: "IPv4", port });
  });

  it("answers requests of one connection in turn", async () => {
    using client = await RawClient.connect(port);
    assertEquals((await client.ask(get("/"))).text, "hello");
    assertEquals((await client.ask(post("/echo", "a body"))).status, 200);
  });

  it("gets bodies of any size, and sends them while they come", async () => {
    const body = "0123456789".repeat(100_000);
    const response = await fetch(`http://127.0.0.1:${port}/echo`, { method: "POST", body });
    assertEquals(await response.text(), body);
  });

  it("sends what it writes at once in chunks", async () => {
    using client = await RawClient.connect(port);
    await client.send(get("/parts", "Connection: close"));
    const text = await client.readToEnd();
    assertMatch(text, /\r\nTransfer-Encoding: chunked\r\n/);
    assertMatch(text, /\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n$/);
  });

  it("costs a worker when a listener throws, and the client gets 500", async () => {
    assertEquals((await ask(get("/throws"))).status, 500);
    await program.stderr.find(/panic in GET \/throws: Error: thrown in a listener/);
    assertEquals((await ask(get("/"))).text, "hello");
  });

  it("answers 500 for the request whose listener leaves a promise rejected", async () => {
    assertEquals((await ask(get("/rejects"))).status, 500);
    await program.stderr.find(/panic in GET \/rejects: Error: rejected in a listener/);
  });
});
