import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HttpError, WebServer } from "../../mod.ts";
import { standardErrorOf } from "../support/standard_error.ts";

/** What the client gets when a handler throws that, and that nothing is logged. */
async function answerTo(error: HttpError, method = "GET"): Promise<Response> {
  const server = new WebServer();
  server.addPath("/", () => {
    throw error;
  });
  let response: Response | undefined;
  const lines = await standardErrorOf(async () => {
    response = await server.fetch(new Request("http://localhost/", { method }));
  });
  assertEquals(lines, []);
  assertInstanceOf(response, Response);
  return response;
}

describe("HttpError", () => {
  it("is an Error with a name, a status and a message", () => {
    const error = new HttpError(404, "no such user");
    assertInstanceOf(error, Error);
    assertEquals([error.name, error.status, error.message], ["HttpError", 404, "no such user"]);
  });

  it("answers with its status, and its message as plain text", async () => {
    const response = await answerTo(new HttpError(404, "no such user"));
    assertEquals([response.status, await response.text()], [404, "no such user"]);
    assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
  });

  const phrases: [status: number, phrase: string][] = [
    [400, "Bad Request"],
    [401, "Unauthorized"],
    [404, "Not Found"],
    [409, "Conflict"],
    [422, "Unprocessable Content"],
    [500, "Internal Server Error"],
    [503, "Service Unavailable"],
  ];
  for (const [status, phrase] of phrases) {
    it(`answers ${status} without a message with the phrase ${phrase}`, async () => {
      const response = await answerTo(new HttpError(status));
      assertEquals([response.status, await response.text()], [status, phrase]);
    });
  }

  it("answers with a status that nobody has registered", async () => {
    assertEquals((await answerTo(new HttpError(499))).status, 499);
  });

  it("brings header fields with it", async () => {
    const headers = { "WWW-Authenticate": "Basic", "content-type": "application/problem+json" };
    const response = await answerTo(new HttpError(401, '{"title":"who"}', { headers }));
    assertEquals(response.headers.get("www-authenticate"), "Basic");
    assertEquals(response.headers.get("content-type"), "application/problem+json");
    assertEquals(await response.json(), { title: "who" });
  });

  it("keeps its cause, of which the client sees nothing", async () => {
    const cause = new Error("secret");
    const error = new HttpError(502, "no luck", { cause });
    assertStrictEquals(error.cause, cause);
    const response = await answerTo(error);
    assertEquals([await response.text(), [...response.headers].join().includes("secret")], [
      "no luck",
      false,
    ]);
  });

  it("has no cause where none was given", () => {
    assertEquals("cause" in new HttpError(404), false);
  });

  it("answers a HEAD without a body", async () => {
    const response = await answerTo(new HttpError(404, "no such user"), "HEAD");
    assertEquals([response.status, response.headers.get("content-length")], [404, "12"]);
    assertEquals(await response.text(), "");
  });

  it("answers by its subclasses as well", async () => {
    class NotFound extends HttpError {
      constructor() {
        super(404, "not here");
      }
    }
    assertEquals(await (await answerTo(new NotFound())).text(), "not here");
  });

  for (const status of [400, 404, 418, 499, 500, 599]) {
    it(`may have the status ${status}`, () => {
      assertEquals(new HttpError(status).status, status);
    });
  }
  for (const status of [0, 100, 200, 302, 399, 600, 404.5, NaN, "404", undefined]) {
    it(`may not have the status ${JSON.stringify(status)} (${status})`, () => {
      assertThrows(() => new HttpError(status as number), RangeError, `status ${status}`);
    });
  }
});
