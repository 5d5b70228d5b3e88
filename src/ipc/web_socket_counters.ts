// What a worker counts of its WebSockets, and under which labels it counts their ends. A close code
// is a number that a client chooses, so the labels are a fixed set: no client can add a time series.

/**
 * The label under which the ends of WebSockets are counted by close code.
 *
 * @example Count the ends that the server itself asked for
 * ```ts
 * import type { CloseLabel } from "@mudpie/server";
 *
 * const ownLabels: readonly CloseLabel[] = ["1001", "1011", "1012", "1013"];
 * const count = (closes: Partial<Record<CloseLabel, number>>) =>
 *   ownLabels.reduce((sum, label) => sum + (closes[label] ?? 0), 0);
 * console.log(count({ "1000": 5, "1012": 2 })); // 2
 * ```
 */
export type CloseLabel =
  | "1000"
  | "1001"
  | "1002"
  | "1003"
  | "1005"
  | "1006"
  | "1007"
  | "1008"
  | "1009"
  | "1010"
  | "1011"
  | "1012"
  | "1013"
  | "3xxx"
  | "4xxx"
  | "other";

/** The labels of close codes (RFC 6455, section 7.4): each known code, two ranges, and the rest. */
export const CLOSE_LABELS: readonly CloseLabel[] = [
  "1000",
  "1001",
  "1002",
  "1003",
  "1005",
  "1006",
  "1007",
  "1008",
  "1009",
  "1010",
  "1011",
  "1012",
  "1013",
  "3xxx",
  "4xxx",
  "other",
];

/** The label of connections that ended without a close frame: their code is never sent. */
const ABNORMAL_LABEL: CloseLabel = "1006";

/** Returns the place of a close code among {@linkcode CLOSE_LABELS}. */
export function closeLabelIndex(code: number): number {
  const known = CLOSE_LABELS.indexOf(String(code) as CloseLabel);
  if (known >= 0) return known;
  if (code >= 3_000 && code < 4_000) return CLOSE_LABELS.indexOf("3xxx");
  if (code >= 4_000 && code < 5_000) return CLOSE_LABELS.indexOf("4xxx");
  return CLOSE_LABELS.indexOf("other");
}

/**
 * The WebSockets of one worker, or of all workers that ever were.
 *
 * @example Print how many WebSockets have ended, and with which codes
 * ```ts
 * import type { WebSocketCounters } from "@mudpie/server";
 *
 * const describe = ({ opened, open, closes }: WebSocketCounters) =>
 *   `${opened - open} ended: ${JSON.stringify(closes)}`;
 * console.log(describe({
 *   open: 1,
 *   opened: 3,
 *   messagesReceived: 10,
 *   messagesSent: 12,
 *   bytesReceived: 100,
 *   bytesSent: 120,
 *   panics: 0,
 *   closes: { "1000": 1, "1012": 1 },
 * })); // 2 ended: {"1000":1,"1012":1}
 * ```
 */
export interface WebSocketCounters {
  /** WebSockets that are open, or whose closing handshake is not over. */
  readonly open: number;
  /** WebSockets that were ever opened. */
  readonly opened: number;
  /** Whole messages that clients have sent. */
  readonly messagesReceived: number;
  /** Whole messages that were sent to clients. */
  readonly messagesSent: number;
  /** The bytes of the messages that clients have sent, without the frames around them. */
  readonly bytesReceived: number;
  /** The same for the messages that were sent to clients. */
  readonly bytesSent: number;
  /** Callbacks of WebSockets that threw. `panics` counts them, too. */
  readonly panics: number;
  /**
   * The WebSockets that have ended, by close code: a code such as `"1000"`, `"3xxx"` and `"4xxx"`
   * for the codes of applications, or `"other"`. It is the code with which the end began, sent or
   * received; `"1006"` if the connection ended without one. A code with which none has ended has no
   * entry.
   */
  readonly closes: Readonly<Partial<Record<CloseLabel, number>>>;
}

/** What is counted before the first WebSocket. */
export const NO_WEB_SOCKETS: WebSocketCounters = {
  open: 0,
  opened: 0,
  messagesReceived: 0,
  messagesSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
  panics: 0,
  closes: {},
};

/** Returns the sums over the counters of several workers. */
export function sumWebSockets(all: readonly WebSocketCounters[]): WebSocketCounters {
  const sum = (name: Exclude<keyof WebSocketCounters, "closes">) =>
    all.reduce((total, counters) => total + counters[name], 0);
  const closes: Partial<Record<CloseLabel, number>> = {};
  for (const label of CLOSE_LABELS) {
    const count = all.reduce((total, counters) => total + (counters.closes[label] ?? 0), 0);
    if (count > 0) closes[label] = count;
  }
  return {
    open: sum("open"),
    opened: sum("opened"),
    messagesReceived: sum("messagesReceived"),
    messagesSent: sum("messagesSent"),
    bytesReceived: sum("bytesReceived"),
    bytesSent: sum("bytesSent"),
    panics: sum("panics"),
    closes,
  };
}

/**
 * Returns the last counters of a worker that is gone. Its open WebSockets have ended without a
 * close frame, as their clients see it.
 */
export function endWebSockets(counters: WebSocketCounters): WebSocketCounters {
  const { open } = counters;
  if (open === 0) return counters;
  const lost = { ...NO_WEB_SOCKETS, open: -open, closes: { [ABNORMAL_LABEL]: open } };
  return sumWebSockets([counters, lost]);
}
