// An application as people write it for srvx: a fetch function with its own routing, cookies, JSON, forms and errors, and no framework.
// srvx gives it the request's `ip`, `waitUntil` and a middleware; `manual` leaves the listening to another server.

import { FastResponse, serve, type ServerRequest } from "srvx";

/** What was put off behind an answer. */
let farewells = 0;

async function fetch(request: ServerRequest): Promise<Response> {
  const url = new URL(request.url);
  const [, first = "", second = ""] = url.pathname.split("/");
  const route = routes[first];
  if (route === undefined) return new FastResponse(`Nothing at ${url.pathname}`, { status: 404 });
  return await route(request, { url, rest: decodeURIComponent(second) });
}

interface Place {
  readonly url: URL;
  readonly rest: string;
}

const routes: Readonly<
  Record<string, (request: ServerRequest, place: Place) => Response | Promise<Response>>
> = {
  hello: (_request, { url, rest }) =>
    new FastResponse(`Hello ${rest}!\n`.repeat(Number(url.searchParams.get("times") ?? 1))),
  notes: async (request) => {
    if (request.method !== "POST") {
      return new FastResponse("Only POST", { status: 405, headers: { allow: "POST" } });
    }
    const note = await request.json().catch(() => undefined);
    if (typeof note?.text !== "string") {
      return FastResponse.json({ error: "text is missing" }, { status: 422 });
    }
    const headers = { location: "/notes/1" };
    return FastResponse.json({ id: 1, text: note.text }, { status: 201, headers });
  },
  form: async (request) => {
    const form = await request.formData();
    const fields = [...form].map(async ([name, value]) =>
      typeof value === "string" ? [name, value] : [name, value.name, value.type, await value.text()]
    );
    return FastResponse.json(await Promise.all(fields));
  },
  bytes: async (request) => new FastResponse(await request.arrayBuffer()),
  visits: (request) => {
    const visits = Number(/\bvisits=(\d+)/.exec(request.headers.get("cookie") ?? "")?.[1] ?? 0) + 1;
    const response = new FastResponse(`You have been here ${visits} times`);
    response.headers.append("set-cookie", `visits=${visits}; Path=/; HttpOnly`);
    response.headers.append("set-cookie", "seen=yes; Path=/");
    return response;
  },
  later: (request) => {
    request.waitUntil?.(Promise.resolve().then(() => farewells++));
    return new FastResponse(`${typeof request.waitUntil}, ${typeof farewells}`);
  },
  ip: (request) => new FastResponse(request.ip ?? "nobody"),
  count: (_request, { rest }) => new FastResponse(ReadableStream.from(linesTo(Number(rest)))),
  empty: () => new FastResponse(null, { status: 204 }),
  old: () => new FastResponse(null, { status: 301, headers: { location: "/hello/you" } }),
  fails: () => {
    throw new Error("A fault of the application");
  },
};

async function* linesTo(last: number): AsyncGenerator<Uint8Array> {
  for (let line = 1; line <= last; line++) {
    await Promise.resolve();
    yield new TextEncoder().encode(`${line}\n`);
  }
}

export const app = serve({
  fetch,
  manual: true,
  // Whoever listens ends the server, too, and says where: without these srvx looks into the environment.
  gracefulShutdown: false,
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: 20_000,
  middleware: [async (_request, next) => {
    const response = await next();
    response.headers.set("x-served-by", "srvx");
    return response;
  }, async (_request, next) => {
    try {
      return await next();
    } catch (error) {
      // srvx's own `error` is for its own listener, and not heard here.
      const status = (error as { statusCode?: number }).statusCode ?? 500;
      return new FastResponse(`It was us: ${(error as Error).message}`, { status });
    }
  }],
});
