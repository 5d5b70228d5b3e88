// What start() promises to the program that calls it.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { WebServer } from "../../mod.ts";
import { within } from "../support/deadline.ts";
import { CAN_START_APPS, CAN_START_PROGRAMS, startApp } from "../support/servers/started_app.ts";

describe("start()", { ignore: !CAN_START_APPS }, () => {
  it("rejects with what is wrong with the address", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    await assertRejects(
      () => new WebServer().start({ port }),
      Deno.errors.AddrInUse,
      `Cannot listen on 127.0.0.1:${port}: `,
    );
  });

  it("rejects with what is wrong with an option", async () => {
    await assertRejects(() => new WebServer().start({ workers: 0 }), RangeError, '"workers"');
    await assertRejects(
      () => new WebServer().start({ heapLimitBytesPerWorker: 1_000_000 }),
      TypeError,
      '"heapLimitBytesPerWorker"',
    );
  });

  it("rejects with the first cause when no worker can start", async () => {
    for (const isolation of ["web", "thread"] as const) {
      await assertRejects(
        () => startApp("throws_at_load.ts", { run: { isolation } }),
        Error,
        "no database today",
      );
    }
  });

  it("rejects when a server was started already, and that one serves on", async () => {
    const server = new WebServer();
    await using app = await startApp("well_behaved.ts", { server });
    await assertRejects(() => server.start({ port: 0 }), TypeError, "once");
    assert(app.running.ready);
    assertEquals((await app.get("/async")).status, 200);
  });

  it("lets one program start several servers", async () => {
    await using first = await startApp("well_behaved.ts");
    await using second = await startApp("well_behaved.ts");
    assert(first.port !== second.port);
    for (const app of [first, second]) assertEquals((await app.get("/async")).status, 200);
    await first.running.shutdown();
    assertEquals((await second.get("/async")).status, 200);
  });

  it("leaves no worker behind when onEvent shuts the server down in the middle of a replacement", async () => {
    const PlatformWorker = globalThis.Worker;
    const alive = new Set<Worker>();
    globalThis.Worker = class extends PlatformWorker {
      constructor(specifier: string | URL, options?: WorkerOptions) {
        super(specifier, options);
        alive.add(this);
      }

      override terminate(): void {
        super.terminate();
        alive.delete(this);
      }
    };
    try {
      await using app = await startApp("well_behaved.ts", {
        run: {
          onEvent: ({ kind }) => {
            if (kind === "replacing") app.running.shutdown();
          },
        },
      });
      await assertRejects(() => app.running.reload(), Error, "stop");
      await within(app.running.finished, "the end of a server that is shut down");
      assertEquals(alive.size, 0);
    } finally {
      globalThis.Worker = PlatformWorker;
    }
  });

  it("waits for workers whose module is type-checked first", {
    ignore: !CAN_START_PROGRAMS,
  }, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const entry = new URL(`file://${folder}/app.ts`);
      // `deno test` checks what a worker is started from, in the worker; what has never been there is not in its cache.
      await Deno.writeTextFile(
        entry,
        `import { WebResponse, WebServer } from ${
          JSON.stringify(import.meta.resolve("../../mod.ts"))
        };
         const server = new WebServer({ accessLog: "off" });
         server.addPath("/", () => WebResponse.text(${JSON.stringify(folder)}));
         await server.run();`,
      );
      await using app = await startApp("", { run: { entry } });
      assertEquals((await app.get("/")).text, folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});
