// Listening on a port in both listen modes, and reserving it beforehand.

import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { formatHostPort } from "../../src/net/host_port.ts";
import { listen, reserveAddress } from "../../src/net/listener.ts";
import type { ListenMode, PortAddress } from "../../src/net/worker_address.ts";
import { within } from "../support/deadline.ts";
import { canRunDeno, canUseNetwork } from "../support/permissions.ts";
import { freePort } from "../support/servers/free_port.ts";

const hasReusePort = "listenDatagram" in Deno && Deno.build.os === "linux";
const modes: ListenMode[] = hasReusePort ? ["reuseport", "shared"] : ["shared"];

function addressOf(listen: ListenMode, hostname: string, port: number): PortAddress {
  return { listen, hostname, port, backlog: 511 };
}

/**
 * The error of an address that cannot be listened on; it is one line, without a stack that would
 * hide it.
 */
function refusalOf(hostname: string, port: number, mode: ListenMode): Error {
  const error = assertThrows(() => reserveAddress(addressOf(mode, hostname, port)));
  assertInstanceOf(error, Error);
  assertStringIncludes(error.message, "Cannot listen on");
  assertStringIncludes(error.message, formatHostPort(hostname, port));
  assertEquals(error.stack, `${error.name}: ${error.message}`);
  assertEquals(error.message.includes("\n"), false);
  return error;
}

function canListenAlone(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    assertInstanceOf(error, Deno.errors.AddrInUse);
    return false;
  }
}

for (const mode of modes) {
  describe(`reserveAddress() in ${mode} mode`, { ignore: !canUseNetwork }, () => {
    it("picks a free port where it is 0, and holds it", () => {
      const reserved = reserveAddress(addressOf(mode, "127.0.0.1", 0));
      try {
        assertGreater(reserved.port, 0);
        assertEquals(reserved.hostname, "127.0.0.1");
        assertEquals(canListenAlone(reserved.port), false);
      } finally {
        reserved.release();
      }
    });

    it("picks another port each time", () => {
      const reserved = Array.from(
        { length: 5 },
        () => reserveAddress(addressOf(mode, "127.0.0.1", 0)),
      );
      for (const one of reserved) one.release();
      assertEquals(new Set(reserved.map(({ port }) => port)).size, 5);
    });

    it("lets several workers listen to what it holds", () => {
      const reserved = reserveAddress(addressOf(mode, "127.0.0.1", 0));
      const workers = [1, 2, 3].map(() => listen(addressOf(mode, "127.0.0.1", reserved.port)));
      for (const worker of workers) {
        assertEquals((worker.addr as Deno.NetAddr).port, reserved.port);
        worker.close();
      }
      reserved.release();
    });

    it("lets go of the address by release(), which may be called twice", () => {
      const reserved = reserveAddress(addressOf(mode, "127.0.0.1", 0));
      reserved.release();
      reserved.release();
      assert(canListenAlone(reserved.port));
    });

    it("gives the port that was asked for, where it is free", () => {
      const port = freePort();
      const reserved = reserveAddress(addressOf(mode, "127.0.0.1", port));
      assertEquals(reserved.port, port);
      const worker = listen(addressOf(mode, "127.0.0.1", port));
      worker.close();
      reserved.release();
      assert(canListenAlone(port));
    });

    it("refuses a port that is in use, and says what to do", () => {
      const holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = holder.addr as Deno.NetAddr;
      const error = refusalOf("127.0.0.1", port, mode);
      holder.close();
      assertInstanceOf(error, Deno.errors.AddrInUse);
      assertStringIncludes(error.message, "in use");
      assertStringIncludes(error.message, "another port");
    });

    it("refuses a port on which another server of this kind listens, rather than share it", () => {
      for (const other of modes) {
        const reserved = reserveAddress(addressOf(other, "127.0.0.1", 0));
        const worker = listen(addressOf(other, "127.0.0.1", reserved.port));
        const error = refusalOf("127.0.0.1", reserved.port, mode);
        worker.close();
        reserved.release();
        assertInstanceOf(error, Deno.errors.AddrInUse);
      }
    });

    it("refuses an address that is not of this machine, and says what to do", () => {
      // For documentation only (RFC 5737): no machine has it.
      const error = refusalOf("203.0.113.1", 0, mode);
      assertInstanceOf(error, Deno.errors.AddrNotAvailable);
      assertStringIncludes(error.message, "0.0.0.0");
    });

    for (const hostname of ["not a name", "no-such-name.invalid", "256.1.1.1"]) {
      it(`refuses the host name ${JSON.stringify(hostname)}, and says what is expected`, () => {
        const error = refusalOf(hostname, 0, mode);
        assertStringIncludes(error.message, "host name");
      });
    }

    it("resolves a name of this machine once for all workers", () => {
      const reserved = reserveAddress(addressOf(mode, "localhost", 0));
      assertGreater(reserved.port, 0);
      assertEquals(["127.0.0.1", "::1"].includes(reserved.hostname), true, reserved.hostname);
      reserved.release();
    });

    it("gives each connection to a worker, once the workers accept", async () => {
      const reserved = reserveAddress(addressOf(mode, "127.0.0.1", 0));
      const worker = listen(addressOf(mode, "127.0.0.1", reserved.port));
      reserved.workersAccept();
      for (let i = 0; i < 8; i++) {
        const client = await Deno.connect({ hostname: "127.0.0.1", port: reserved.port });
        const served = await within(worker.accept(), "a connection for the worker");
        client.close();
        served.close();
      }
      worker.close();
      reserved.release();
    });
  });
}

describe("workersAccept()", { ignore: !canUseNetwork }, () => {
  it("lets go of the address in reuseport mode: the socket would draw connections", {
    ignore: !hasReusePort,
  }, () => {
    const reserved = reserveAddress(addressOf("reuseport", "127.0.0.1", 0));
    reserved.workersAccept();
    assert(canListenAlone(reserved.port));
    reserved.release();
  });

  it("keeps the address in shared mode: connections wait there while no worker does", async () => {
    const reserved = reserveAddress(addressOf("shared", "127.0.0.1", 0));
    listen(addressOf("shared", "127.0.0.1", reserved.port)).close();
    reserved.workersAccept();
    assertEquals(canListenAlone(reserved.port), false);
    const client = await Deno.connect({ hostname: "127.0.0.1", port: reserved.port });
    const replacement = listen(addressOf("shared", "127.0.0.1", reserved.port));
    (await within(replacement.accept(), "the connection that has waited")).close();
    client.close();
    replacement.close();
    reserved.release();
    assert(canListenAlone(reserved.port));
  });
});

describe("reserveAddress() without the permission to listen", { ignore: !canRunDeno }, () => {
  /** The message of the error, from a process that may nothing. */
  async function messageFor(port: number): Promise<string> {
    const module = new URL("../../src/net/listener.ts", import.meta.url);
    const script = `import { reserveAddress } from ${JSON.stringify(module)};
      try {
        reserveAddress({ listen: "shared", hostname: "127.0.0.1", port: ${port}, backlog: 511 });
      } catch (error) {
        console.log(error instanceof Deno.errors.NotCapable, error.message);
      }`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", "--no-config", "--quiet", "-"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const [{ stdout }] = await Promise.all([
      child.output(),
      new Blob([script]).stream().pipeTo(child.stdin),
    ]);
    return new TextDecoder().decode(stdout);
  }

  it("says which permission is missing", async () => {
    const message = await messageFor(8123);
    assertStringIncludes(message, "true Cannot listen on 127.0.0.1:8123: ");
    assertStringIncludes(message, "--allow-net=127.0.0.1:8123");
  });

  it("names no port where any may be picked", async () => {
    const message = await messageFor(0);
    assertStringIncludes(message, "true Cannot listen on 127.0.0.1:0: ");
    assertStringIncludes(message, "--allow-net=127.0.0.1,");
  });
});
