import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { originOfHead, originOfHost, urlOf } from "../../src/handler/request_url.ts";
import { headOf } from "../http1/heads.ts";
import { parsedHead } from "../support/requests/request_sample.ts";
import { runs } from "../support/runs.ts";

describe("originOfHost()", () => {
  const origins: [scheme: "http" | "https", host: string, origin: string | undefined][] = [
    ["http", "a", "http://a"],
    ["http", "A.Example:80", "http://a.example"],
    ["https", "A.Example:80", "https://a.example:80"],
    ["https", "a:443", "https://a"],
    ["http", "a:", "http://a"],
    ["http", "[::1]:8000", "http://[::1]:8000"],
    ["http", "127.1", "http://127.0.0.1"],
    ["http", "300.1.1.1", undefined],
    ["http", "xn--", undefined],
    ["http", "a%2fb", undefined],
  ];
  for (const [scheme, host, origin] of origins) {
    it(`originOfHost() makes ${origin} of ${scheme} and ${host}, also the second time`, () => {
      assertEquals(originOfHost(scheme, host), origin);
      assertEquals(originOfHost(scheme, host), origin);
      assertEquals(originOfHost("http", "another"), "http://another");
      assertEquals(originOfHost(scheme, host), origin);
    });
  }
});

describe("originOfHead()", () => {
  it("originOfHead() makes the origin of each head's own host, whichever came before", () => {
    const heads: [scheme: "http" | "https", host: string, origin: string | undefined][] = [
      ["http", "a:80", "http://a"],
      ["http", "a:80", "http://a"],
      ["https", "a:80", "https://a:80"],
      ["https", "a:81", "https://a:81"],
      ["https", "300.1.1.1", undefined],
      ["https", "300.1.1.1", undefined],
      ["http", "A", "http://a"],
    ];
    for (const [scheme, host, origin] of heads) {
      assertEquals(originOfHead(scheme, parsedHead({ fields: [["Host", host]] })), origin);
    }
  });

  it("originOfHead() makes the origin of localhost of a head without a host", () => {
    const head = headOf("GET / HTTP/1.0\r\n\r\n");
    assertEquals(originOfHost("http", "a"), "http://a");
    assertEquals(originOfHead("http", head), "http://localhost");
    assertEquals(originOfHead("http", head), "http://localhost");
  });
});

describe("urlOf()", () => {
  const urls: [target: string, url: string][] = [
    ["/", "http://a/"],
    ["/a/b?c=d&e", "http://a/a/b?c=d&e"],
    ["/a?", "http://a/a?"],
    ["/a?b?c", "http://a/a?b?c"],
    ["/a/../b/.?", "http://a/b/?"],
    ["/a/%2e%2E/b?/../c", "http://a/b?/../c"],
    ["/a%2Fb", "http://a/a%2Fb"],
    ["//b/c", "http://a//b/c"],
    ["/a{b}?c{d}'e", "http://a/a%7Bb%7D?c{d}%27e"],
    ["/a`b|c", "http://a/a%60b|c"],
    ["/a?b\\c", "http://a/a?b\\c"],
    ["http://a/b/./c?d", "http://a/b/c?d"],
    ["http://a", "http://a/"],
    ["http://a?b", "http://a/?b"],
  ];
  for (const [target, url] of urls) {
    it(`urlOf() makes ${url} of the target ${target}`, () => {
      assertEquals(urlOf("http://a", parsedHead({ target })), url);
    });
  }

  it("urlOf() makes / of *", () => {
    assertEquals(urlOf("http://a", parsedHead({ method: "OPTIONS", target: "*" })), "http://a/");
  });

  it("urlOf() makes a URL that URL writes in the same way, of any target", () => {
    const target = fc.stringMatching(/^\/[!$-;=?-[\]-~]{0,20}$/).filter((target) =>
      !/%00/.test(target)
    );
    fc.assert(
      fc.property(target, (target) => {
        const url = urlOf("http://a", parsedHead({ target }));
        assertEquals(url, new URL(url).href);
        assertEquals(url, new URL(`http://a${target}`).href);
      }),
      { numRuns: runs(2_000) },
    );
  });
});
