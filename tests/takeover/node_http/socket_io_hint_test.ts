import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SOCKET_IO_HINT, SocketIoHint } from "../../../src/takeover/node_http/socket_io_hint.ts";

const UNKNOWN = '{"code":1,"message":"Session ID unknown"}';

describe("SocketIoHint", () => {
  it("is given once, at the first session that socket.io does not know", () => {
    const logged: string[] = [];
    const hint = new SocketIoHint((line) => logged.push(line));
    for (const body of [null, "", new Uint8Array(3), '{"code":3,"message":"Bad request"}']) {
      hint.look({ status: 400, body });
    }
    hint.look({ status: 200, body: UNKNOWN });
    assertEquals(logged, []);
    hint.look({ status: 400, body: UNKNOWN });
    hint.look({ status: 400, body: UNKNOWN });
    assertEquals(logged, [SOCKET_IO_HINT]);
  });
});
