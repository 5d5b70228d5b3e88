// What a service manager such as systemd hears of a program that serves, over a real datagram socket.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { AppOptions } from "../support/servers/app.ts";
import { eventually } from "../support/deadline.ts";
import { NotifySocket } from "../support/servers/notify_socket.ts";
import { runsUnderSystemd } from "../../src/supervisor/sd_notify.ts";
import { Program } from "../support/servers/program.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

function start(app: string, manager: NotifySocket, options: AppOptions = {}, env = {}): Program {
  const path = new URL(`../support/apps/${app}`, import.meta.url).pathname;
  const run = { port: 0, workers: 2, ...options.run };
  return Program.deno(["run", "-A", path, JSON.stringify({ ...options, run })], {
    env: { NOTIFY_SOCKET: manager.path, ...env },
  });
}

describe("A service manager", { ignore: !CAN_START_PROGRAMS }, () => {
  it("hears when the server is ready, reloads, and stops", async () => {
    using manager = new NotifySocket();
    await using program = start("well_behaved.ts", manager);
    await program.listening();
    await manager.hears("READY=1");
    await manager.hears("STATUS=2 of 2 workers accept");
    assertEquals(manager.turns, ["READY=1"]);
    program.signal("SIGHUP");
    await manager.hears("READY=1", 2);
    program.signal("SIGTERM");
    await manager.hears("STOPPING=1");
    assertEquals((await program.ended()).code, 0);
    assertEquals(manager.turns, ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]);
    assert(!manager.told.includes("WATCHDOG=1"), "nobody asked for signs of life");
  });

  it("hears that the server is alive for as long as a worker is", async () => {
    using manager = new NotifySocket();
    const run = { workers: 1, hangTimeout: 800, onHang: "continue", startTimeout: 0 } as const;
    await using program = start("hangs.ts", manager, { run }, { WATCHDOG_USEC: "300000" });
    const { port } = await program.listening();
    await manager.hears("WATCHDOG=1", 3);
    using client = await RawClient.connect(port);
    await client.send(get("/spin"));
    // The worker is taken for hung, and its replacement accepts.
    await program.stderr.find(/worker 2: accepting/);
    const before = manager.told.length;
    await eventually(
      () => manager.told.slice(before).includes("WATCHDOG=1"),
      "signs of life of the replacement",
    );
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });

  it("hears no signs of life that are another process's to give", async () => {
    using manager = new NotifySocket();
    const env = { WATCHDOG_USEC: "1000", WATCHDOG_PID: "1" };
    await using program = start("well_behaved.ts", manager, {}, env);
    await manager.hears("STATUS=2 of 2 workers accept");
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assert(!manager.told.includes("WATCHDOG=1"));
  });

  it("is not needed: a server that cannot reach it says so and serves", async () => {
    using manager = new NotifySocket();
    const sockets: [path: string, says: RegExp | undefined][] = [
      ["@abstract", /cannot tell the service manager .*@abstract/],
      [`${manager.folder}/nobody.sock`, undefined],
    ];
    for (const [NOTIFY_SOCKET, says] of sockets) {
      await using program = start("well_behaved.ts", manager, {}, { NOTIFY_SOCKET });
      const { port } = await program.listening();
      using client = await RawClient.connect(port);
      assertEquals((await client.ask(get("/async", "Connection: close"))).text, "async");
      if (says !== undefined) assertMatch(program.stderr.text, says);
      client[Symbol.dispose]();
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
    }
    assertEquals(manager.told, []);
  });

  const permissions: {
    what: string;
    flags: string[];
    reads?: string;
    says: RegExp | undefined;
  }[] = [
    {
      what: "names the flags when systemd has started a server that may not read NOTIFY_SOCKET",
      flags: ["--allow-env=INVOCATION_ID"],
      says:
        /cannot report to systemd: Deno may not read NOTIFY_SOCKET; .*--unstable-net .*--allow-env=NOTIFY_SOCKET/,
    },
    {
      what: "logs nothing when a server that may not read NOTIFY_SOCKET was not started by systemd",
      flags: [],
      says: undefined,
    },
    {
      what: "names the flags when the server may not write the file of its own socket",
      flags: ["--allow-env"],
      says: /cannot tell the service manager .* write access .*; the reports need .*--allow-write=/,
    },
    {
      what: "names the flags when the server may not write to the socket of systemd",
      flags: ["--allow-env", "--allow-write=FOLDER/own"],
      reads: "FOLDER",
      says: /cannot report to the service manager: .*; the reports need .*--allow-write=/,
    },
  ];
  for (const { what, flags, reads = "FOLDER/own", says } of permissions) {
    it(`${what}`, async () => {
      using manager = new NotifySocket();
      const { folder } = manager;
      Deno.mkdirSync(`${folder}/own`);
      const path = new URL("../support/apps/well_behaved.ts", import.meta.url).pathname;
      const sources = new URL("../../", import.meta.url).pathname;
      const readable = `--allow-read=${sources},${reads}`;
      const granted = [readable, ...flags].map((flag) => flag.replaceAll("FOLDER", folder));
      await using program = Program.deno(
        [
          "run",
          "--no-prompt",
          "--unstable-net",
          "--allow-net",
          ...granted,
          path,
          JSON.stringify({ run: { port: 0, workers: 1 } }),
        ],
        {
          env: {
            NOTIFY_SOCKET: manager.path,
            INVOCATION_ID: "0f1e2d3c",
            TMPDIR: `${folder}/own`,
          },
        },
      );
      const refused = says === undefined ? undefined : program.stderr.find(says);
      await program.listening();
      await refused;
      if (says === undefined) assertEquals(program.stderr.text.includes("NOTIFY"), false);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      assertEquals(
        program.stderr.text.match(/--allow-env=NOTIFY_SOCKET/g)?.length ?? 0,
        says === undefined ? 0 : 1,
      );
    });
  }

  it("finds nothing of the server left among the temporary files", async () => {
    using manager = new NotifySocket();
    const temporary = Deno.makeTempDirSync({ dir: manager.folder });
    await using program = start("well_behaved.ts", manager, {}, { TMPDIR: temporary });
    await manager.hears("READY=1");
    assertEquals([...Deno.readDirSync(temporary)].length, 1);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assertEquals([...Deno.readDirSync(temporary)], []);
  });
});

describe("runsUnderSystemd()", () => {
  const none = { invocationId: undefined, parent: 7, logsToSocket: false };
  const cases = [
    { what: "the invocation has an id", facts: { ...none, invocationId: "0f1e" }, is: true },
    {
      what: "the first process has started it and keeps its log",
      facts: { ...none, parent: 1, logsToSocket: true },
      is: true,
    },
    { what: "it is the child of a container's init", facts: { ...none, parent: 1 }, is: false },
    { what: "another process keeps its log", facts: { ...none, logsToSocket: true }, is: false },
  ];
  for (const { what, facts, is } of cases) {
    it(`is ${is} when ${what}`, () => assertEquals(runsUnderSystemd(facts), is));
  }
});
