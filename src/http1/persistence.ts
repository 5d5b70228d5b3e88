// Decides whether the connection stays open after an exchange (RFC 9112, section 9.3), and what the answer says about it.
// A head and the server's own wish come in, a decision goes out.

import { parseList } from "./grammar.ts";
import { type RequestHead, Seen } from "./request_head.ts";

/** What the response's Connection field contains; `""` stands for no such field. */
export type ConnectionOption =
  | ""
  | "close"
  | "keep-alive"
  | "upgrade"
  | "close, upgrade"
  | "keep-alive, upgrade";

/** Whether the client lets the connection persist: by default in HTTP/1.1, on request in HTTP/1.0. */
export function clientLetsPersist(head: RequestHead): boolean {
  if ((head.seen & Seen.Connection) === 0) return head.minorVersion === 1;
  const text = head.header("connection") ?? "";
  // What browsers and proxies send needs no list.
  if (text === "keep-alive") return true;
  if (text === "close") return false;
  const options = parseList(text);
  if (options.includes("close")) return false;
  return head.minorVersion === 1 || options.includes("keep-alive");
}

/**
 * The Connection field of a response to a client of that version, on a connection that does, or does not, persist.
 * `offersUpgrade`: the response has an Upgrade field, which needs its option beside it (RFC 9110, section 7.8). That section
 * has a server ignore the Upgrade of an HTTP/1.0 request; what a response offers, such as a 426, has no such exception.
 * `announcesKeepAlive` says that it persists to clients of HTTP/1.1, too, for whom that is the default.
 */
export function connectionOption(
  minorVersion: 0 | 1,
  persists: boolean,
  offersUpgrade: boolean,
  announcesKeepAlive: boolean,
): ConnectionOption {
  if (!persists) return offersUpgrade ? "close, upgrade" : "close";
  // An HTTP/1.0 client that asked for persistence needs to hear that it has it (RFC 9112, appendix C.2.2).
  if (minorVersion === 0 || announcesKeepAlive) {
    return offersUpgrade ? "keep-alive, upgrade" : "keep-alive";
  }
  return offersUpgrade ? "upgrade" : "";
}
