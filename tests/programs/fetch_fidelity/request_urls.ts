// The URL and the method of a request, as they are made of the request line and the Host field.
// Left out is what Mudpie refuses with 400 on purpose: a backslash, a quote and the like in a path,
// and an absolute target whose host is not that of the Host field.

import type { FidelityCase, FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import type { SentRequest } from "../../support/fetch_fidelity/fidelity_case.ts";

const TARGETS = [
  ...["/", "/?", "/a?", "/a/../b", "/a/./b/.", "/..", "/a/..", "//", "//a//b", "///"],
  ...["/%2e%2e/x", "/a/%2E./b", "/a%2Fb", "/%", "/%zz", "/%C3%A9", "/%c3", "/a%20b+c"],
  ...["/a;b=c", "/a|b", "/{x}", "/a^b", "/a`b", "/a'b", "/[a]", "/~a"],
  ...["/:80", "/@a", "/a:b@c", "/a,b", "/a=b", "/a&b", "/$a", "/!a", "/*", "/(a)"],
  ...["/?a=b?c", "/?a=%zz", "/?a='b'", "/?a|b", "/?a\\b", "/?a`b", "/?{a}", "/?a^b"],
  ...["/?/../x", "/?a=b&a=c", "/??", "/?&&", "/?%", "/?a[]=1", "/?a+b"],
  `/${"a/".repeat(500)}`,
  `/?${"a=b&".repeat(500)}`,
];

const ABSOLUTE_TARGETS: readonly SentRequest[] = [
  { target: "http://other.test/abs?x", host: "other.test" },
  { target: "http://other.test", host: "other.test" },
  { target: "http://other.test:8080/a/../b", host: "other.test:8080" },
];

const HOSTS = [
  ...["FIDELITY.Test", "fidelity.test:80", "fidelity.test:8080", "fidelity.test:00080"],
  ...["127.0.0.1", "127.0.0.1:3000", "[::1]", "[::1]:3000", "[0:0:0:0:0:0:0:1]", "localhost."],
  ...["xn--bcher-kva.example", "a_b.test", "a-.test", "1.2", "0x7f.1", "a.b.c.d.e.f.g.h"],
];

const METHODS = [
  ...["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "M-SEARCH", "QUERY"],
  ...["get", "post", "Put", "patch", "delete", "options", "head", "purge", "Query"],
];

const METHODS_WITH_A_BODY = METHODS.filter((method) => !/^(?:get|head)$/i.test(method));

function seeUrl(send: SentRequest): FidelityCase {
  return {
    send,
    handle(request, { notes }) {
      notes.see("url", () => request.url);
      notes.see("method", () => request.method);
      notes.see("host", () => request.headers.get("host"));
      notes.see("of a clone", () => [request.clone().url, request.clone().method]);
      notes.see("of a copy", () => [new Request(request).url, new Request(request).method]);
      notes.see("parsed", () => {
        const { host, pathname, search, hash } = new URL(request.url);
        return { host, pathname, search, hash };
      });
    },
  };
}

function casesOf<Value>(
  values: readonly Value[],
  nameOf: (value: Value) => string,
  sendOf: (value: Value) => SentRequest,
): FidelityCases {
  return Object.fromEntries(values.map((value) => [nameOf(value), seeUrl(sendOf(value))]));
}

export const requestUrls: FidelityCases = {
  ...casesOf(TARGETS, (target) => `target ${target.slice(0, 40)}`, (target) => ({ target })),
  ...casesOf(ABSOLUTE_TARGETS, ({ target }) => `target ${target}`, (sent) => sent),
  ...casesOf(HOSTS, (host) => `host ${host}`, (host) => ({ host })),
  ...casesOf(METHODS, (method) => `method ${method}`, (method) => ({ method })),
  ...casesOf(
    METHODS_WITH_A_BODY,
    (method) => `method ${method} with a body`,
    (method) => ({ method, body: "a" }),
  ),
};
