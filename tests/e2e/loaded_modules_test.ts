// A server loads what it uses. Each module costs each thread a part of a millisecond at its start, which every replacement of a worker
// pays again.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { freePort } from "../support/servers/free_port.ts";
import { get, RawClient } from "../support/clients/raw_client.ts";
import { type LoadedModules, readLoadedModules } from "../support/servers/loaded_modules.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

/** What no thread loads unless a program or an operator asks for it. */
const RARE: Readonly<Record<string, RegExp>> = {
  "the operator's port": /^src\/admin\//,
  "the watch on files": /^src\/cli\/(?:module_watch|file_|module_graph|glob)/,
  "Unix sockets": /^src\/net\/(?:unix_sockets|reserved_sockets|socket_claim)\.ts$/,
  "WebSockets":
    /^src\/(?:websocket\/|connection\/(?:web_sockets|websocket_|frame_output|socket_clock))/,
  "messages of node:http":
    /^src\/takeover\/node_http\/(?:node_(?:handler|exchange|connections)|request_|response_|client_socket|upgraded)/,
  "the decoder of brotli": /^src\/handler\/brotli\//,
};

/** What replaces parts of the platform for programs that listen by themselves: only the command line's workers do. */
const TAKEOVER = /^src\/takeover\/(?!(?:upgrade|cron)\.ts$)/;

/** What a worker has no use for. */
const SUPERVISION = /^src\/supervisor\/(?:supervisor|fleet|worker_pool|worker_handle)\.ts$/;

const THREADS = 2;

const OPTIONS = ["--access-log", "off", "--workers", "1"];

/** Starts a program with one worker, asks it once, and returns what it has loaded. */
async function modulesOf(code: string, isCommandLine: boolean): Promise<LoadedModules> {
  const folder = await Deno.makeTempDir();
  try {
    const port = freePort();
    const main = `${folder}/main.ts`;
    await Deno.writeTextFile(main, code.replace("PORT", `${port}`));
    const cli = new URL("../../src/cli.ts", import.meta.url).pathname;
    const words = isCommandLine ? [cli, main, "--port", `${port}`, ...OPTIONS] : [main];
    const deno = ["run", "-A", "--no-check", `--coverage=${folder}/coverage`];
    await using program = Program.deno([...deno, ...words]);
    await program.listening();
    using client = await RawClient.connect(port);
    assertEquals((await client.ask(get("/", "Connection: close"))).status, 200);
    program.signal("SIGTERM");
    await program.end;
    return readLoadedModules(`${folder}/coverage`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function matching(loaded: LoadedModules, pattern: RegExp): string[] {
  return [...loaded.keys()].filter((path) => pattern.test(path)).toSorted();
}

describe("a program with one handler", { ignore: !CAN_START_PROGRAMS }, () => {
  it("loads nothing that it does not ask for, and no supervisor in its worker", async () => {
    const mod = import.meta.resolve("../../mod.ts");
    const loaded = await modulesOf(
      `import { WebResponse, WebServer } from ${JSON.stringify(mod)};
       const server = new WebServer({ accessLog: "off" });
       server.addPath("/", () => WebResponse.text("hello"));
       await server.run("127.0.0.1", PORT, 1);`,
      false,
    );
    assertEquals(loaded.get("src/server.ts"), THREADS);
    for (const [what, pattern] of Object.entries(RARE)) {
      assertEquals(matching(loaded, pattern), [], what);
    }
    assertEquals(matching(loaded, TAKEOVER), []);
    for (const path of matching(loaded, SUPERVISION)) assertEquals(loaded.get(path), 1, path);
  });

  it("loads nothing else under the command line but what notices the servers of a program", async () => {
    const loaded = await modulesOf(
      `export default { fetch: () => new Response("hello") };`,
      true,
    );
    assertEquals(loaded.get("src/server.ts"), THREADS);
    for (const [what, pattern] of Object.entries(RARE)) {
      assertEquals(matching(loaded, pattern), [], what);
    }
    for (const path of matching(loaded, TAKEOVER)) assertEquals(loaded.get(path), 1, path);
    for (const path of matching(loaded, SUPERVISION)) assertEquals(loaded.get(path), 1, path);
  });
});
