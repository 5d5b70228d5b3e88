// Unix sockets: their paths, what is cleared away and what is refused, and how one takes the place
// of another.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  listenOnSocket,
  removeSocket,
  removeSocketLink,
  reserveSocketLink,
  reserveSocketPaths,
} from "../../src/net/unix_sockets.ts";
import { linkSocket, socketPath } from "../../src/net/socket_path.ts";
import { SocketClaim } from "../../src/net/socket_claim.ts";

const CAN_MAKE_FILES = Deno.build.os !== "windows" &&
  (["read", "write"] as const).every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );

/** A folder that is there for one test. */
function temporaryFolder(): Disposable & { readonly path: (name: string) => string } {
  const folder = Deno.makeTempDirSync({ prefix: "mudpie-test-" });
  return {
    path: (name) => `${folder}/${name}`,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: { readonly path: (name: string) => string }): string[] {
  return [...Deno.readDirSync(folder.path(""))].map(({ name }) => name).sort();
}

/** Leaves a socket on which nobody listens. */
async function leaveSocket(path: string): Promise<void> {
  (await listenOnSocket(path, undefined, new SocketClaim())).close();
}

describe("reserveSocketPaths()", { ignore: !CAN_MAKE_FILES }, () => {
  it("takes a folder in which nothing is, and leaves nothing there", async () => {
    using folder = temporaryFolder();
    await reserveSocketPaths(folder.path("app.sock"), 3);
    assertEquals([...Deno.readDirSync(folder.path(""))], []);
  });

  it("clears away the sockets that a process has left, which may have had more workers", async () => {
    using folder = temporaryFolder();
    for (const name of ["app.1.sock", "app.2.sock", "app.4.sock", "app.12.sock"]) {
      await leaveSocket(folder.path(name));
    }
    await reserveSocketPaths(folder.path("app.sock"), 2);
    assertEquals(namesIn(folder), []);
  });

  it("clears away what is left in a folder for each worker", async () => {
    using folder = temporaryFolder();
    for (const slot of [1, 2, 3]) {
      Deno.mkdirSync(folder.path(`${slot}`));
      await leaveSocket(folder.path(`${slot}/app-${slot}`));
    }
    await reserveSocketPaths(folder.path("{n}/app-{n}"), 1);
    for (const slot of [1, 2, 3]) {
      assertEquals([...Deno.readDirSync(folder.path(`${slot}`))], []);
    }
  });

  it("leaves alone at higher slots what is somebody's, and all that has another name", async () => {
    using folder = temporaryFolder();
    using listener = Deno.listen({ transport: "unix", path: folder.path("app.3.sock") });
    Deno.writeTextFileSync(folder.path("app.4.sock"), "precious");
    const others = ["app.05.sock", "app.5.1.sock", "app.5.sock.old", "app.sock", "app.x.sock"];
    for (const name of others) await leaveSocket(folder.path(name));
    await reserveSocketPaths(folder.path("app.sock"), 2);
    assertEquals(namesIn(folder), ["app.3.sock", "app.4.sock", ...others].sort());
    (await listener.accept()).close();
  });

  it("refuses a path at which another process listens, and leaves it alone", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.2.sock");
    using listener = Deno.listen({ transport: "unix", path });
    const error = await assertRejects(() => reserveSocketPaths(folder.path("app.sock"), 2), Error);
    assertStringIncludes(error.message, `${JSON.stringify(path)}: another process listens there`);
    (await listener.accept()).close();
    assert(exists(path));
  });

  it("refuses a path at which a file is, and leaves it alone", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    Deno.writeTextFileSync(path, "precious");
    const error = await assertRejects(() => reserveSocketPaths(folder.path("app.sock"), 1), Error);
    assertStringIncludes(error.message, "something else than a socket is there");
    assertEquals(Deno.readTextFileSync(path), "precious");
  });

  it("refuses a link, wherever it leads", async () => {
    using folder = temporaryFolder();
    Deno.symlinkSync("/nowhere", folder.path("app.1.sock"));
    const error = await assertRejects(() => reserveSocketPaths(folder.path("app.sock"), 1), Error);
    assertStringIncludes(error.message, "something else than a socket is there");
  });

  it("refuses a folder that is not there, or is a file", async () => {
    using folder = temporaryFolder();
    Deno.writeTextFileSync(folder.path("file"), "precious");
    for (const name of ["none", "file"]) {
      const pattern = folder.path(`${name}/app.sock`);
      const error = await assertRejects(() => reserveSocketPaths(pattern, 1), Error);
      assertStringIncludes(error.message, "its folder is not there; make it, or pass another path");
    }
  });

  it("refuses a folder that is not there for one of the slots", async () => {
    using folder = temporaryFolder();
    Deno.mkdirSync(folder.path("1"));
    const error = await assertRejects(
      () => reserveSocketPaths(folder.path("{n}/app.sock"), 2),
      Error,
    );
    assertStringIncludes(error.message, "2/app.sock");
    assertStringIncludes(error.message, "its folder is not there; make it, or pass another path");
    assertEquals([...Deno.readDirSync(folder.path("1"))], []);
  });

  it("refuses a path that is longer than the system takes", async () => {
    using folder = temporaryFolder();
    const pattern = folder.path("a".repeat(120));
    const error = await assertRejects(() => reserveSocketPaths(pattern, 1), Error);
    assertStringIncludes(error.message, "the path is too long");
  });
});

describe("listenOnSocket()", { ignore: !CAN_MAKE_FILES }, () => {
  it("takes the place of who listened there: new clients come to it, and the old one keeps its own", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claim = new SocketClaim();
    using old = await listenOnSocket(path, undefined, claim);
    using oldClient = await Deno.connect({ transport: "unix", path });
    using fresh = await listenOnSocket(path, undefined, claim);
    using freshClient = await Deno.connect({ transport: "unix", path });
    // Nobody has accepted so far: the old client waits in the old one's queue.
    for (const [listener, client] of [[old, oldClient], [fresh, freshClient]] as const) {
      using connection = await listener.accept();
      await client.write(new Uint8Array([7]));
      const byte = new Uint8Array(1);
      assertEquals([await connection.read(byte), byte[0]], [1, 7]);
    }
  });

  it("gives the socket the permissions that it is told to, before anybody can connect", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    using _listener = await listenOnSocket(path, 0o640, new SocketClaim());
    assertEquals((Deno.lstatSync(path).mode ?? 0) & 0o777, 0o640);
  });

  it("leaves a file alone that has come to be there, and says so without a stack", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.3.sock");
    Deno.writeTextFileSync(path, "precious");
    const error = await assertRejects(
      () => listenOnSocket(path, undefined, new SocketClaim()),
      Error,
    );
    assertStringIncludes(error.message, "something else than a socket is there");
    assertEquals(error.stack, `Error: ${error.message}`);
    assertEquals(namesIn(folder), ["app.3.sock"]);
    assertEquals(Deno.readTextFileSync(path), "precious");
  });

  it("says what to do where the folder has gone", async () => {
    using folder = temporaryFolder();
    const path = folder.path("gone/app.1.sock");
    const error = await assertRejects(() => listenOnSocket(path, 0o660, new SocketClaim()), Error);
    assertStringIncludes(error.message, 'gone/app.1.sock": its folder is not there; make it');
  });

  it("leaves the slot to who has it where the new one is not to have it after all", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claim = new SocketClaim();
    using old = await listenOnSocket(path, undefined, claim);
    await assertRejects(
      () =>
        listenOnSocket(path, undefined, claim, () => {
          throw new Error("not today");
        }),
      Error,
      "not today",
    );
    using _client = await Deno.connect({ transport: "unix", path });
    (await old.accept()).close();
    removeSocket(path, claim);
    assertEquals(namesIn(folder), []);
  });

  it("leaves the slot to another server that has it by now", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claim = new SocketClaim();
    using _own = await listenOnSocket(path, undefined, claim);
    Deno.removeSync(path);
    using others = await listenOnSocket(path, undefined, new SocketClaim());
    const error = await assertRejects(
      () => listenOnSocket(path, undefined, claim),
      Deno.errors.AddrInUse,
    );
    assertStringIncludes(error.message, `${JSON.stringify(path)}: another process listens there`);
    using _client = await Deno.connect({ transport: "unix", path });
    // The first is the look of the one that was refused.
    for (let i = 0; i < 2; i++) (await others.accept()).close();
    assertEquals(namesIn(folder), ["app.1.sock"]);
  });

  it("gives a slot that several want at once to one of them", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claims = [new SocketClaim(), new SocketClaim()];
    // Both look, and see that nobody is there, before either of them takes it.
    const [first, second] = await Promise.allSettled(
      claims.map((claim) => listenOnSocket(path, undefined, claim)),
    );
    assert(first.status === "fulfilled" && second.status === "rejected");
    using _listener = first.value;
    assert(second.reason instanceof Deno.errors.AddrInUse);
    for (const claim of claims.reverse()) {
      assert(exists(path));
      removeSocket(path, claim);
    }
    assertEquals(namesIn(folder), []);
  });

  it("takes a slot where another server has left a socket, or somebody has removed its own", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claim = new SocketClaim();
    using _first = await listenOnSocket(path, undefined, claim);
    Deno.removeSync(path);
    await leaveSocket(path);
    using _second = await listenOnSocket(path, undefined, claim);
    Deno.removeSync(path);
    using third = await listenOnSocket(path, undefined, claim);
    using _client = await Deno.connect({ transport: "unix", path });
    (await third.accept()).close();
  });

  it("leaves nothing but the socket", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claim = new SocketClaim();
    using _old = await listenOnSocket(path, undefined, claim);
    using _fresh = await listenOnSocket(path, undefined, claim);
    assertEquals(namesIn(folder), ["app.1.sock"]);
  });
});

describe("removeSocket()", { ignore: !CAN_MAKE_FILES }, () => {
  it("removes the slot's own socket, and nothing else", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claim = new SocketClaim();
    removeSocket(path, claim);
    using _listener = await listenOnSocket(path, undefined, claim);
    // What a worker has written down is seen by the supervisor.
    removeSocket(path, new SocketClaim(claim.memory));
    assert(!exists(path));
    Deno.writeTextFileSync(path, "precious");
    removeSocket(path, claim);
    assert(exists(path));
  });

  it("leaves alone the socket of another server that has the slot by now", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.1.sock");
    const claim = new SocketClaim();
    using _own = await listenOnSocket(path, undefined, claim);
    Deno.removeSync(path);
    using _others = await listenOnSocket(path, undefined, new SocketClaim());
    removeSocket(path, claim);
    assert(exists(path));
  });
});

describe("reserveSocketLink()", { ignore: !CAN_MAKE_FILES }, () => {
  it("removes a link and a socket that an earlier process has left", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.sock");
    Deno.symlinkSync("app.1.sock", path);
    await reserveSocketLink(path);
    assertEquals(namesIn(folder), []);
    await leaveSocket(path);
    await reserveSocketLink(path);
    assertEquals(namesIn(folder), []);
  });

  it("refuses any other file, another link, and a socket at which a process listens", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.sock");
    Deno.writeTextFileSync(path, "precious");
    await assertRejects(() => reserveSocketLink(path), Error, "something else than a socket");
    Deno.removeSync(path);
    Deno.symlinkSync("elsewhere.sock", path);
    await assertRejects(() => reserveSocketLink(path), Error, "something else than a socket");
    Deno.removeSync(path);
    using _other = Deno.listen({ transport: "unix", path });
    await assertRejects(() => reserveSocketLink(path), Deno.errors.AddrInUse, "another process");
  });
});

describe("linkSocket()", { ignore: !CAN_MAKE_FILES }, () => {
  it("leads to the socket of the first slot once that listens, also after a removal", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.sock");
    linkSocket(path);
    assertEquals(namesIn(folder), []);
    const claim = new SocketClaim();
    using _listener = await listenOnSocket(socketPath(path, 1), undefined, claim);
    linkSocket(path);
    linkSocket(path);
    assertEquals(Deno.readLinkSync(path), "app.1.sock");
    (await Deno.connect({ transport: "unix", path })).close();
    Deno.removeSync(path);
    linkSocket(path);
    assertEquals(namesIn(folder), ["app.1.sock", "app.sock"]);
  });

  it("leaves a file alone that is there", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.sock");
    using _listener = await listenOnSocket(socketPath(path, 1), undefined, new SocketClaim());
    Deno.writeTextFileSync(path, "precious");
    linkSocket(path);
    assertEquals(Deno.readTextFileSync(path), "precious");
  });
});

describe("removeSocketLink()", { ignore: !CAN_MAKE_FILES }, () => {
  it("removes the link while the slot owns its socket, and leaves another server's", async () => {
    using folder = temporaryFolder();
    const path = folder.path("app.sock");
    const claim = new SocketClaim();
    using _listener = await listenOnSocket(socketPath(path, 1), undefined, claim);
    linkSocket(path);
    removeSocketLink(path, new SocketClaim());
    assert(exists(path));
    removeSocketLink(path, claim);
    assert(!exists(path));
    Deno.writeTextFileSync(path, "precious");
    removeSocketLink(path, claim);
    assert(exists(path));
  });
});
