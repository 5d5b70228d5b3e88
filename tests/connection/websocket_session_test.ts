// One WebSocket, over a connection without a socket: what the program sees, what the client gets, in how many writes, and how it
// ends.

import {
  assert,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers";
import { CLOSE_TIMEOUT_MS } from "../../src/connection/socket_clock.ts";
import { work } from "../support/busy_thread.ts";
import { settle } from "../support/connections/fake_conn.ts";
import { openSocket, type ServedSocket, TICK_MS } from "../support/connections/served_socket.ts";
import { socketPair } from "../support/connections/socket_pair.ts";
import { get } from "../support/clients/raw_client.ts";
import { eventually } from "../support/deadline.ts";
import { canUseNetwork } from "../support/permissions.ts";
import {
  binary,
  bytesOfFrames,
  close,
  firstText,
  more,
  ping,
  pong,
  text,
  utf8,
} from "../websocket/frames.ts";

/** A Close frame of the server, as `frames()` has it. */
function closing(code: number, reason = ""): string {
  return `88 ${String.fromCharCode(code >> 8, code & 0xff)}${reason}`;
}

const TOO_LARGE = "A message is larger than this server accepts";

/** Ends the client's side, and waits for the end. */
async function end({ fake, served }: ServedSocket): Promise<void> {
  fake.end();
  await served;
}

/**
 * A turn of a WebSocket is over after 100 messages, or after 4 ms on a busy machine. The next one may
 * begin in the same turn of the runtime.
 */
const MOST_IN_TURN = 200;

/** Returns the largest difference of two counts in a row. */
function mostInTurn(counts: readonly number[]): number {
  return Math.max(...counts.map((count, i) => count - (counts[i - 1] ?? 0)));
}

describe("A WebSocket", () => {
  it("opens when its 101 is sent, in one write with nothing else", async () => {
    let stateInHandler: number | undefined;
    const served = await openSocket({ onSocket: ({ readyState }) => stateInHandler = readyState });
    assertEquals(stateInHandler, WebSocket.CONNECTING);
    assertEquals([served.events, served.socket.readyState], [["open"], WebSocket.OPEN]);
    assertEquals(served.frames(), []);
    await end(served);
  });

  it("gives the program text, bytes and fragments in their order", async () => {
    const served = await openSocket();
    await served.send(
      text("a"),
      binary("\x01\x02"),
      firstText("b"),
      ping("p"),
      more("c"),
      more("d", true),
      text(utf8("é")),
    );
    assertEquals(served.events, [
      "open",
      "message a",
      "message bytes 1,2",
      "message bcd",
      "message é",
    ]);
    assertEquals(served.frames(), ["8a p"]);
    await end(served);
  });

  it("gives the program bytes as a Blob if binaryType is so", async () => {
    const served = await openSocket({ onSocket: (socket) => socket.binaryType = "blob" });
    await served.send(binary("\x01\x02"));
    assertEquals(served.events, ["open", "message blob 2"]);
    await end(served);
  });

  it("reads the frames that came with the handshake after the open event", async () => {
    const served = await openSocket({ behind: text("early") + text("birds") });
    assertEquals(served.events, ["open", "message early", "message birds"]);
    await end(served);
  });

  it("closes with 1002 if a request follows the handshake", async () => {
    const served = await openSocket({ behind: get("/chat") });
    const [first] = served.frames();
    assertEquals(first.slice(0, 5), closing(1002));
    assertEquals(served.events[0], "open");
    assertEquals(served.events.at(-1), "close 1006 (not clean)");
    await end(served);
    assertEquals(served.fake.writes.length, 2);
  });

  it("sends all that the program sends in one turn in one write", async () => {
    const served = await openSocket();
    const { socket, fake } = served;
    const before = fake.writes.length;
    for (
      const data of ["a", "é", new Uint8Array([1, 2]), new Uint8Array([0, 3, 0]).subarray(1, 2)]
    ) {
      socket.send(data);
    }
    socket.send(new Uint8Array([4]).buffer);
    socket.send(new DataView(new Uint8Array([0, 5]).buffer, 1));
    await settle();
    assertEquals(fake.writes.length, before + 1);
    assertEquals(served.frames(), [
      "81 a",
      `81 ${utf8("é")}`,
      "82 \x01\x02",
      "82 \x03",
      "82 \x04",
      "82 \x05",
    ]);
    await end(served);
  });

  it("sends what the callbacks of one read send in one write, with the pongs", async () => {
    const served = await openSocket({
      onSocket: (socket) => socket.onmessage = ({ data }) => socket.send(data),
    });
    const before = served.fake.writes.length;
    await served.send(text("a"), ping("p"), text("b"));
    assertEquals(served.fake.writes.length, before + 1);
    assertEquals(served.frames(), ["81 a", "8a p", "81 b"]);
    await end(served);
  });

  it("lets others have their turn between many messages of one read, and loses none", async () => {
    let received = 0;
    const receivedAtTurns: number[] = [];
    const served = await openSocket({
      onSocket: (socket) => {
        socket.onmessage = ({ data }) => {
          received++;
          socket.send(data);
        };
      },
    });
    const count = () => {
      receivedAtTurns.push(received);
      if (received < 250) setImmediate(count);
    };
    served.fake.send(bytesOfFrames(text("a").repeat(250)));
    setImmediate(count);
    await eventually(() => received === 250, "all messages");
    await settle();
    assertLessOrEqual(mostInTurn(receivedAtTurns), MOST_IN_TURN, `${receivedAtTurns}`);
    assertEquals(served.frames(), Array(250).fill("81 a"));
    await end(served);
  });

  it("lets others have their turn sooner if its callbacks take long", async () => {
    let received = 0;
    let isOver = false;
    const receivedAtTurns: number[] = [0];
    const served = await openSocket({
      onSocket: (socket) => {
        socket.onmessage = () => {
          work(2);
          received++;
        };
      },
    });
    const count = () => {
      receivedAtTurns.push(received);
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await served.send(text("a").repeat(20));
    await eventually(() => received === 20, "all messages");
    isOver = true;
    // A turn is over after 4 ms, which is noticed after four messages. The next one may begin in the
    // same turn of the runtime.
    assertLessOrEqual(mostInTurn(receivedAtTurns), 8, `${receivedAtTurns}`);
    await end(served);
  });

  it("lets others have their turn between many messages that came with the handshake", async () => {
    let received = 0;
    const receivedAtTurns: number[] = [];
    const count = () => {
      receivedAtTurns.push(received);
      if (received < 250) setImmediate(count);
    };
    const served = await openSocket({
      behind: text("a").repeat(250),
      onSocket: (socket) => {
        socket.onopen = count;
        socket.onmessage = ({ data }) => {
          received++;
          socket.send(data);
        };
      },
    });
    await eventually(() => received === 250, "all messages");
    await settle();
    assertLessOrEqual(mostInTurn(receivedAtTurns), MOST_IN_TURN, `${receivedAtTurns}`);
    assertEquals(served.frames(), Array(250).fill("81 a"));
    await end(served);
  });

  for (const sockets of [1, 3]) {
    it(
      `lets the worker look at other connections soon while ${sockets} flood it`,
      { ignore: !canUseNetwork },
      async () => {
        using pair = await socketPair();
        let received = 0;
        let receivedBefore: number | undefined;
        const floods = await Promise.all(Array.from({ length: sockets }, () =>
          openSocket({
            onSocket: (socket) => {
              socket.onmessage = () => {
                if (receivedBefore === undefined) work(1);
                received++;
              };
            },
          })));
        const read = pair.served.read(new Uint8Array(1)).then(() => receivedBefore = received);
        await pair.client.write(Uint8Array.of(1));
        for (const { fake } of floods) fake.send(bytesOfFrames(text("a").repeat(2_000)));
        // The runtime itself looks once in 61 turns, each of which has four messages or more.
        assertLessOrEqual(await read, 120);
        for (const { fake, served } of floods) {
          fake.reset();
          await served;
        }
      },
    );
  }

  it("keeps the order of messages around a Blob, and of close()", async () => {
    const served = await openSocket();
    const { socket } = served;
    const bytes = new Uint8Array([1]);
    socket.send("a");
    socket.send(new Blob(["b"]));
    socket.send(bytes);
    bytes[0] = 9;
    socket.send("c");
    assertEquals(socket.bufferedAmount, 4);
    socket.close(3000, "done");
    await served.send();
    await settle();
    assertEquals(served.frames(), ["81 a", "82 b", "82 \x01", "81 c", closing(3000, "done")]);
    assertEquals(socket.bufferedAmount, 0);
    await end(served);
  });

  it("sends messages of any size as they are", async () => {
    for (const length of [125, 126, 20_000, 65_535, 65_536, 100_000]) {
      const served = await openSocket();
      served.socket.send("a".repeat(length));
      served.socket.send("é".repeat(length));
      served.socket.send(new Uint8Array(length).fill(98));
      await settle();
      const frames = served.frames().map((frame) => `${frame.slice(0, 4)} ${frame.length - 3}`);
      assertEquals(frames, [
        `81 a ${length}`,
        `81 Ã ${2 * length}`,
        `82 b ${length}`,
      ]);
      await end(served);
    }
  });

  it("counts in bufferedAmount the payload that the client has not taken", async () => {
    const served = await openSocket();
    const { socket, fake } = served;
    fake.isBlocked = true;
    socket.send("abc");
    assertEquals(socket.bufferedAmount, 3);
    await settle();
    socket.send("de");
    assertEquals(socket.bufferedAmount, 5);
    fake.unblock();
    await settle();
    assertEquals(socket.bufferedAmount, 0);
    assertEquals(served.frames(), ["81 abc", "81 de"]);
    await end(served);
  });

  it("has a large message written to its end if the client takes it bit by bit", async () => {
    const served = await openSocket();
    served.fake.writeLimit = 1_000;
    served.socket.send("a".repeat(50_000));
    served.socket.send("b");
    await settle();
    assertEquals(served.frames(), [`81 ${"a".repeat(50_000)}`, "81 b"]);
    await end(served);
  });

  it("answers the Close frame of the client with its code and its reason, and closes", async () => {
    const cases: [sent: string, answered: string, event: string][] = [
      [close(1000, "bye"), closing(1000, "bye"), "close 1000 bye(clean)"],
      [close(3001), closing(3001), "close 3001 (clean)"],
      [close(), "88 ", "close 1005 (clean)"],
    ];
    for (const [sent, answered, event] of cases) {
      const served = await openSocket();
      await served.send(sent);
      await served.served;
      assertEquals(served.frames(), [answered]);
      assertEquals(served.events, ["open", event]);
      assert(served.fake.isClosed);
    }
  });

  it("closes by the program's order, and waits for the answer of the client", async () => {
    const served = await openSocket();
    const { socket, fake } = served;
    socket.close(4000, "enough");
    assertEquals(socket.readyState, WebSocket.CLOSING);
    socket.close();
    await settle();
    assertEquals(served.frames(), [closing(4000, "enough")]);
    await served.send(text("too late"), ping("late"));
    assert(!fake.isClosed);
    await served.send(close(4000, "enough"));
    await served.served;
    assertEquals(served.events, ["open", "close 4000 enough(clean)"]);
    assertEquals(served.frames(), []);
    assertEquals(socket.readyState, WebSocket.CLOSED);
  });

  it("sends an empty Close frame without a code, and 1000 if only a reason is given", async () => {
    const cases: [args: [code?: number, reason?: string], frame: string][] = [
      [[], "88 "],
      [[undefined, "why"], closing(1000, "why")],
    ];
    for (const [args, frame] of cases) {
      const served = await openSocket();
      served.socket.close(...args);
      await settle();
      assertEquals(served.frames(), [frame]);
      await end(served);
    }
  });

  it("closes at once if the program has closed it before the 101", async () => {
    const served = await openSocket({ onSocket: (socket) => socket.close(3000) });
    assertEquals(served.frames(), [closing(3000)]);
    await served.send(close(3000));
    assertEquals(served.events, ["close 3000 (clean)"]);
  });

  it("ends with 1006 if the client ends without a Close frame, also in mid-frame", async () => {
    for (const sent of ["", text("abc").slice(0, -2)]) {
      const served = await openSocket();
      await served.send(sent);
      await end(served);
      assertEquals(served.events, ["open", "close 1006 (not clean)"]);
      assertEquals([served.frames(), served.faults], [[], []]);
    }
  });

  it("ends with 1006 if the connection is reset, while it reads or writes", async () => {
    for (const isWriting of [false, true]) {
      const served = await openSocket();
      const { fake, socket } = served;
      if (isWriting) {
        fake.isBlocked = true;
        socket.send("a");
        await settle();
        fake.fail();
      } else fake.reset();
      await served.served;
      await settle();
      assertEquals(served.events, ["open", "close 1006 (not clean)"]);
      assertEquals([socket.bufferedAmount, served.faults], [0, []]);
    }
  });

  it("closes a client that is at fault, and reads no more of it", async () => {
    const served = await openSocket({ limits: { maxMessageBytes: 3 } });
    await served.send(text("abc"), text("abcd"), text("e"));
    assertEquals(served.frames(), [closing(1009, TOO_LARGE)]);
    assertEquals(served.events, [
      "open",
      "message abc",
      `error ${TOO_LARGE}`,
      "close 1006 (not clean)",
    ]);
    // The client may still be sending: it gets the Close frame all the same.
    assert(served.fake.hasEndedOutput && !served.fake.isClosed);
    await served.send(text("f"));
    await end(served);
    assert(served.fake.isClosed);
  });

  it("closes the connection of a client at fault that does not end it, in time and at a drain's end", async () => {
    const ways: ((served: ServedSocket) => unknown)[] = [
      (served) => served.pass(CLOSE_TIMEOUT_MS + 2 * TICK_MS),
      (served) => served.connection.abandon(),
    ];
    for (const end of ways) {
      const served = await openSocket();
      await served.send(text("a", { mask: undefined }));
      assertEquals(served.events.at(-1), "close 1006 (not clean)");
      assert(!served.fake.isClosed);
      await end(served);
      await served.served;
      assertEquals(served.faults, []);
    }
  });

  it("closes with 1008 if a message has more fragments than it may", async () => {
    const served = await openSocket({ limits: { maxMessageFragments: 2 } });
    await served.send(firstText("a"), more("b", true), firstText("a"), more("b"), more("c", true));
    assertEquals(served.frames()[0].slice(0, 5), closing(1008));
    assertEquals(served.events.slice(0, 2), ["open", "message ab"]);
    await end(served);
  });

  it("does not wait for longer than its time for a client that answers no Close frame", async () => {
    const served = await openSocket();
    served.socket.close(1000);
    await settle();
    await served.pass(CLOSE_TIMEOUT_MS - 2 * TICK_MS);
    assertEquals(served.events, ["open"]);
    await served.pass(4 * TICK_MS);
    await served.served;
    assertEquals(served.events, ["open", "close 1006 (not clean)"]);
    assert(served.fake.isClosed);
  });

  it("sends a ping to a silent client, and closes if nothing comes", async () => {
    const served = await openSocket({ limits: { pingInterval: 100, pongTimeout: 50 } });
    await served.pass(90);
    await served.send(text("a"));
    await served.pass(90);
    assertEquals(served.frames(), []);
    await served.pass(30);
    assertEquals(served.frames(), ["89 "]);
    await served.send(pong());
    await served.pass(90);
    assertEquals(served.frames(), []);
    await served.pass(30);
    assertEquals(served.frames(), ["89 "]);
    assert(!served.fake.isClosed);
    await served.pass(70);
    await served.served;
    assertEquals(served.events, [
      "open",
      "message a",
      "error The client has not answered a ping",
      "close 1006 (not clean)",
    ]);
  });

  it("keeps to the pingInterval and the pongTimeout of its own options", async () => {
    const served = await openSocket({
      limits: { pingInterval: 1_000, pongTimeout: 1_000 },
      options: { pingInterval: 50, pongTimeout: 0 },
    });
    await served.pass(200);
    assertLess(1, served.frames().length);
    assert(!served.fake.isClosed);
    await end(served);
  });

  it("closes with 1013 if the client does not take what it is sent", async () => {
    const served = await openSocket({ limits: { maxBufferedBytes: 10 } });
    const { socket, fake } = served;
    fake.isBlocked = true;
    socket.send("a".repeat(20));
    await settle();
    socket.send("dropped");
    assertEquals(socket.readyState, WebSocket.CLOSING);
    fake.unblock();
    await settle();
    assertEquals(served.frames(), [
      `81 ${"a".repeat(20)}`,
      closing(1013, "The client does not take what it is sent"),
    ]);
    await end(served);
    assertEquals(served.context.scoreboard.readWebSockets().closes["1013"], 1);
  });

  it("closes with 1013 if more waits for the bytes of a Blob than may wait", async () => {
    for (const late of ["b", new Uint8Array(1), new Blob(["b"])]) {
      const served = await openSocket({ limits: { maxBufferedBytes: 10 } });
      const { socket } = served;
      socket.send(new Blob(["abcd"]));
      socket.send("0123456789");
      assertEquals([socket.bufferedAmount, socket.readyState], [14, WebSocket.OPEN]);
      socket.send(late);
      assertEquals([socket.bufferedAmount, socket.readyState], [0, WebSocket.CLOSING]);
      await settle();
      assertEquals(served.frames(), [closing(1013, "The client does not take what it is sent")]);
      assertEquals(socket.bufferedAmount, 0);
      await end(served);
      assertEquals(served.context.scoreboard.readWebSockets().closes["1013"], 1);
    }
  });

  it("counts what waits to be written for what waits for a Blob", async () => {
    const served = await openSocket({ limits: { maxBufferedBytes: 10 } });
    const { socket, fake } = served;
    fake.isBlocked = true;
    socket.send("0123456");
    await settle();
    socket.send(new Blob(["abcd"]));
    socket.send("dropped");
    assertEquals(socket.readyState, WebSocket.CLOSING);
    fake.unblock();
    await settle();
    assertEquals(served.frames(), [
      "81 0123456",
      closing(1013, "The client does not take what it is sent"),
    ]);
    await end(served);
  });

  it("closes in a drain after the messages that wait for the bytes of a Blob", async () => {
    const served = await openSocket();
    served.socket.send(new Blob(["a"]));
    served.socket.send("b");
    served.connection.drainUpgrade("shutdown");
    await eventually(() => served.fake.writes.length > 1, "the Close frame");
    await settle();
    assertEquals(served.frames(), ["82 a", "81 b", closing(1001, "The server stops")]);
    await end(served);
  });

  it("closes with 1013 if the client sends pings and takes no pong", async () => {
    const served = await openSocket({ limits: { maxBufferedBytes: 10 } });
    served.fake.isBlocked = true;
    await served.send(ping("0123456789"), ping(), ping());
    await served.send(ping("0123456789"));
    assertEquals(served.socket.readyState, WebSocket.CLOSING);
    served.fake.unblock();
    await end(served);
  });

  it("ends if the client takes nothing within writeTimeout", async () => {
    const served = await openSocket({ limits: { writeTimeout: 100 } });
    served.fake.isBlocked = true;
    served.socket.send("a");
    await settle();
    await served.pass(150);
    await served.served;
    assertEquals(served.events, ["open", "close 1006 (not clean)"]);
  });

  it("ends if the client takes no Close frame after an overflow", async () => {
    const served = await openSocket({ limits: { maxBufferedBytes: 1, writeTimeout: 100 } });
    served.fake.isBlocked = true;
    served.socket.send("abc");
    await settle();
    served.socket.send("d");
    await served.pass(150);
    await served.served;
    assertEquals(served.events, ["open", "close 1006 (not clean)"]);
  });

  it("closes with 1001 in a shutdown, and with 1012 if the worker is replaced", async () => {
    for (const [why, code] of [["shutdown", 1001], ["replacement", 1012]] as const) {
      const served = await openSocket();
      served.connection.drainUpgrade(why);
      served.connection.drainUpgrade(why);
      await settle();
      const frames = served.frames();
      assertEquals([frames.length, frames[0].slice(0, 5)], [1, closing(code)]);
      assertEquals(served.socket.readyState, WebSocket.CLOSING);
      await served.send(close(code));
      await served.served;
      assertEquals(served.events, ["open", `close ${code} (clean)`]);
    }
  });

  it("ends at once at the end of a drain", async () => {
    const served = await openSocket();
    served.connection.abandon();
    await served.served;
    assertEquals(served.events, ["open", "close 1006 (not clean)"]);
    assertEquals(served.faults, []);
  });

  it("is counted, and logged at its end", async () => {
    const served = await openSocket({ isLogged: true });
    served.socket.send("abc");
    await served.send(text("a"), text("b"), close(3001));
    await served.served;
    const { open, messagesReceived, messagesSent, closes } = served.context.scoreboard
      .readWebSockets();
    assertEquals([open, messagesReceived, messagesSent, closes], [0, 2, 1, { "3xxx": 1 }]);
    await served.context.accessLog?.flush();
    const [line] = served.logged;
    assertStringIncludes(line, '"GET /chat?room=1 HTTP/1.1" 101 3 ');
    assertStringIncludes(line, " messagesReceived=2 messagesSent=1 closeCode=3001");
  });

  it("calls each callback in the context of its handler, whatever another callback enters", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const served = await openSocket({
      onSocket: (socket) => {
        storage.enterWith("handler");
        for (const type of ["open", "message", "close"]) {
          socket.addEventListener(type, () => {
            seen.push(storage.getStore());
            storage.enterWith(type);
          });
        }
      },
    });
    await served.send(text("a"), text("b"));
    await end(served);
    // The handler entered its context after its socket was made.
    assertEquals(seen, [undefined, undefined, undefined, undefined]);
    assertEquals(storage.getStore(), undefined);
  });

  it("compresses long messages if that was agreed on", async () => {
    const served = await openSocket({
      limits: { compressMessages: true },
      fields: ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
    });
    const { socket, fake } = served;
    assertStringIncludes(
      fake.writes[0],
      "sec-websocket-extensions: permessage-deflate; server_no_context_takeover",
    );
    assertStringIncludes(socket.extensions, "permessage-deflate");
    socket.send("short");
    socket.send("a".repeat(10_000));
    socket.send(new Uint8Array(10_000));
    await settle();
    const frames = served.frames();
    assertEquals(frames.map((frame) => frame.slice(0, 2)), ["81", "c1", "c2"]);
    assertLess(frames[1].length, 100);
    // What the client sends compressed: "Hello" of RFC 7692, section 7.2.3.1.
    await served.send(text("\xf2\x48\xcd\xc9\xc9\x07\x00", { reserved: 4 }));
    assertEquals(served.events, ["open", "message Hello"]);
    await end(served);
  });
});
