// The WebSockets of one worker: decides about a handshake and makes the session. The rules of the
// handshake itself are in ../websocket/; here are those of the server: origins, subprotocols, and how
// many WebSockets may be open.

import { checkedFields, type Field } from "../handler/checked_headers.ts";
import { HttpError, refusalError } from "../handler/errors.ts";
import { headOf, type WebRequest, type WebSocketHost } from "../handler/request.ts";
import { prepareUpgrade } from "../handler/upgrade.ts";
import type { UpgradeWebSocketOptions, WebSocketUpgrade } from "../handler/web_socket_options.ts";
import type { Refusal } from "../http1/refusal.ts";
import type { ServerSettings } from "../options/server_options.ts";
import { platformClass } from "../runtime/platform_classes.ts";
import { agreeOnDeflate } from "../websocket/deflate_offer.ts";
import { acceptanceFields, type AcceptedHandshake, readHandshake } from "../websocket/handshake.ts";
import type { ConnectionContext } from "./connection_context.ts";
import { TurnFlushes } from "./frame_output.ts";
import {
  type MessageCompression,
  type SessionContext,
  WebSocketSession,
} from "./websocket_session.ts";

/** What WebSockets use of their worker. */
export type WebSocketParts =
  & Pick<ConnectionContext, "pool" | "scoreboard" | "inFlightRequests">
  & {
    readonly settings: Pick<
      ServerSettings,
      | "allowedOrigins"
      | "compressMessages"
      | "maxBufferedBytes"
      | "maxMessageBytes"
      | "maxMessageFragments"
      | "maxWebSockets"
      | "pingInterval"
      | "pongTimeout"
      | "writeTimeout"
    >;
  };

/** Makes the compression for a window of so many bits, as a power of two. */
export type MakeCompression = (windowBits: number) => MessageCompression;

/** What a compression has agreed on, for one socket. */
interface AgreedCompression {
  /** The value of `Sec-WebSocket-Extensions`. */
  readonly extensions: string;
  readonly compression: MessageCompression;
}

/** Loads the WebSockets of a worker, and compression if it is on. */
export async function loadWebSockets(parts: WebSocketParts): Promise<WebSockets> {
  if (!parts.settings.compressMessages) return new WebSockets(parts);
  const { MessageDeflate } = await import("../websocket/message_deflate.ts");
  return new WebSockets(parts, (windowBits) => new MessageDeflate(windowBits));
}

/** Upgrades the requests of one worker. */
export class WebSockets implements WebSocketHost {
  readonly #settings: WebSocketParts["settings"];
  readonly #context: SessionContext;
  readonly #makeCompression: MakeCompression | undefined;
  /** By the bits of its window. It has no state, so all sockets share it. */
  readonly #compressions: MessageCompression[] = [];
  /** How many are open, or about to open. */
  #count = 0;

  /** Nothing is compressed without `makeCompression`. */
  constructor(
    { settings, pool, scoreboard, inFlightRequests }: WebSocketParts,
    makeCompression?: MakeCompression,
  ) {
    this.#settings = settings;
    this.#makeCompression = makeCompression;
    this.#context = { pool, scoreboard, inFlightRequests, flushes: new TurnFlushes() };
  }

  upgrade(
    request: WebRequest,
    options: UpgradeWebSocketOptions,
    defaultOrigins: "any" | "same",
  ): WebSocketUpgrade {
    checkOptions(options);
    const handshake = readHandshake(headOf(request));
    if (handshake.kind === "refused") {
      throw refusal(handshake.status, handshake.reason, handshake.fields);
    }
    const allowed = options.allowedOrigins ?? this.#settings.allowedOrigins ?? defaultOrigins;
    checkOrigin(handshake.origin, request, allowed);
    const own = options.headers === undefined ? [] : checkedFields(options.headers);
    const protocol = chooseProtocol(options.protocol ?? protocolAmong(own), handshake);
    if (this.#count >= this.#settings.maxWebSockets) {
      throw refusalError(TOO_MANY);
    }
    const agreed = this.#agreeOnCompression(handshake);
    const session = this.#createSession(request, options, protocol, agreed);
    prepareUpgrade(request, session);
    this.#count++;
    const { extensions } = agreed ?? {};
    const headers = [
      ...acceptanceFields(handshake, { protocol, extensions }),
      ...own.filter(isProgramField),
    ].map(([name, value]): [string, string] => [name, value]);
    const response = new (platformClass("Response"))(null, { status: 101, headers });
    return { socket: session.socket, response };
  }

  #createSession(
    request: WebRequest,
    options: UpgradeWebSocketOptions,
    protocol: string | undefined,
    agreed: AgreedCompression | undefined,
  ): WebSocketSession {
    const settings = this.#settings;
    return new WebSocketSession(this.#context, {
      target: request.target,
      protocol: protocol ?? "",
      extensions: agreed?.extensions ?? "",
      compression: agreed?.compression,
      maxMessageBytes: settings.maxMessageBytes,
      maxFragments: settings.maxMessageFragments,
      maxBufferedBytes: settings.maxBufferedBytes,
      writeTimeout: settings.writeTimeout,
      pingInterval: options.pingInterval ?? settings.pingInterval,
      pongTimeout: options.pongTimeout ?? settings.pongTimeout,
      onEnd: () => void this.#count--,
    });
  }

  #agreeOnCompression({ extensions }: AcceptedHandshake): AgreedCompression | undefined {
    const make = this.#makeCompression;
    const agreement = make && agreeOnDeflate(extensions);
    if (make === undefined || agreement === undefined) return undefined;
    const { response, windowBits } = agreement;
    return {
      extensions: response,
      compression: this.#compressions[windowBits] ??= make(windowBits),
    };
  }
}

const TOO_MANY: Refusal = {
  status: 503,
  reason: "This server has as many WebSockets as it accepts",
  logReason: "too_many_websockets",
};

function refusal(
  status: number,
  reason: string,
  fields: readonly (readonly [name: string, value: string])[] = [],
): HttpError {
  return new HttpError(status, reason, { headers: fields.map(([name, value]) => [name, value]) });
}

function checkOptions({ pingInterval, pongTimeout, protocol }: UpgradeWebSocketOptions): void {
  for (const [name, value] of Object.entries({ pingInterval, pongTimeout })) {
    if (value === undefined || (typeof value === "number" && value >= 0)) continue;
    throw new TypeError(
      `Cannot use ${String(value)} as option "${name}" of upgradeWebSocket(): ` +
        "expected a number of milliseconds from 0 on",
    );
  }
  if (protocol !== undefined && typeof protocol !== "string") {
    throw new TypeError('Cannot use option "protocol" of upgradeWebSocket(): expected a string');
  }
}

function checkOrigin(
  origin: string | null,
  request: WebRequest,
  allowed: "any" | "same" | readonly string[],
): void {
  if (origin === null || allowed === "any" || isOriginAllowed(origin, request.host, allowed)) {
    return;
  }
  throw refusal(403, `Pages of ${origin} may not open this WebSocket`);
}

/**
 * Whether pages of an origin may open a WebSocket of this host. A browser lets each page open a
 * WebSocket to any server, and sends that server's cookies along, so the server has to look (RFC
 * 6455, section 10.2). The scheme of the own host is not compared: behind a front end that does TLS
 * it is another one.
 */
export function isOriginAllowed(
  origin: string,
  host: string,
  allowed: "same" | readonly string[],
): boolean {
  if (allowed !== "same" && allowed.includes(origin)) return true;
  const page = URL.parse(origin);
  if (page === null || page.host === "") return false;
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}

/** Libraries for several runtimes name the subprotocol among the fields. */
function protocolAmong(fields: readonly Field[]): string | undefined {
  return fields.find(([name]) => name.toLowerCase() === "sec-websocket-protocol")?.[1];
}

/** Returns the subprotocol, if one is asked for: the client must have offered it. */
function chooseProtocol(
  protocol: string | undefined,
  { protocols }: AcceptedHandshake,
): string | undefined {
  if (protocol === undefined || protocol === "") return undefined;
  if (protocols.includes(protocol)) return protocol;
  throw refusal(
    400,
    `Protocol '${protocol}' not in the request's protocol list (non negotiable)`,
  );
}

/** Whether a field is not one of those that the handshake decides. */
function isProgramField([name]: Field): boolean {
  return !/^(?:upgrade|connection|sec-websocket-.*)$/i.test(name);
}
