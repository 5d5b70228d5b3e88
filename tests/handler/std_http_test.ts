// What a handler wants beyond the server comes from @std/http, in the handler's own code. Here it does.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { deleteCookie, getCookies, setCookie } from "@std/http/cookie";
import { eTag, ifMatch, ifNoneMatch } from "@std/http/etag";
import { serveDir } from "@std/http/file-server";
import { accepts, acceptsEncodings, acceptsLanguages } from "@std/http/negotiation";
import { ServerSentEventStream } from "@std/http/server-sent-event-stream";
import { STATUS_CODE } from "@std/http/status";
import { UserAgent } from "@std/http/user-agent";
import { describe, it } from "@std/testing/bdd";
import { fetchHandler, type Handler, HttpError, WebResponse, WebServer } from "../../mod.ts";
import { parsedRequest } from "../support/requests/socketless_exchange.ts";
import { canReadTests } from "../support/permissions.ts";

async function answer(handler: Handler, headers: HeadersInit = {}): Promise<Response> {
  const server = new WebServer();
  server.addPath("/", handler);
  return await server.fetch(new Request("http://localhost/", { headers }));
}

describe("getCookies()", () => {
  it("reads the cookies of req.headers", async () => {
    const response = await answer((req) => WebResponse.json(getCookies(req.headers)), {
      cookie: "session=a=b; theme=dark",
    });
    assertEquals(await response.json(), { session: "a=b", theme: "dark" });
  });

  it("finds none where there are none", async () => {
    const response = await answer((req) => WebResponse.json(getCookies(req.headers)));
    assertEquals(await response.json(), {});
  });

  it("reads cookies that a front end has split into lines", () => {
    const { headers } = parsedRequest({
      fields: [["Host", "a"], ["Cookie", "a=1"], ["Accept", "*/*"], ["cookie", "b=2; c=3"]],
    });
    assertEquals({ ...getCookies(headers) }, { a: "1", b: "2", c: "3" });
  });
});

describe("setCookie() and deleteCookie()", () => {
  it("write to response.headers, a line for each cookie", async () => {
    const response = await answer(() => {
      const response = WebResponse.html("<p>");
      setCookie(response.headers, { name: "a", value: "1", httpOnly: true, sameSite: "Lax" });
      deleteCookie(response.headers, "b");
      return response;
    });
    const [first, second, ...others] = response.headers.getSetCookie();
    assertEquals(first, "a=1; HttpOnly; SameSite=Lax");
    assertMatch(second, /^b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT/);
    assertEquals(others, []);
    assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
  });
});

describe("eTag() and its conditions", () => {
  const page = "<p>hello";
  const handler: Handler = async (req) => {
    const etag = await eTag(page);
    const headers = { etag };
    if (!ifNoneMatch(req.header("if-none-match"), etag)) {
      return WebResponse.empty(STATUS_CODE.NotModified, { headers });
    }
    const wanted = req.header("if-match");
    if (wanted !== null && !ifMatch(wanted, etag)) {
      throw new HttpError(STATUS_CODE.PreconditionFailed);
    }
    return WebResponse.html(page, { headers });
  };

  it("answer 304 to a client that has the page already", async () => {
    const first = await answer(handler);
    assertEquals([first.status, await first.text()], [200, page]);
    const etag = first.headers.get("etag") ?? "";
    const second = await answer(handler, { "if-none-match": `"other", ${etag}` });
    assertEquals([second.status, second.headers.get("etag"), await second.text()], [304, etag, ""]);
  });

  it("answer 412 to a client that wants another page", async () => {
    assertEquals((await answer(handler, { "if-match": '"other"' })).status, 412);
  });

  it("take the bytes of a request's body", async () => {
    const server = new WebServer();
    server.addPath("/", async (req) => WebResponse.text(await eTag(req.body)));
    const request = new Request("http://localhost/", { method: "PUT", body: page });
    assertEquals(await (await server.fetch(request)).text(), await eTag(page));
  });
});

describe("accepts() and its siblings", () => {
  it("take the request as it is", async () => {
    const response = await answer((req) =>
      WebResponse.json([
        accepts(req, "text/html", "application/json"),
        acceptsEncodings(req, "gzip", "identity"),
        acceptsLanguages(req, "de", "en"),
        accepts(req, "image/png"),
      ]), {
      "accept": "application/json, text/html;q=0.5",
      "accept-encoding": "gzip;q=0, identity",
      "accept-language": "en-GB, en;q=0.7, de;q=0.3",
    });
    assertEquals(await response.json(), ["application/json", "identity", "en", null]);
  });
});

describe("UserAgent", () => {
  it("takes what req.header() says", async () => {
    const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    const response = await answer(
      (req) => WebResponse.text(new UserAgent(req.header("user-agent")).browser.name ?? ""),
      { "user-agent": agent },
    );
    assertEquals(await response.text(), "Firefox");
  });
});

describe("ServerSentEventStream", () => {
  it("is a body of a Response, as far as it ends", async () => {
    const response = await answer(() => {
      const messages = ReadableStream.from([{ event: "a", data: "1" }, { data: "2" }]);
      return new Response(messages.pipeThrough(new ServerSentEventStream()), {
        headers: { "content-type": "text/event-stream" },
      });
    });
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    assertEquals(await response.text(), "event:a\ndata:1\n\ndata:2\n\n");
  });
});

describe("serveDir(), mounted by fetchHandler(),", { ignore: !canReadTests }, () => {
  const fsRoot = decodeURIComponent(new URL("../support/std/assert", import.meta.url).pathname);
  const server = new WebServer();
  const handler = fetchHandler((request) =>
    serveDir(request, { fsRoot, urlRoot: "static", quiet: true })
  );
  server.addPath("/static", handler);
  const get = (path: string, init?: RequestInit) =>
    server.fetch(new Request(`http://localhost${path}`, init));

  it("serves the files under its prefix", async () => {
    const response = await get("/static/deno.json");
    assertEquals(response.status, 200);
    assertMatch(response.headers.get("content-type") ?? "", /^application\/json/);
    assertEquals((await response.json()).name, "@std/assert");
  });

  it("answers 404 for a file that is not there, and for one above its folder", async () => {
    for (
      const path of ["/static/none.txt", "/static/../http/deno.json", "/static/%2e%2e/deno.json"]
    ) {
      const response = await get(path);
      await response.body?.cancel();
      assertEquals(response.status, 404, path);
    }
    const response = await get("/static/..%2Fhttp%2Fdeno.json");
    assertEquals((await response.text()).includes("@std/http"), false);
  });

  it("answers a HEAD with the length of the file, and no body", async () => {
    const { size } = await Deno.stat(new URL("../support/std/assert/deno.json", import.meta.url));
    const response = await get("/static/deno.json", { method: "HEAD" });
    assertEquals([response.headers.get("content-length"), await response.text()], [
      String(size),
      "",
    ]);
  });

  it("answers 304 to a client that has the file already", async () => {
    const first = await get("/static/deno.json");
    assertStringIncludes(await first.text(), "@std/assert");
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    const second = await get("/static/deno.json", { headers });
    assertEquals([second.status, await second.text()], [304, ""]);
  });
});
