// RFC 9112, section 9.3: a connection of HTTP/1.1 persists unless "close" is said, one of HTTP/1.0 if "keep-alive" is.
// "close" wins over "keep-alive", in whatever line and order. Options are words in a list, in whatever case, and nothing
// else is one: Keep-Alive and Proxy-Connection are ignored (appendix C.2.2). What Connection names keeps its meaning here:
// we are the recipient, and framing is not hop by hop to us. Upgrade may always be ignored (RFC 9110, section 7.8), and is:
// the request is served as it stands.

import { HEAD, PLAIN, POST } from "./parts.ts";
import type { WireGroup } from "./types.ts";

/** A request with that Connection field. */
function withConnection(version: string, value: string): string {
  return `GET / HTTP/${version}\r\nHost: a\r\nConnection: ${value}\r\n\r\n`;
}

export const persistence: WireGroup = {
  about: "persistence (RFC 9112, section 9.3)",
  cases: [
    {
      what: "HTTP/1.1 as persistent",
      bytes: HEAD + "A: close\r\n\r\n",
      requests: [{ persists: true }],
    },
    {
      what: "HTTP/1.0 as the last",
      bytes: "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
      requests: [{ persists: false }],
    },
    ...([
      ["1.1", "close", false],
      ["1.1", "Close", false],
      ["1.1", "CLOSE", false],
      ["1.1", " \tclose\t ", false],
      ["1.1", "keep-alive", true],
      ["1.1", "keep-alive, close", false],
      ["1.1", "close, keep-alive", false],
      ["1.1", "TE,close", false],
      ["1.1", "TE\t,\tclose\t, upgrade", false],
      ["1.1", ", close ,", false],
      ["1.1", "", true],
      ["1.1", ",", true],
      ["1.1", "upgrade", true],
      ["1.1", "closed", true],
      ["1.1", "clos", true],
      ["1.1", "x-close", true],
      ["1.1", "clo se", true],
      ["1.1", '"close"', true],
      ["1.1", "close;", true],
      ["1.1", "close=1", true],
      ["1.1", "\xa0close", true],
      ["1.1", "clos\xe9", true],
      ["1.1", "keep-alive\r\nConnection: close", false],
      ["1.1", "close\r\nconnection: keep-alive", false],
      ["1.1", "\r\nConnection: close", false],
      ["1.2", "close", false],
      ["1.2", "TE", true],
      ["1.0", "keep-alive", true],
      ["1.0", "Keep-Alive", true],
      ["1.0", "TE, keep-alive", true],
      ["1.0", "TE\r\nConnection: keep-alive", true],
      ["1.0", "close", false],
      ["1.0", "keep-alive, close", false],
      ["1.0", "close\r\nConnection: keep-alive", false],
      ["1.0", "", false],
      ["1.0", "TE", false],
      ["1.0", "keep-alives", false],
      ["1.0", "keep alive", false],
    ] as const).map(([version, value, persists]) => ({
      what: `HTTP/${version} with Connection: ${JSON.stringify(value)} as ${
        persists ? "persistent" : "the last"
      }`,
      bytes: withConnection(version, value),
      requests: [{ persists }],
    })),
    {
      what: "a Keep-Alive field in HTTP/1.0 without the option as the last",
      bytes: "GET / HTTP/1.0\r\nKeep-Alive: timeout=5\r\n\r\n",
      requests: [{ persists: false }],
    },
    {
      what: "Proxy-Connection as nothing in HTTP/1.0",
      bytes: "GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n",
      requests: [{ persists: false }],
    },
    {
      what: "Proxy-Connection as nothing in HTTP/1.1",
      bytes: HEAD + "Proxy-Connection: close\r\n\r\n",
      requests: [{ persists: true }],
    },
    ...["Host", "Content-Length", "Content-Length, X", "Connection"].map((option) => ({
      what: `Connection: ${option}, which takes nothing from the request`,
      bytes: POST + `Connection: ${option}\r\nContent-Length: 2\r\n\r\nhi`,
      requests: [{ method: "POST", body: "hi" }],
    })),
    {
      what: "Connection: Transfer-Encoding, which takes nothing from the request",
      bytes: POST + "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "2\r\nhi\r\n0\r\n\r\n",
      requests: [{ method: "POST", body: "hi" }],
    },
    ...["websocket", "h2c", "TLS/1.3", "a, b", ""].map((protocol) => ({
      what: `Upgrade: ${JSON.stringify(protocol)} as a plain request, and the next one`,
      bytes: HEAD + `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n` + PLAIN,
      requests: [{}, {}],
    })),
    {
      what: "Upgrade with a body as a plain request",
      bytes: POST + "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
      requests: [{ method: "POST", body: "hi" }],
    },
    {
      what: "Upgrade without its option as a plain request",
      bytes: HEAD + "Upgrade: websocket\r\n\r\n",
      requests: [{}],
    },
  ],
};
