// The attributes of requests: what the conventions say of methods, queries and hosts.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BufferPool } from "../../src/http1/buffer_pool.ts";
import type { RequestHead } from "../../src/http1/request_head.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import {
  knownMethods,
  OTHER_METHOD,
  protocolVersion,
  redactQuery,
  spanAttributes,
  spanName,
  splitHost,
} from "../../src/telemetry/http_attributes.ts";
import { withEnvironment } from "../support/environment_variables.ts";
import { canUseVariable } from "../support/permissions.ts";

/** The head of a request as the parser makes it. */
function headOf(lines: string): RequestHead {
  const parser = new RequestParser(resolveServerOptions({}), new BufferPool());
  const bytes = new TextEncoder().encode(`${lines}\r\n\r\n`);
  parser.space.set(bytes);
  parser.received(bytes.length);
  const outcome = parser.next();
  if (outcome.kind !== "request") throw new Error(`The parser has found ${outcome.kind}`);
  return outcome.head;
}

describe("redactQuery()", () => {
  const queries = [
    ["a=b&sig=secret", "a=b&sig=REDACTED"],
    [
      "sig=s&AWSAccessKeyId=k&Signature=s&X-Goog-Signature=s",
      [
        "sig=REDACTED",
        "AWSAccessKeyId=REDACTED",
        "Signature=REDACTED",
        "X-Goog-Signature=REDACTED",
      ].join("&"),
    ],
    ["design=1&signature=2&sig", "design=1&signature=2&sig"],
  ];
  for (const [query, redacted] of queries) {
    it(`makes ${JSON.stringify(redacted)} of ${JSON.stringify(query)}`, () => {
      assertEquals(redactQuery(query), redacted);
    });
  }
});

describe("splitHost()", () => {
  const hosts: [host: string, scheme: string, address: string, port: number][] = [
    ["shop.example", "http", "shop.example", 80],
    ["shop.example", "https", "shop.example", 443],
    ["shop.example:8080", "http", "shop.example", 8080],
    ["shop.example:", "http", "shop.example", 80],
    ["[::1]", "http", "::1", 80],
    ["[::1]:8000", "http", "::1", 8000],
  ];
  for (const [host, scheme, address, port] of hosts) {
    it(`divides ${host} of ${scheme} into ${address} and ${port}`, () => {
      assertEquals(splitHost(host, scheme), { address, port });
    });
  }
});

describe("knownMethods()", () => {
  const name = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
  const ignore = !canUseVariable(name);

  it("has the methods of the conventions, in the case in which they are registered", () => {
    const known = knownMethods();
    assertEquals(["GET", "QUERY", "get", "PROPFIND"].map((method) => known.has(method)), [
      true,
      true,
      false,
      false,
    ]);
  });

  it(`has the methods of ${name} in place of them`, { ignore }, () => {
    const known = withEnvironment({ [name]: "GET, PROPFIND" }, knownMethods);
    assertEquals([...known], ["GET", "PROPFIND"]);
  });
});

describe("spanName()", () => {
  it("is the method and the route, the method alone without a route, and HTTP for others", () => {
    assertEquals(spanName("GET", "/users/:id"), "GET /users/:id");
    assertEquals(spanName("GET", undefined), "GET");
    assertEquals(spanName(OTHER_METHOD, "/"), "HTTP /");
  });
});

describe("spanAttributes()", () => {
  const peer = { hostname: "192.0.2.1", port: 4_000 };

  it("leaves out what a request without a host, an agent, a query and a route does not have", () => {
    const head = headOf("GET /a HTTP/1.0");
    const request = { head, scheme: "http", host: undefined, client: undefined, peer: undefined };
    assertEquals(spanAttributes({ ...request, route: undefined }, "GET"), {
      "http.request.method": "GET",
      "url.scheme": "http",
      "url.path": "/a",
      "network.protocol.version": "1.0",
    });
  });

  it("has the path as it was sent, without the query", () => {
    const head = headOf("GET /a%20b?c=%20d HTTP/1.1\r\nHost: a");
    const request = { head, scheme: "http", host: "a", client: "192.0.2.1", peer, route: "/a" };
    const attributes = spanAttributes(request, "GET");
    assertEquals([attributes["url.path"], attributes["url.query"]], ["/a%20b", "c=%20d"]);
  });

  it("has numbers that are exported as integers", () => {
    const head = headOf("GET /a HTTP/1.1\r\nHost: a:81");
    const request = { head, scheme: "http", host: "a:81", client: "192.0.2.1", peer, route: "/a" };
    const attributes = spanAttributes(request, "GET");
    assertEquals([attributes["server.port"], attributes["network.peer.port"]], [81n, 4_000n]);
  });

  it("has the connection's attributes alone if the head is unknown", () => {
    const request = { head: undefined, scheme: "http", host: undefined, client: "192.0.2.1", peer };
    assertEquals(spanAttributes({ ...request, route: undefined }, OTHER_METHOD), {
      "http.request.method": "_OTHER",
      "url.scheme": "http",
      "network.protocol.version": "1.1",
      "client.address": "192.0.2.1",
      "network.peer.address": "192.0.2.1",
      "network.peer.port": 4_000n,
    });
    assertEquals(protocolVersion(undefined), "1.1");
  });
});
