// A program for many situations at once: each path is one, and /seen/NAME returns what was seen of an earlier one. Two servers, of
// which the second one compresses and has no onError.

const seen = new Map<string, PromiseWithResolvers<unknown>>();

function sight(name: string): PromiseWithResolvers<unknown> {
  const known = seen.get(name) ?? Promise.withResolvers();
  seen.set(name, known);
  return known;
}

const encoder = new TextEncoder();
const once = new Response("only once");
let kept: Request | undefined;

/** A stream of so many parts, each in a later turn; it fails at its end if `fails`. */
function parts(count: number, fails: boolean): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (at < count) controller.enqueue(encoder.encode(`a${at++}`));
      else if (fails) controller.error(new Error("on purpose"));
      else controller.close();
    },
  });
}

/** An object that only looks like a response. */
function lookalike(): Response {
  const fake = Object.create(Response.prototype);
  Object.defineProperty(fake, "type", { value: "default" });
  Object.defineProperty(fake, "bodyUsed", { value: false });
  return fake;
}

/** A stream of one part, which notes why it is cancelled. */
function endless(name: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode("begun")),
    cancel: (reason) => sight(name).resolve(`cancelled: ${reason}`),
  });
}

function noteEnd(name: string, request: Request, info: Deno.ServeHandlerInfo): void {
  request.signal.addEventListener("abort", () => sight(`${name} signal`).resolve("aborted"));
  info.completed.then(
    () => sight(`${name} completed`).resolve("fulfilled"),
    () => sight(`${name} completed`).resolve("rejected"),
  );
}

type Situation = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

const situations: Record<string, Situation> = {
  url: ({ url }) => new Response(url),
  request: ({ method, url: _, ...rest }, info) => Response.json({ method, rest, info }),
  properties: (request) => {
    const { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy } = request;
    const { redirect, destination } = request;
    return Response.json({
      cache,
      credentials,
      destination,
      integrity,
      keepalive,
      mode,
      redirect,
      referrer,
      referrerPolicy,
    });
  },
  header: ({ headers, url }) => new Response(headers.get(new URL(url).search.slice(1))),
  body: async (request) => {
    const hasBody = request.body !== null;
    return Response.json({ method: request.method, hasBody, text: await request.text() });
  },
  length: async (request) => new Response(String((await request.bytes()).length)),
  early: async (request) => {
    sight("early").resolve("called");
    try {
      return new Response(await request.text());
    } catch (error) {
      sight("early failure").resolve((error as Error).name);
      throw error;
    }
  },
  duplex: ({ body }) => new Response(body),
  duplex_by_reader: ({ body }) => {
    const reader = body!.getReader();
    return new Response(
      new ReadableStream({
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
      }),
    );
  },
  unread: () => new Response("unread"),
  peer: (_, { remoteAddr }) => Response.json(remoteAddr),
  clone: async (request) => {
    const clone = request.clone();
    const same = (["url", "method", "mode", "cache", "redirect", "referrer"] as const)
      .every((name) => request[name] === clone[name]);
    return Response.json({ same, text: await request.text(), json: await clone.json() });
  },
  late_clone: async (request) => {
    await request.text();
    return new Response(request.clone().body);
  },
  locked_clone: (request) => {
    request.body?.getReader();
    return new Response(request.clone().body);
  },
  throws: () => {
    throw new Error("thrown");
  },
  rejects: () => Promise.reject(new Error("rejected")),
  throws_text: () => {
    throw "text";
  },
  nothing: () => undefined as unknown as Response,
  lookalike,
  error_response: () => Response.error(),
  once: () => once,
  wrong_part: () =>
    new Response(
      new ReadableStream({
        type: "bytes",
        start: (controller) => controller.enqueue("text" as unknown as Uint8Array<ArrayBuffer>),
      }),
    ),
  text: () => new Response("NaN".repeat(10)),
  wide_text: () => new Response("韓國".repeat(10)),
  byte: () => new Response(Uint8Array.of(128)),
  blob: () => new Response(new Blob([])),
  empty: () => new Response(""),
  null: () => new Response(null),
  no_content: () => new Response(null, { status: 204 }),
  not_modified: () => new Response(null, { status: 304, headers: { etag: '"1"' } }),
  latin1: ({ headers }) => new Response(null, { headers: { "x-value": headers.get("x-value")! } }),
  status_text: () => new Response(null, { status: 299, statusText: "Fine Enough" }),
  stream: ({ url }) => {
    const { searchParams } = new URL(url);
    const fails = searchParams.has("fails");
    return new Response(parts(Number(searchParams.get("parts")), fails));
  },
  stream_of_text: () => new Response(new Response("foo bar baz").body),
  stream_of_nothing: () => new Response(new Response("").body),
  declared: () => new Response("foo bar baz", { headers: { "content-length": "11" } }),
  declared_stream: () =>
    new Response(new Response("foo bar baz").body, { headers: { "content-length": "11" } }),
  coded: () => new Response("foo bar baz", { headers: { "transfer-encoding": "chunked" } }),
  coded_stream: () =>
    new Response(new Response("foo bar baz").body, {
      headers: { "transfer-encoding": "chunked" },
    }),
  large: () => {
    const bytes = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 256; i++) bytes[i * 4096] = i;
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes);
          controller.enqueue(bytes.slice());
          controller.close();
        },
      }),
    );
  },
  file: async () => {
    const path = Deno.makeTempFileSync();
    Deno.writeFileSync(path, new Uint8Array(100_000).fill(120));
    const file = await Deno.open(path);
    Deno.removeSync(path);
    return new Response(file.readable);
  },
  steps_kept: () => new Response("steps_kept"),
  step: ({ url }) => {
    sight(`step ${new URL(url).search}`).resolve(undefined);
    return new Response("stepped");
  },
  steps: () => {
    let at = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          if (at > 0) await sight(`step ?${at}`).promise;
          if (at === 3) controller.close();
          else controller.enqueue(encoder.encode(`${at++}`));
        },
      }),
    );
  },
  endless: (request, info) => {
    noteEnd("endless", request, info);
    return new Response(endless("endless"));
  },
  waits: async (request, info) => {
    noteEnd("waits", request, info);
    sight("waits begun").resolve("begun");
    await sight("waits signal").promise;
    sight("waits aborted").resolve(request.signal.aborted);
    return new Response(endless("waits body"));
  },
  completes: (request, info) => {
    noteEnd("completes", request, info);
    kept = request;
    return new Response("completed");
  },
  kept: () => Response.json({ url: kept?.url, isAborted: kept?.signal.aborted }),
  upgrade: (request) => {
    const { response } = Deno.upgradeWebSocket(request);
    return response;
  },
  inspect: (request) => new Response(typeof Deno.inspect(request)),
};

const handler: Situation = async (request, info) => {
  const { pathname } = new URL(request.url);
  const [, name, ...rest] = pathname.split("/");
  if (name === "seen") {
    return new Response(String(await sight(decodeURIComponent(rest.join("/"))).promise));
  }
  return await (situations[name] ?? situations.url)(request, info);
};

const compressing: Deno.ServeTcpOptions & { automaticCompression: boolean } = {
  hostname: "127.0.0.1",
  port: 0,
  automaticCompression: true,
  onListen: () => {},
};

const LINES = "a line that comes often\n".repeat(50);

const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  reusePort: false,
  cert: undefined,
  key: undefined,
  onListen: ({ hostname, port, transport }) => console.log("listening", transport, hostname, port),
  onError: async (error) => {
    await Promise.resolve();
    if (error === "text") throw new Error("onError fails");
    return new Response(`onError: ${(error as Error).message ?? error}`, { status: 503 });
  },
}, handler);

const second = Deno.serve(compressing, ({ url }) => {
  const query = new URL(url).searchParams;
  const headers = new Headers(query.get("fields") === null ? [] : JSON.parse(query.get("fields")!));
  const length = Number(query.get("length") ?? LINES.length);
  if (query.has("steps")) {
    let at = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          if (at > 0) await sight(`flush ${query.get("steps")}${at}`).promise;
          if (at === 3) controller.close();
          else controller.enqueue(encoder.encode(`part ${at++}\n`));
        },
      }),
      { headers },
    );
  }
  if (query.has("step")) {
    sight(`flush ${query.get("step")}`).resolve(undefined);
    return new Response("stepped");
  }
  if (query.has("stream")) return new Response(new Response(LINES).body, { headers });
  return new Response(LINES.slice(0, length), { headers });
});

console.log("servers", server.addr.port, second.addr.port, "then" in server);
