import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SocketPanicHold } from "../../src/ipc/socket_panic_hold.ts";

describe("SocketPanicHold", () => {
  it("SocketPanicHold is off when it is new", () => {
    assertEquals(new SocketPanicHold().isOn, false);
  });

  it("SocketPanicHold shows in another thread what the supervisor has set", () => {
    const hold = new SocketPanicHold();
    const inWorker = new SocketPanicHold(structuredClone(hold.memory));
    hold.isOn = true;
    assertEquals(inWorker.isOn, true);
    hold.isOn = false;
    assertEquals(inWorker.isOn, false);
  });
});
