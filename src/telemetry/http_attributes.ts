// The attributes of a request by OpenTelemetry's stable semantic conventions for HTTP servers. Plain
// values come in, attributes go out. What a client can make up (methods, hosts, paths) is in spans
// only: as an attribute of a metric, it would let the client fill the memory of a collector.

import type { RequestHead } from "../http1/request_head.ts";
import { environmentVariable } from "../runtime/environment.ts";
import type { Attributes } from "./opentelemetry.ts";

/** A request as far as its attributes need it. */
export interface DescribedRequest {
  /** Undefined if the request was refused before its head was whole. */
  readonly head: RequestHead | undefined;
  readonly scheme: string;
  /** The host that the client has used, with a port if it has named one. */
  readonly host: string | undefined;
  /** The address of the client, according to trusted proxies; undefined if it has none. */
  readonly client: string | undefined;
  /** The other end of the connection; undefined if it is a Unix socket. */
  readonly peer: { readonly hostname: string; readonly port: number } | undefined;
  /** The route that the request has matched, and undefined if it has matched none. */
  readonly route: string | undefined;
}

/** Stands for a method that the conventions do not know, or that was not read. */
export const OTHER_METHOD = "_OTHER";

/** The methods of RFC 9110, section 9, PATCH (RFC 5789) and QUERY, as the conventions list them. */
const KNOWN_METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
  "QUERY",
];

/** The variable that the conventions have for programs with other methods. */
const KNOWN_METHODS_VARIABLE = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";

/** Returns the methods that are reported by name. */
export function knownMethods(): ReadonlySet<string> {
  const listed = environmentVariable(KNOWN_METHODS_VARIABLE);
  if (listed === undefined || listed === "") return new Set(KNOWN_METHODS);
  return new Set(listed.split(",").map((method) => method.trim()));
}

/** The parameters of a query whose values the conventions redact: signatures that grant access. */
const SECRET_PARAMETER = /(^|&)(AWSAccessKeyId|Signature|sig|X-Goog-Signature)=[^&]*/g;

/** Replaces the values of a query that grant access. */
export function redactQuery(query: string): string {
  return query.replace(SECRET_PARAMETER, "$1$2=REDACTED");
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Divides a host into its name and its port. A host without a port has that of the scheme. */
export function splitHost(host: string, scheme: string): { address: string; port: number } {
  // The port follows the last colon, unless that is inside of the brackets of an IPv6 address.
  const colon = host.lastIndexOf(":");
  const hasPort = colon > host.lastIndexOf("]");
  const name = hasPort ? host.slice(0, colon) : host;
  const port = hasPort ? Number(host.slice(colon + 1)) : 0;
  return {
    address: name.startsWith("[") ? name.slice(1, -1) : name,
    port: port || DEFAULT_PORTS[scheme] || 0,
  };
}

/** Returns the protocol version of a head. */
export function protocolVersion(head: RequestHead | undefined): string {
  return head?.minorVersion === 0 ? "1.0" : "1.1";
}

/** Returns the name of the span of a request. */
export function spanName(method: string, route: string | undefined): string {
  const word = method === OTHER_METHOD ? "HTTP" : method;
  return route === undefined ? word : `${word} ${route}`;
}

/** Returns the attributes that a span has from its start. `method` is one that is known. */
export function spanAttributes(request: DescribedRequest, method: string): Attributes {
  const { head, scheme, host, client, peer, route } = request;
  const attributes: Attributes = {
    "http.request.method": method,
    "url.scheme": scheme,
    "network.protocol.version": protocolVersion(head),
  };
  if (client !== undefined) attributes["client.address"] = client;
  if (peer !== undefined) {
    attributes["network.peer.address"] = peer.hostname;
    attributes["network.peer.port"] = BigInt(peer.port);
  }
  if (head === undefined) return attributes;
  if (method === OTHER_METHOD) attributes["http.request.method_original"] = head.method;
  attributes["url.path"] = head.rawPath;
  const { query } = head;
  if (query !== "") attributes["url.query"] = redactQuery(query);
  if (host !== undefined) {
    const { address, port } = splitHost(host, scheme);
    attributes["server.address"] = address;
    attributes["server.port"] = BigInt(port);
  }
  const agent = head.header("user-agent");
  if (agent !== null) attributes["user_agent.original"] = agent;
  if (route !== undefined) attributes["http.route"] = route;
  return attributes;
}
