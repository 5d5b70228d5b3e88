// The server's own error responses: their form, and what the program may put in their place. In
// memory, through WebServer.fetch(), and through ErrorResponses itself where faults are looked at.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type ErrorResponder,
  fetchHandler,
  HttpError,
  type ProblemDetails,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../../mod.ts";
import { ErrorResponses } from "../../src/routing/error_responses.ts";
import { REFUSALS } from "../../src/http1/refusal.ts";
import { parsedRequest } from "../support/requests/socketless_exchange.ts";
import { standardErrorOf as linesOf } from "../support/standard_error.ts";

const standardErrorOf = async (body: () => unknown) => (await linesOf(body)).join("\n");

function serverWith(options: WebServerOptions): WebServer {
  const server = new WebServer({ maxBodyBytes: 10, ...options });
  server.addPath("/json", { POST: (req) => WebResponse.json(req.json()) });
  server.addPath("/form", { POST: async (req) => WebResponse.json([...await req.formData()]) });
  server.addPath("/fetch", fetchHandler(async (req) => Response.json(await req.json())));
  server.addPath("/missing", () => {
    throw new HttpError(404, "no user 7");
  });
  server.addPath("/empty", () => {
    throw new HttpError(403);
  });
  server.addPath("/login", () => {
    throw new HttpError(401, "who are you", { headers: { "WWW-Authenticate": "Basic" } });
  });
  server.addPath("/page", () => {
    throw new HttpError(410, "<h1>gone</h1>", { headers: { "content-type": "text/html" } });
  });
  server.addPath("/members", () => {
    throw new HttpError(402, "the balance is 30", {
      problem: {
        type: "https://example.com/credit",
        title: "Out of credit",
        balance: 30,
        status: 1,
      },
    });
  });
  server.addPath("/cycle", () => {
    const cycle: Record<string, unknown> = {};
    throw new HttpError(402, "a", { problem: cycle.self = cycle });
  });
  server.addPath("/panic", () => {
    throw new Error("secret");
  });
  server.addPath("/hang", () => new Promise<never>(() => {}));
  return server;
}

const send = (server: WebServer, path: string, init?: RequestInit) =>
  server.fetch(new Request(`http://localhost${path}`, init));
const POST = (body: string, type = "application/json") => ({
  method: "POST",
  body,
  headers: { "content-type": type },
});

const PROBLEMS: [what: string, path: string, init: RequestInit, problem: object][] = [
  ["an unknown path", "/nowhere", {}, { status: 404, title: "Not Found" }],
  ["an unknown method", "/json", {}, { status: 405, title: "Method Not Allowed" }],
  ["a body that is not JSON", "/json", POST("{"), {
    status: 400,
    title: "Bad Request",
    detail: "The body of the request is not JSON",
  }],
  ["a body that is not JSON in a fetch-style application", "/fetch", POST("{"), {
    status: 400,
    title: "Bad Request",
    detail: "The body of the request is not JSON",
  }],
  ["a body of the wrong type", "/form", POST("{}"), {
    status: 415,
    title: "Unsupported Media Type",
    detail: "The body of the request has to be application/x-www-form-urlencoded or " +
      "multipart/form-data",
  }],
  ["a body that is too large", "/json", POST("x".repeat(11)), {
    status: 413,
    title: "Content Too Large",
    detail: "The body of the request is larger than this server takes",
  }],
  ["an HttpError with a message", "/missing", {}, {
    status: 404,
    title: "Not Found",
    detail: "no user 7",
  }],
  ["an HttpError without a message", "/empty", {}, { status: 403, title: "Forbidden" }],
];

describe("The option errorFormat", () => {
  for (const [what, path, init, problem] of PROBLEMS) {
    it(`errorFormat "problem" sends a problem for ${what}`, async () => {
      const response = await send(serverWith({ errorFormat: "problem" }), path, init);
      assertEquals(response.headers.get("content-type"), "application/problem+json");
      const body = await response.json();
      assertEquals(body, { type: "about:blank", ...problem });
      assertEquals(response.status, body.status);
    });

    it(`errorFormat "text" sends text for ${what}`, async () => {
      const response = await send(serverWith({}), path, init);
      assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
      const { detail, title } = problem as ProblemDetails;
      assertEquals(await response.text(), detail ?? title);
    });
  }

  it('errorFormat "problem" sends nothing about a panic', async () => {
    const lines = await standardErrorOf(async () => {
      const response = await send(serverWith({ errorFormat: "problem" }), "/panic");
      assertEquals(response.headers.get("content-type"), "application/problem+json");
      assertEquals(await response.json(), {
        type: "about:blank",
        title: "Internal Server Error",
        status: 500,
      });
    });
    assertStringIncludes(lines, "secret");
  });

  it('errorFormat "problem" sends the fields of an HttpError, and those of a 405', async () => {
    const server = serverWith({ errorFormat: "problem" });
    const login = await send(server, "/login");
    assertEquals(login.headers.get("www-authenticate"), "Basic");
    assertEquals((await login.json()).detail, "who are you");
    assertEquals((await send(server, "/json")).headers.get("allow"), "POST, OPTIONS");
  });

  it('errorFormat "problem" sends the members of an HttpError, with its own status', async () => {
    const response = await send(serverWith({ errorFormat: "problem" }), "/members");
    assertEquals(response.status, 402);
    assertEquals(await response.json(), {
      type: "https://example.com/credit",
      title: "Out of credit",
      status: 402,
      detail: "the balance is 30",
      balance: 30,
    });
  });

  it('errorFormat "problem" leaves an HttpError with a content type of its own as it is', async () => {
    const response = await send(serverWith({ errorFormat: "problem" }), "/page");
    assertEquals(response.headers.get("content-type"), "text/html");
    assertEquals(await response.text(), "<h1>gone</h1>");
  });

  it('errorFormat "problem" makes members without a JSON form a panic', async () => {
    const lines = await standardErrorOf(async () => {
      assertEquals((await send(serverWith({ errorFormat: "problem" }), "/cycle")).status, 500);
    });
    assertStringIncludes(lines, "panic in GET /cycle");
  });

  it('errorFormat "problem" sends a problem for handlerTimeout', async () => {
    const server = serverWith({ errorFormat: "problem", handlerTimeout: 1 });
    const response = await send(server, "/hang");
    const { status, detail } = await response.json();
    assertEquals([response.status, status], [503, 503]);
    assertEquals(detail, "The request took longer than this server allows");
  });
});

describe("The option onErrorResponse", () => {
  const asJson: ErrorResponder = (status, req, { title, detail }) =>
    WebResponse.json({ error: detail ?? title, path: req.path, status }, { status });

  for (const [what, path, init, problem] of PROBLEMS) {
    it(`onErrorResponse answers for ${what}`, async () => {
      for (
        const onErrorResponse of [asJson, async (...given: Parameters<ErrorResponder>) => {
          await Promise.resolve();
          return await asJson(...given);
        }]
      ) {
        const response = await send(serverWith({ onErrorResponse }), path, init);
        const { status, title, detail } = problem as ProblemDetails;
        assertEquals(await response.json(), { error: detail ?? title, path, status });
        assertEquals(response.status, status);
      }
    });
  }

  it("onErrorResponse answers for a panic and for handlerTimeout", async () => {
    const server = serverWith({ onErrorResponse: asJson, handlerTimeout: 5 });
    assertMatch(
      await standardErrorOf(async () => {
        assertEquals((await (await send(server, "/panic")).json()).status, 500);
      }),
      /panic in GET \/panic/,
    );
    assertEquals((await (await send(server, "/hang")).json()).status, 503);
  });

  it("onErrorResponse may answer with a platform Response, and with another status", async () => {
    const server = serverWith({
      onErrorResponse: () => new Response("hidden", { status: 404 }),
    });
    const response = await send(server, "/login");
    assertEquals([response.status, await response.text()], [404, "hidden"]);
    assertEquals(response.headers.get("www-authenticate"), null);
  });

  it("onErrorResponse leaves the response to the server by returning undefined", async () => {
    for (const onErrorResponse of [() => undefined, () => Promise.resolve(undefined)]) {
      const server = serverWith({ onErrorResponse, errorFormat: "problem" });
      const response = await send(server, "/missing");
      assertEquals((await response.json()).detail, "no user 7");
    }
  });

  it("onErrorResponse need not set the fields that the status needs", async () => {
    const server = serverWith({
      onErrorResponse: (status) =>
        new WebResponse("x", {
          status,
          headers: status === 401 ? { "www-authenticate": "A" } : {},
        }),
    });
    assertEquals((await send(server, "/json")).headers.get("allow"), "POST, OPTIONS");
    assertEquals((await send(server, "/login")).headers.get("www-authenticate"), "A");
  });

  it("onErrorResponse is called once for a request, and not for a handler's own response", async () => {
    const statuses: number[] = [];
    const server = new WebServer({ onErrorResponse: (status) => void statuses.push(status) });
    server.addPath("/own", () => WebResponse.text("own", { status: 404 }));
    server.addPath("/error", () => {
      throw new HttpError(400);
    });
    await send(server, "/own");
    assertEquals(statuses, []);
    await send(server, "/error");
    await send(server, "/nowhere");
    assertEquals(statuses, [400, 404]);
  });

  it("onErrorResponse is not called for a request without a whole head", async () => {
    let calls = 0;
    const server = new WebServer({ maxTargetBytes: 5, onErrorResponse: () => void calls++ });
    assertEquals((await send(server, "/too-long")).status, 414);
    assertEquals(calls, 0);
  });

  const faults: [what: string, onErrorResponse: ErrorResponder, message: RegExp][] = [
    ["throws", () => {
      throw new Error("broken");
    }, /broken/],
    ["throws an HttpError", () => {
      throw new HttpError(418, "teapot");
    }, /teapot/],
    ["rejects", () => Promise.reject(new Error("broken later")), /broken later/],
    ["returns no response", () => "text" as unknown as WebResponse, /a value of type string/],
    ["resolves to no response", () => Promise.resolve(7 as unknown as WebResponse), /type number/],
    ["returns a stream", () => new WebResponse(new ReadableStream()), /text or bytes/],
    ["never answers", () => new Promise<never>(() => {}), /did not answer in 20 ms/],
    [
      "returns a Response whose fields cannot be changed",
      () => Response.redirect("http://a/"),
      /./,
    ],
  ];
  for (const [what, onErrorResponse, message] of faults) {
    it(`onErrorResponse that ${what} is logged, and the client gets the server's response`, async () => {
      const errors: unknown[] = [];
      const settings = { errorFormat: "text", onErrorResponse, handlerTimeout: 20 } as const;
      const responses = new ErrorResponses(settings, (during, error) => errors.push(during, error));
      const report = { status: 405, headers: { allow: "GET", connection: "close" } };
      const request = parsedRequest({ target: "/a" });
      const response = await responses.respond(report, request);
      assertEquals([response.status, response.headers.get("allow")], [405, "GET"]);
      assertEquals(errors.length, 2);
      assertEquals(errors[0], "of onErrorResponse, for 405 of GET /a");
      assertMatch(String(errors[1]), message);
      const again = await responses.respond(report, request);
      assertEquals([again.status, errors.length], [405, 2]);
    });
  }

  it("ErrorResponses refuses a platform stream in place of the response to a refused request", async () => {
    const errors: unknown[] = [];
    let isCancelled = false;
    const onErrorResponse = () =>
      new Response(new ReadableStream({ cancel: () => void (isCancelled = true) }));
    const settings = { errorFormat: "problem", onErrorResponse, handlerTimeout: 0 } as const;
    const responses = new ErrorResponses(settings, (_during, error) => errors.push(error));
    const refused = await responses.respondToRefusal(REFUSALS.bodyTooLarge, parsedRequest({}));
    assertEquals([refused.status, refused.contentType], [413, "application/problem+json"]);
    assertMatch(String(errors[0]), /text or bytes/);
    assert(isCancelled);
  });

  it("onErrorResponse through fetch() is logged when it fails", async () => {
    const server = serverWith({
      onErrorResponse: () => {
        throw new Error("broken");
      },
    });
    const lines = await standardErrorOf(async () => {
      assertEquals((await send(server, "/nowhere")).status, 404);
    });
    assertMatch(
      lines,
      /fetch\(\): failure of onErrorResponse, for 404 of GET \/nowhere: Error: broken/,
    );
  });
});
