// What the compiler has to know: `deno check` is the test, and running it says only that the file was loaded. A line behind
// `@ts-expect-error` that compiles is an error of its own, so every prohibition here is one that holds.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { assertType, type IsExact } from "@std/testing/types";
import {
  fetchHandler,
  type Handler,
  type HandlerResult,
  HttpError,
  type MethodTable,
  type ParameterNames,
  type PathParams,
  type PathPattern,
  type ProblemDetails,
  type RouteTarget,
  type RunOptions,
  type WebRequest,
  WebResponse,
  WebServer,
  type WebServerOptions,
  type Wrapper,
} from "../mod.ts";

const server = new WebServer();

describe("PathParams", () => {
  it("have a text for each parameter of the path, and nothing else", () => {
    assertType<
      IsExact<PathParams<"/users/:id/posts/:postId">, { id: string; postId: string }>
    >(true);
    assertType<IsExact<PathParams<"/:a">, { a: string }>>(true);
    assertType<IsExact<PathParams<"/:a/">, { a: string }>>(true);
    assertType<IsExact<PathParams<"/a/:b/c">, { b: string }>>(true);
    assertType<IsExact<PathParams<"/:a/:b/:c">, { a: string; b: string; c: string }>>(true);
    assertType<IsExact<PathParams<"/:_a1">, { _a1: string }>>(true);
  });

  it("are empty for a path without parameters", () => {
    assertType<IsExact<PathParams<"/">, Record<never, string>>>(true);
    assertType<IsExact<PathParams<"/users">, Record<never, string>>>(true);
    assertType<IsExact<keyof PathParams<"/users/all">, never>>(true);
  });

  it("know a parameter by its colon at the beginning of a segment alone", () => {
    assertType<IsExact<keyof PathParams<"/a:b/at:">, never>>(true);
    assertType<IsExact<PathParams<"/a:b/:c">, { c: string }>>(true);
  });

  it("may be any where the path is not known", () => {
    assertType<IsExact<PathParams<string>, Record<string, string>>>(true);
    assertType<IsExact<PathParams<PathPattern>, Record<string, string>>>(true);
  });

  it("have the names of ParameterNames", () => {
    assertType<IsExact<ParameterNames<"/users/:id/posts/:postId">, "id" | "postId">>(true);
    assertType<IsExact<ParameterNames<"/users">, never>>(true);
  });
});

describe("around(), to the compiler,", () => {
  it("around() gives the wrapper a request and what it surrounds", () => {
    server.around("/typed", (req, next) => {
      assertType<IsExact<typeof req, WebRequest>>(true);
      assertType<IsExact<typeof next, () => HandlerResult>>(true);
      return next();
    });
    server.around(async (_req, next) => {
      const response = await next();
      assertType<IsExact<typeof response, WebResponse | Response>>(true);
      response.headers.set("x-wrapped", "yes");
      return response;
    });
    const wrap: Wrapper = (_req, next) => next();
    server.around(wrap);
  });

  it("around() takes no prefix without a slash, and no wrapper that returns nothing", () => {
    const added = () => {
      // @ts-expect-error: a prefix begins with a slash
      server.around("api", (_req, next) => next());
      // @ts-expect-error: the wrapper has to return the response
      server.around((_req, next) => {
        next();
      });
      // @ts-expect-error: a wrapper is missing
      server.around("/api");
    };
    assertEquals(typeof added, "function");
  });
});

describe("The options for error responses, to the compiler,", () => {
  it("onErrorResponse gets a status, a request and a problem, and may answer later or not", () => {
    const options: WebServerOptions = {
      errorFormat: "problem",
      onErrorResponse: (status, req, problem) => {
        assertType<IsExact<typeof status, number>>(true);
        assertType<IsExact<typeof req, WebRequest>>(true);
        assertType<IsExact<typeof problem, ProblemDetails>>(true);
        assertType<IsExact<typeof problem.detail, string | undefined>>(true);
        return status === 404 ? Promise.resolve(WebResponse.json(problem)) : undefined;
      },
    };
    // @ts-expect-error: there are two forms
    const wrong: WebServerOptions = { errorFormat: "json" };
    assertEquals([typeof options, typeof wrong], ["object", "object"]);
  });
});

describe("addPath() and addExactPath(), to the compiler,", () => {
  it("give the handler a request with the parameters of its path", () => {
    server.addPath("/typed/users/:id/posts/:postId", (req) => {
      assertType<IsExact<typeof req.params, { id: string; postId: string }>>(true);
      return WebResponse.text(req.params.id + req.params.postId);
    });
    server.addExactPath("/typed/exact/:id", (req) => {
      assertType<IsExact<typeof req.params, { id: string }>>(true);
      return WebResponse.text(req.params.id);
    });
    server.addPath("/typed/users/:id/table", {
      GET: (req) => {
        assertType<IsExact<typeof req.params, { id: string }>>(true);
        return WebResponse.text(req.params.id);
      },
      POST: async (req) => WebResponse.text(await Promise.resolve(req.params.id)),
    });
  });

  it("let a handler read no parameter that its path does not have", () => {
    server.addPath("/misspelt/:id", (req) => {
      // @ts-expect-error: the parameter is named id
      const name: string = req.params.name;
      return WebResponse.text(`${name}`);
    });
    server.addPath("/without", (req) => {
      // @ts-expect-error: there is no parameter
      const id: string = req.params.id;
      return WebResponse.text(`${id}`);
    });
  });

  it("take a path that is put together at run time, whose parameters may be any", () => {
    const version: string = "v1";
    server.addPath(`/api/${version}/:id`, (req) => {
      const id: string = req.params.id;
      return WebResponse.text(id);
    });
    const prefix = "/computed/:id" as PathPattern;
    server.addPath(prefix, (req) => WebResponse.text(req.params.id));
  });

  it("take no path that does not begin with a slash", () => {
    const added = () => {
      // @ts-expect-error: a path begins with a slash
      server.addPath("hello", () => WebResponse.empty());
      // @ts-expect-error: a path begins with a slash
      server.addExactPath("hello/:id", () => WebResponse.empty());
      // @ts-expect-error: a path begins with a slash
      server.addPath("", () => WebResponse.empty());
      const anything: string = "/hello";
      // @ts-expect-error: a text may begin with anything
      server.addPath(anything, () => WebResponse.empty());
    };
    assertEquals(typeof added, "function");
  });

  it("take a handler of any path for every path", () => {
    function plain(req: WebRequest): WebResponse {
      return WebResponse.text(req.params.id ?? req.path);
    }
    server.addPath("/plain", plain);
    server.addExactPath("/plain/:id", plain);
    server.addPath("/plain/table/:id", { GET: plain, POST: plain });
    const handler: Handler = plain;
    server.addPath("/plain/typed/:a/:b", handler);
    server.addPath("/plain/none", () => WebResponse.empty());
  });

  it("take a handler of a path of which theirs has all parameters", () => {
    const user: Handler<"/users/:id"> = (req) => WebResponse.text(req.params.id);
    server.addPath("/handlers/:id", user);
    server.addPath("/handlers/:id/posts/:postId", user);
    server.addPath("/handlers/:id/table", { GET: user, DELETE: user });
  });

  it("take no handler of a path with other parameters", () => {
    const user: Handler<"/users/:id"> = (req) => WebResponse.text(req.params.id);
    const added = () => {
      // @ts-expect-error: the handler wants an id
      server.addPath("/users/:name", user);
      // @ts-expect-error: the handler wants an id
      server.addExactPath("/users", user);
      // @ts-expect-error: the handler wants an id
      server.addPath("/users/:name", { GET: user });
    };
    assertEquals(typeof added, "function");
  });

  it("take no target that is neither a handler nor a table of methods", () => {
    const handler = () => WebResponse.empty();
    const added = () => {
      // @ts-expect-error: there is no such method
      server.addPath("/target", { GETT: handler });
      // @ts-expect-error: methods are in capitals
      server.addPath("/target", { get: handler });
      // @ts-expect-error: CONNECT is for proxies
      server.addPath("/target", { CONNECT: handler });
      // @ts-expect-error: a table leads to handlers
      server.addPath("/target", { GET: WebResponse.empty() });
      // @ts-expect-error: a response is no handler
      server.addPath("/target", WebResponse.empty());
      // @ts-expect-error: a target is needed
      server.addPath("/target");
    };
    assertEquals(typeof added, "function");
  });

  it("take each of the methods in a table", () => {
    const handler = () => WebResponse.empty();
    const table: MethodTable = {
      GET: handler,
      HEAD: handler,
      POST: handler,
      PUT: handler,
      PATCH: handler,
      DELETE: handler,
      OPTIONS: handler,
      TRACE: handler,
    };
    server.addPath("/methods", table);
    const target: RouteTarget<"/methods/:id"> = { GET: (req) => WebResponse.text(req.params.id) };
    server.addPath("/methods/:id", target);
  });
});

describe("Handler, to the compiler,", () => {
  it("returns a WebResponse or a Response, now or later", () => {
    const handlers: Handler[] = [
      () => WebResponse.empty(),
      () => new Response(),
      () => Promise.resolve(WebResponse.empty()),
      () => Promise.resolve(new Response()),
      async (req) => req.path === "/" ? WebResponse.empty() : await Promise.resolve(new Response()),
      () => {
        throw new HttpError(404);
      },
    ];
    const results: HandlerResult[] = [WebResponse.empty(), new Response()];
    assertEquals([handlers.length, results.length], [6, 2]);
  });

  it("returns nothing else", () => {
    const handlers: Handler[] = [
      // @ts-expect-error: a text is no response
      () => "hello",
      // @ts-expect-error: nothing is no response
      () => {},
      // @ts-expect-error: nothing is no response, later either
      async () => {
        await undefined;
      },
      // @ts-expect-error: an object is no response
      () => ({ status: 200, body: "hello" }),
      // @ts-expect-error: a forgotten return is none
      (req) => {
        req.path === "/" ? WebResponse.empty() : new Response();
      },
    ];
    assertEquals(handlers.length, 5);
  });
});

describe("WebRequest, to the compiler,", () => {
  it("has these types", () => {
    const types = (req: WebRequest<"/users/:id">) => {
      assertType<IsExact<typeof req.method, string>>(true);
      assertType<IsExact<typeof req.target, string>>(true);
      assertType<IsExact<typeof req.path, string>>(true);
      assertType<IsExact<typeof req.rest, string>>(true);
      assertType<IsExact<typeof req.query, URLSearchParams>>(true);
      assertType<IsExact<typeof req.headers, Headers>>(true);
      assertType<IsExact<ReturnType<typeof req.header>, string | null>>(true);
      assertType<IsExact<ReturnType<typeof req.text>, string>>(true);
      assertType<IsExact<ReturnType<typeof req.formData>, Promise<FormData>>>(true);
      assertType<IsExact<typeof req.remoteAddr, Deno.NetAddr>>(true);
      assertType<IsExact<typeof req.clientAddr, Deno.NetAddr>>(true);
      assertType<IsExact<typeof req.scheme, "http" | "https">>(true);
      assertType<IsExact<typeof req.host, string>>(true);
      assertType<IsExact<typeof req.signal, AbortSignal>>(true);
      assertType<IsExact<ReturnType<typeof req.toRequest>, Request>>(true);
      const body: Uint8Array = req.body;
      const known = req.json<{ name: string }>();
      assertType<IsExact<typeof known, { name: string }>>(true);
      const unknown = req.json();
      assertType<IsExact<typeof unknown, unknown>>(true);
      return body;
    };
    assertEquals(typeof types, "function");
  });

  it("can be changed in nothing", () => {
    const changes = (req: WebRequest<"/users/:id">) => {
      // @ts-expect-error: a request stays as it came
      req.method = "GET";
      // @ts-expect-error: a request stays as it came
      req.path = "/";
      // @ts-expect-error: a request stays as it came
      req.clientAddr = req.remoteAddr;
      // @ts-expect-error: there are these two
      const scheme: "ftp" = req.scheme;
      // @ts-expect-error: the server makes the requests
      return [scheme, new WebRequest()];
    };
    assertEquals(typeof changes, "function");
  });
});

describe("Options, to the compiler,", () => {
  it("are known by their names and their types", () => {
    const good: WebServerOptions = { maxBodyBytes: 1, onPanic: "keep", accessLog: "off" };
    const trusting: WebServerOptions[] = [
      { trustProxy: "loopback" },
      { trustProxy: ["loopback", "10.0.0.0/8"] as const },
    ];
    // @ts-expect-error: one range stands in a list, too
    const range: WebServerOptions = { trustProxy: "10.0.0.0/8" };
    // @ts-expect-error: nobody is trusted by a mere yes
    const anybody: WebServerOptions = { trustProxy: true };
    const run: RunOptions = {
      port: 0,
      listen: "shared",
      isolation: "thread",
      entry: new URL("file:///a"),
    };
    // @ts-expect-error: there is no such option
    const misspelt: WebServerOptions = { maxBodyByte: 1 };
    // @ts-expect-error: there is no such choice
    const choice: WebServerOptions = { onPanic: "die" };
    // @ts-expect-error: a port is a number
    const port: RunOptions = { port: "8000" };
    const started = () => [server.run(), server.run("::1", 8000, 4), server.run({ workers: 4 })];
    assertEquals([good, run, misspelt, choice, port, started].length, 6);
    assertEquals([trusting, range, anybody].length, 3);
  });
});

describe("WebServer.fetch, to the compiler,", () => {
  it("is a handler of Deno.serve", () => {
    const handler: Deno.ServeHandler = server.fetch;
    assertEquals(typeof handler, "function");
  });
});

describe("fetchHandler(), to the compiler,", () => {
  it("takes what is written for deno serve, and knows what else a function is told", () => {
    const app = {
      fetch: (_request, { remoteAddr }) => new Response(remoteAddr.transport),
    } satisfies Deno.ServeDefaultExport;
    assertType<IsExact<ReturnType<typeof fetchHandler>, Handler>>(true);
    fetchHandler(app.fetch);
    fetchHandler(() => Promise.resolve(new Response()));
    fetchHandler((request, { remoteAddr }) => {
      assertType<IsExact<typeof request, Request>>(true);
      assertType<IsExact<typeof remoteAddr, Deno.NetAddr>>(true);
      return new Response();
    });
    // @ts-expect-error: a Response is wanted
    fetchHandler(() => "text");
  });
});
