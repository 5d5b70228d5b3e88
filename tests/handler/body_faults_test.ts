// A bad body of a client in a fetch-style application: an answer where exactly the reader's error comes out, and a panic otherwise.

import { assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type FetchHandler, fetchHandler, HttpError, WebServer } from "../../mod.ts";
import { bodyFaultOf } from "../../src/handler/body_faults.ts";
import {
  parsedRequest,
  type RequestText,
  TestDispatcher,
} from "../support/requests/socketless_exchange.ts";
import { standardErrorOf } from "../support/standard_error.ts";

const URLENCODED = "application/x-www-form-urlencoded";
const HALF_A_FORM = '--b\r\nContent-Disposition: form-data; name="a"\r\n';

function post(body: string, contentType?: string): RequestText {
  const fields: [string, string][] = [["Host", "localhost"]];
  if (contentType !== undefined) fields.push(["Content-Type", contentType]);
  return { method: "POST", body, fields };
}

async function outcomeOf(fetch: FetchHandler, request: RequestText) {
  const dispatcher = new TestDispatcher({ "prefix /": fetchHandler(fetch) });
  const { status, text } = await dispatcher.answer(request);
  return { status, text, panics: dispatcher.panics, bodyFaults: dispatcher.bodyFaults };
}

const readsJson: FetchHandler = async (request) => Response.json(await request.json());
const readsForm: FetchHandler = async (request) => Response.json([...await request.formData()]);

const NOT_JSON = "The body of the request is not JSON";
const NO_FORM = "The body of the request is not the form that its Content-Type says";
const OTHER_TYPE =
  "The body of the request has to be application/x-www-form-urlencoded or multipart/form-data";

describe("fetchHandler()", () => {
  const faults: {
    what: string;
    fetch: FetchHandler;
    request: RequestText;
    status: number;
    text: string;
  }[] = [
    {
      what: "json() of half a JSON",
      fetch: readsJson,
      request: post('{"a":'),
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "json() of no body",
      fetch: readsJson,
      request: post(""),
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "json() of a GET",
      fetch: readsJson,
      request: { method: "GET" },
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "json() of a body that is a stream already",
      fetch: async (request) => {
        if (request.body === null) return new Response("no body");
        return Response.json(await request.json());
      },
      request: post("{"),
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "json() of a clone",
      fetch: async (request) => Response.json(await request.clone().json()),
      request: post("{"),
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "json() of a clone of a clone",
      fetch: async (request) => Response.json(await request.clone().clone().json()),
      request: post("{"),
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "json() of a request that was cloned",
      fetch: async (request) => {
        await request.clone().text();
        return Response.json(await request.json());
      },
      request: post("{"),
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "json() in an application that throws the same error again",
      fetch: async (request) => {
        try {
          return Response.json(await request.json());
        } catch (error) {
          throw error;
        }
      },
      request: post("{"),
      status: 400,
      text: NOT_JSON,
    },
    {
      what: "formData() of another type",
      fetch: readsForm,
      request: post("{}", "application/json"),
      status: 415,
      text: OTHER_TYPE,
    },
    {
      what: "formData() of no type",
      fetch: readsForm,
      request: post("a=1"),
      status: 415,
      text: OTHER_TYPE,
    },
    {
      what: "formData() of no type and no body",
      fetch: readsForm,
      request: { method: "GET" },
      status: 415,
      text: OTHER_TYPE,
    },
    {
      what: "formData() of a malformed form",
      fetch: readsForm,
      request: post("no part", "multipart/form-data; boundary=b"),
      status: 400,
      text: NO_FORM,
    },
    {
      what: "formData() of a form without a boundary",
      fetch: readsForm,
      request: post(HALF_A_FORM, "multipart/form-data"),
      status: 400,
      text: NO_FORM,
    },
    {
      what: "formData() of a clone",
      fetch: async (request) => Response.json([...await request.clone().formData()]),
      request: post("a=1", "text/plain"),
      status: 415,
      text: OTHER_TYPE,
    },
  ];
  for (const { what, fetch, request, ...answer } of faults) {
    it(`answers ${answer.status}, once and without a panic, for ${what}`, async () => {
      const outcome = await outcomeOf(fetch, request);
      assertEquals(outcome, { ...answer, panics: [], bodyFaults: [answer.status] });
    });
  }

  const panics: { what: string; fetch: FetchHandler; request: RequestText }[] = [
    {
      what: "JSON.parse() of the text",
      fetch: async (request) => Response.json(JSON.parse(await request.text())),
      request: post("{"),
    },
    {
      what: "json() of another server's response",
      fetch: async (request) => {
        await request.json().catch(() => {});
        return Response.json(await new Response("{").json());
      },
      request: post("{"),
    },
    {
      what: "an error with the reader's error as its cause",
      fetch: async (request) => {
        const value = await request.json().catch((cause) => {
          throw new SyntaxError(cause.message, { cause });
        });
        return Response.json(value);
      },
      request: post("{"),
    },
    {
      what: "json() of a new Request that is made of the request",
      fetch: async (request) => Response.json(await new Request(request).json()),
      request: post("{"),
    },
    {
      what: "json() of a body that was read before",
      fetch: async (request) => {
        await request.text();
        return Response.json(await request.json());
      },
      request: post("{"),
    },
    {
      what: "formData() of a body that was read before",
      fetch: async (request) => {
        await request.text();
        return Response.json([...await request.formData()]);
      },
      request: post("a=1", "text/plain"),
    },
    {
      what: "json() of a body that is being read",
      fetch: async (request) => {
        const reader = request.body?.getReader();
        const reading = request.json();
        await reader?.read();
        return Response.json(await reading);
      },
      request: post("{"),
    },
    {
      what: "json() of a body that was read with nothing in it",
      fetch: async (request) => {
        await request.body?.cancel();
        return Response.json(await request.json());
      },
      request: post("{"),
    },
  ];
  for (const { what, fetch, request } of panics) {
    it(`panics for ${what}`, async () => {
      const { status, panics, bodyFaults } = await outcomeOf(fetch, request);
      assertEquals([status, panics.length, bodyFaults], [500, 1, []]);
    });
  }

  it("panics for the error of another request's body", async () => {
    let kept: unknown;
    const keeps: FetchHandler = async (request) => {
      kept = await request.json().catch((error) => error);
      return new Response("kept");
    };
    assertEquals((await outcomeOf(keeps, post("{"))).status, 200);
    const throws = await outcomeOf(() => Promise.reject(kept), post("{}"));
    assertEquals([throws.status, throws.panics, throws.bodyFaults], [500, [kept], []]);
  });

  it("reads good bodies as before, on requests and on clones", async () => {
    const fetch: FetchHandler = async (request) => {
      const copy = request.clone();
      return Response.json([await copy.json(), await request.json()]);
    };
    assertEquals((await outcomeOf(fetch, post('{"a":1}'))).text, '[{"a":1},{"a":1}]');
    const form = await outcomeOf(readsForm, post("a=1&b=2", URLENCODED));
    assertEquals(form.text, '[["a","1"],["b","2"]]');
  });
});

describe("WebRequest.toRequest()", () => {
  it("gives a request whose bad body is answered with 400 in an own handler, too", async () => {
    const dispatcher = new TestDispatcher({
      "prefix /": async (req) => Response.json(await req.toRequest().json()),
    });
    const { status } = await dispatcher.answer(post("{"));
    assertEquals([status, dispatcher.panics, dispatcher.bodyFaults], [400, [], [400]]);
  });
});

describe("WebServer.fetch()", () => {
  const bad = () => new Request("http://localhost/a?b", { method: "POST", body: "{\n" });

  it("answers 400 for a bad body that the application does not handle, and logs one line", async () => {
    const server = new WebServer();
    server.addPath("/", fetchHandler(readsJson));
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(bad());
      assertEquals([response.status, await response.text()], [400, NOT_JSON]);
    });
    assertEquals(lines.length, 1);
    assertMatch(
      lines[0],
      / fetch\(\): POST \/a\?b gets 400: The body of the request is not JSON \(SyntaxError: .+\)$/,
    );
  });

  it("leaves a bad body to a server that is mounted in the application first", async () => {
    const inner = new WebServer();
    inner.addPath("/", fetchHandler(readsJson));
    const outer = new WebServer();
    outer.addPath("/", fetchHandler(inner.fetch));
    const lines = await standardErrorOf(async () => {
      assertEquals((await outer.fetch(bad())).status, 400);
    });
    assertEquals(lines.length, 1);
  });

  it("logs one line, and no panic, for a bad body that breaks a response that has begun", async () => {
    const hasBegun = Promise.withResolvers<void>();
    const server = new WebServer();
    server.addPath(
      "/",
      fetchHandler((request) =>
        new Response(ReadableStream.from(async function* () {
          yield new TextEncoder().encode("a");
          await hasBegun.promise;
          yield new TextEncoder().encode(await request.json());
        }()))
      ),
    );
    const lines = await standardErrorOf(async () => {
      const response = await server.fetch(bad());
      assertEquals(response.status, 200);
      const reader = response.body!.getReader();
      await reader.read();
      hasBegun.resolve();
      await assertRejects(() => reader.read(), SyntaxError);
    });
    assertEquals(lines.length, 1);
    assertMatch(lines[0], / POST \/a\?b is cut off: The body of the request is not JSON /);
  });
});

describe("bodyFaultOf()", () => {
  const own: { what: string; read: (body: string) => unknown; status: number }[] = [
    { what: "json()", read: (body) => parsedRequest(post(body)).json(), status: 400 },
    { what: "formData()", read: (body) => parsedRequest(post(body)).formData(), status: 415 },
    {
      what: "formData()",
      read: (body) => parsedRequest(post(body, "multipart/form-data; boundary=b")).formData(),
      status: 400,
    },
  ];
  for (const { what, read, status } of own) {
    it(`knows the HttpError ${status} of ${what} of a WebRequest`, async () => {
      const error: unknown = await (async () => await read(HALF_A_FORM))().catch((error) => error);
      assertInstanceOf(error, HttpError);
      assertEquals(bodyFaultOf(error)?.answer, error);
      assertEquals(error.status, status);
    });
  }

  it("never looks into what it is asked about", () => {
    const hostile = new Proxy({}, {
      get: () => {
        throw new Error("looked at");
      },
    });
    for (const value of [hostile, undefined, null, "text", 7, Symbol("s")]) {
      assertEquals(bodyFaultOf(value), undefined);
    }
  });
});
