// What this machine is set to, as far as it may be read. tests/slow/out_of_descriptors_test.ts has what servers make of it.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  connectionsThatFit,
  descriptorsForObserver,
  losesQueueOnClose,
} from "../../src/supervisor/system_limits.ts";

/** Deno lets a program read its limits only with `--allow-all`. */
const canRead = isReadable("/proc/self/limits");

function isReadable(path: string): boolean {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
  try {
    return Deno.readTextFileSync(path).length > 0;
  } catch {
    return false;
  }
}

describe("connectionsThatFit()", () => {
  it("is the limit of open files, less 24, 16 for each worker, and what is reserved", {
    ignore: !canRead,
  }, () => {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const limit = Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
    const inUse = [...Deno.readDirSync("/proc/self/fd")].length;
    // Tests of other files may run in the same process, and open a few files meanwhile.
    const others = 64;
    const free = limit - inUse;
    assertAlmostEquals(connectionsThatFit(1, 0)!, free - 24 - 16, others);
    assertAlmostEquals(connectionsThatFit(10, 300)!, free - 24 - 160 - 300, others);
  });

  it("leaves one connection to each worker where nothing is left", { ignore: !canRead }, () => {
    assertEquals(connectionsThatFit(3, Number.MAX_SAFE_INTEGER), 3);
  });

  it("is undefined where the limit may not be read", { ignore: canRead }, () => {
    assertEquals(connectionsThatFit(1, 0), undefined);
  });
});

describe("descriptorsForObserver()", () => {
  it("is between 4 and 32", () => {
    const count = descriptorsForObserver();
    assert(count >= 4 && count <= 32, String(count));
  });

  it("is 32 where the limit may not be read", { ignore: canRead }, () => {
    assertEquals(descriptorsForObserver(), 32);
  });
});

describe("losesQueueOnClose()", () => {
  it("is false for a socket that workers share, and for a Unix socket", () => {
    assertEquals([losesQueueOnClose("shared"), losesQueueOnClose("unix")], [false, false]);
  });

  it("is what the kernel says for sockets of their own", { ignore: !canRead }, () => {
    let setting = "";
    try {
      setting = Deno.readTextFileSync("/proc/sys/net/ipv4/tcp_migrate_req").trim();
    } catch {
      // An older kernel, or a container without the setting.
    }
    assertEquals(losesQueueOnClose("reuseport"), setting === "0");
  });
});
