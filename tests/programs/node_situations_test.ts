// node:http under the command line, situation by situation, over real sockets. The situations are those that Node's own tests of it
// have. One program has them all. It runs under Node as well, if that is there: so each difference from Node stands in the data.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { linesOf, linesOfHead } from "../support/clients/conversation.ts";
import { within } from "../support/deadline.ts";
import { WireClient, type WireHead } from "../support/fetch_fidelity/wire_client.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";
import { NODE_SITUATIONS, type Situation, type Step } from "./node_programs/situations.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;
const FILE = new URL("../support/programs/node_situations.js", import.meta.url).pathname;
const SERVERS = 9;

/** The ports of the program's servers, by their names. */
type Ports = ReadonlyMap<string, number>;

async function portsOf({ stdout }: Program): Promise<Ports> {
  const ports = new Map<string, number>();
  for (let from = 0; ports.size < SERVERS; from++) {
    const [, name, port] = await stdout.find(/^server (\w+) (\d+)$/, from);
    ports.set(name, Number(port));
  }
  return ports;
}

const encoder = new TextEncoder();

/** Goes through a situation, and returns what came of each step. */
async function goThrough(ports: Ports, { server = "main", steps }: Situation): Promise<string[]> {
  using client = await WireClient.connect(ports.get(server)!);
  const outcomes: string[] = [];
  let pending: WireHead | undefined;
  for (const step of steps) {
    const came = await take(client, step, ports, pending);
    if (came.outcome !== undefined) outcomes.push(came.outcome);
    pending = came.head ?? pending;
  }
  return outcomes;
}

async function take(
  client: WireClient,
  step: Step,
  ports: Ports,
  pending: WireHead | undefined,
): Promise<{ outcome?: string; head?: WireHead }> {
  if (typeof step === "string") step = { send: step };
  if ("seen" in step) return { outcome: await sightOf(ports, step.seen) };
  if ("leaves" in step) {
    client[Symbol.dispose]();
    return {};
  }
  if ("send" in step) {
    const { send } = step;
    const method = typeof send === "string" ? /^[A-Z]+/.exec(send)?.[0] ?? "GET" : "GET";
    await client.send(typeof send === "string" ? encoder.encode(send) : send);
    if (step.reads === "nothing") return {};
    if (step.reads === "head") return headOutcome(await client.readHead(method));
    return responseOutcome(await client.readResponse(method));
  }
  if (step.reads === "end") return { outcome: await client.readToEnd() };
  if (step.reads === "rest") return responseOutcome(await client.readRest(pending!));
  return responseOutcome(await client.readResponse("GET"));
}

const headOutcome = (head: WireHead | undefined) => ({
  outcome: head === undefined ? END : linesOfHead(head).join(" | "),
  head,
});

const responseOutcome = (response: Parameters<typeof linesOf>[0] | undefined) => ({
  outcome: response === undefined ? END : linesOf(response).join(" | "),
});

/** What a step comes to if the connection has ended. */
const END = "end";

/** What the program has seen, as soon as it has. */
async function sightOf(ports: Ports, name: string): Promise<string> {
  const url = `http://127.0.0.1:${ports.get("main")}/seen/${name}`;
  return await within(fetch(url).then((response) => response.text()), `the sight of ${name}`);
}

const HAS_NODE = CAN_START_PROGRAMS && await hasNode();

async function hasNode(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).startsWith("v20.");
  } catch {
    return false;
  }
}

/** What runs the program. */
interface Runner {
  readonly name: string;
  readonly isThere: boolean;
  /** Whether this server runs it. */
  readonly isOurs: boolean;
  readonly start: () => Program;
}

const runners: readonly Runner[] = [
  {
    name: "Node 20",
    isThere: HAS_NODE,
    isOurs: false,
    start: () => Program.start("node", [FILE]),
  },
  ...["thread", "web"].map((isolation) => ({
    name: `a worker (${isolation})`,
    isThere: CAN_START_PROGRAMS,
    isOurs: true,
    start: () => {
      const flags = ["--hostname", "127.0.0.1", "--port", "0", "--workers", "1"];
      const args = [CLI, FILE, ...flags, "--isolation", isolation];
      return Program.deno(["run", "-A", "--unstable-net", ...args]);
    },
  })),
];

for (const { name, isThere, isOurs, start } of runners) {
  describe(`node:http in ${name}`, { ignore: !isThere }, () => {
    let program: Program;
    let ports: Ports;

    beforeAll(async () => {
      program = start();
      ports = await portsOf(program);
      // A connection that comes before the worker accepts may be reset.
      if (isOurs) await program.listening();
    });
    afterAll(async () => {
      await program?.[Symbol.asyncDispose]();
    });

    for (const [what, situation] of Object.entries(NODE_SITUATIONS)) {
      it(what, async () => {
        const { expect, here = expect } = situation;
        const outcomes = await goThrough(ports, situation);
        assertEquals(outcomes, isOurs ? here : expect);
      });
    }
  });
}
