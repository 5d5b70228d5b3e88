// The WebSocket that a program holds, beside the platform's own: what it is, what it refuses, and in which words.

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  createSocketObject,
  type MessageData,
  type SocketPort,
} from "../../src/connection/websocket_object.ts";

/** A socket whose session only notes what it has to do. */
function make(readyState: number = WebSocket.OPEN) {
  const sent: MessageData[] = [];
  const closes: [code: number | undefined, reason: string][] = [];
  const port: SocketPort = {
    readyState,
    protocol: "chat",
    extensions: "x",
    bufferedAmount: 7,
    send: (data) => void sent.push(data),
    close: (code, reason) => void closes.push([code, reason]),
  };
  return { object: createSocketObject(port), sent, closes };
}

/** What a call throws: its class, its name and its message. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    const { constructor, name, message } = error as Error;
    return [constructor.name, name, message];
  }
}

describe("createSocketObject()", () => {
  it("makes a WebSocket, as far as a program can see", () => {
    const { socket } = make().object;
    assert(socket instanceof WebSocket && socket instanceof EventTarget);
    assertStrictEquals(socket.constructor, WebSocket);
    assertEquals(Object.prototype.toString.call(socket), "[object WebSocket]");
    assertEquals(Object.keys(socket), []);
    assertEquals([socket.OPEN, socket.CLOSED], [1, 3]);
    const { readyState, protocol, extensions, bufferedAmount, url, binaryType } = socket;
    assertEquals(
      { readyState, protocol, extensions, bufferedAmount, url, binaryType },
      {
        readyState: 1,
        protocol: "chat",
        extensions: "x",
        bufferedAmount: 7,
        url: "",
        binaryType: "arraybuffer",
      },
    );
    assert(Deno.inspect(socket).startsWith('WebSocket {\n  url: "",\n  readyState: 1,'));
  });

  it("calls on... and the listeners in the order in which they were set", () => {
    const { object } = make();
    const { socket } = object;
    const calls: string[] = [];
    socket.addEventListener("message", () => calls.push("first"));
    socket.onmessage = function (this: WebSocket, event) {
      calls.push(`second ${this === socket && event.target === socket} ${event.data}`);
    };
    socket.addEventListener("message", { handleEvent: () => calls.push("third") }, { once: true });
    object.message("a");
    socket.onmessage = null;
    object.message("b");
    assertEquals(calls, ["first", "second true a", "third", "first"]);
  });

  it("dispatches the platform's events", () => {
    const { object } = make();
    const events: Event[] = [];
    for (const type of ["open", "message", "error", "close"]) {
      object.socket.addEventListener(type, (event) => events.push(event));
    }
    object.open();
    object.message(new Uint8Array([1]));
    object.error("bad");
    object.close(1001, "gone", true);
    assert(events[1] instanceof MessageEvent && events[1].data instanceof ArrayBuffer);
    assert(events[2] instanceof ErrorEvent && events[2].message === "bad");
    assert(events[2].error instanceof Error);
    const close = events[3];
    assert(close instanceof CloseEvent);
    assertEquals([close.code, close.reason, close.wasClean], [1001, "gone", true]);
  });

  it("sends what it gets, and anything else as text", () => {
    const { object: { socket }, sent } = make();
    const bytes = new Uint8Array([1]);
    const blob = new Blob(["a"]);
    for (
      const data of ["a", bytes, bytes.buffer, blob, 7, null, undefined, { toString: () => "b" }]
    ) {
      socket.send(data as string);
    }
    assertEquals(sent, ["a", bytes, bytes.buffer, blob, "7", "null", "undefined", "b"]);
  });

  it("refuses to send before it is open and after, and without data, as the platform does", () => {
    for (const state of [WebSocket.CONNECTING, WebSocket.CLOSING, WebSocket.CLOSED]) {
      assertEquals(thrownBy(() => make(state).object.socket.send("a")), [
        "DOMException",
        "InvalidStateError",
        "'readyState' not OPEN",
      ]);
    }
    const { socket } = make().object;
    assertThrows(
      () => (socket.send as () => void)(),
      TypeError,
      "Failed to execute 'send' on 'WebSocket': 1 argument required, but only 0 present",
    );
  });

  it("passes close() on, with 1000 for a reason without a code", () => {
    const { object: { socket }, closes } = make();
    socket.close();
    socket.close(1000);
    socket.close(4999, "é".repeat(61));
    socket.close(undefined, "why");
    assertEquals(closes, [
      [undefined, ""],
      [1000, ""],
      [4999, "é".repeat(61)],
      [1000, "why"],
    ]);
  });

  it("ignores a binaryType that is none", () => {
    const { socket } = make().object;
    socket.binaryType = "blob";
    socket.binaryType = "text" as BinaryType;
    assertEquals(socket.binaryType, "blob");
  });

  const canConnect = Deno.permissions.querySync({ name: "net" }).state === "granted";

  it("refuses codes and reasons with the platform's errors", { ignore: !canConnect }, async () => {
    const platform = new WebSocket("ws://127.0.0.1:9");
    const closed = new Promise((resolve) => platform.onclose = resolve);
    const wrong: unknown[][] = [
      [999],
      [1001],
      [2999],
      [5000],
      ["a"],
      [NaN],
      [70_000],
      [-1],
      [1000, "é".repeat(62)],
      [null],
    ];
    for (const args of wrong) {
      const close = (socket: WebSocket) => (socket.close as (...args: unknown[]) => void)(...args);
      const { object, closes } = make();
      const expected = thrownBy(() => close(platform));
      assert(expected !== undefined, `${args}`);
      assertEquals(thrownBy(() => close(object.socket)), expected);
      assertEquals(closes, []);
    }
    platform.close();
    await closed;
  });
});
