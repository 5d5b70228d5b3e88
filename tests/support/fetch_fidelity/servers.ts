// Starts the servers of the fidelity suite: Deno.serve, and Mudpie in each of its ways.

import { fetchHandler, WebServer } from "../../../mod.ts";
import type { FetchHandler } from "../../../src/handler/handler.ts";
import { Program } from "../servers/program.ts";
import { startApp } from "../servers/started_app.ts";
import { FidelityApplication } from "./application.ts";
import type { FidelityCases } from "./fidelity_case.ts";
import { type FetchFunction, FunctionWay, SocketWay, type Way } from "./way.ts";

/** All ways, which have to be disposed of. */
export interface Ways extends AsyncDisposable {
  /** Deno.serve. */
  readonly oracle: Way;
  /** No server: the application gets a Request of the test. */
  readonly plain: Way;
  /** Mudpie. */
  readonly others: readonly Way[];
}

const CLI = new URL("../../../src/cli.ts", import.meta.url).pathname;
const appPath = (name: string): string => new URL(`../apps/${name}`, import.meta.url).pathname;

/** The names of the ways to run a command line, and its flags. */
const COMMAND_LINES: Readonly<Record<string, readonly string[]>> = {
  "the command line with web workers": ["--isolation", "web"],
  "the command line with threads": ["--isolation", "thread"],
  "the command line with --no-fast-response": ["--isolation", "thread", "--no-fast-response"],
};

/** Starts everything. If a server cannot start, those that have started are ended. */
export async function startWays(cases: FidelityCases): Promise<Ways> {
  await using started = new AsyncDisposableStack();
  const echo = started.adopt(serveEcho(), (server) => server.shutdown());
  const echoHost = `127.0.0.1:${echo.addr.port}`;
  const overSocket = (name: string, port: number): Way =>
    started.use(new SocketWay(name, port, echoHost));
  const starting = [
    startProgram(started, "fetch_fidelity_oracle.ts").then((port) =>
      overSocket("Deno.serve", port)
    ),
    startProgram(started, "fetch_fidelity_mounted.ts").then((port) =>
      overSocket("Deno.serve(server.fetch)", port)
    ),
    ...Object.entries(COMMAND_LINES).map(async ([name, flags]) =>
      overSocket(name, await startCommandLine(started, flags))
    ),
    ...(["web", "thread"] as const).map(async (isolation) => {
      const server = { onPanic: "keep" } as const;
      const app = await startApp("fetch_fidelity_own.ts", { app: { server }, run: { isolation } });
      started.use(app);
      return overSocket(`fetchHandler() with isolation ${isolation}`, app.port);
    }),
  ];
  const results = await Promise.allSettled(starting);
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  const [oracle, ...others] = await Promise.all(starting);
  others.push(new FunctionWay("server.fetch()", serverOf(cases).fetch, echoHost));
  const alone = new FidelityApplication(cases);
  const plain = new FunctionWay("no server", (...args) => answerOf(alone, ...args), echoHost);
  const all = started.move();
  return { oracle, plain, others, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Returns the application's answer as it is, or a 500 if it has none. */
async function answerOf(
  application: FidelityApplication,
  ...args: Parameters<FetchFunction>
): Promise<Response> {
  try {
    const response = await application.fetch(...args);
    if (response instanceof Response && !response.bodyUsed && response.type !== "error") {
      return response;
    }
  } catch {
    // What is thrown is noted by the application.
  }
  return new Response("Internal Server Error", { status: 500 });
}

/** A server without a socket. Each has an application of its own. */
function serverOf(cases: FidelityCases): WebServer {
  const server = new WebServer({ accessLog: "off", onPanic: "keep" });
  const { fetch } = new FidelityApplication(cases);
  server.addPath("/", fetchHandler(fetch as FetchHandler));
  return server;
}

function serve(handler: Deno.ServeHandler<Deno.NetAddr>): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
}

/** A server that returns what it has received. */
function serveEcho(): Deno.HttpServer<Deno.NetAddr> {
  return serve(async (request) => {
    const { method, url, headers } = request;
    const fields = [...headers].filter(([name]) => name.startsWith("x-") || /^content/.test(name));
    const { pathname, search } = new URL(url);
    return Response.json({ method, path: pathname + search, fields, text: await request.text() });
  });
}

/** Starts a program that listens by itself. */
async function startProgram(started: AsyncDisposableStack, name: string): Promise<number> {
  const program = started.use(Program.deno(["run", "-A", appPath(name)]));
  return Number((await program.stdout.find(/listening on (\d+)/))[1]);
}

async function startCommandLine(
  started: AsyncDisposableStack,
  flags: readonly string[],
): Promise<number> {
  const app = appPath("fetch_fidelity.ts");
  const options = ["--port", "0", "--workers", "1", "--on-panic", "keep", "--access-log", "off"];
  const program = started.use(
    Program.deno(["run", "-A", "--unstable-net", CLI, app, ...options, ...flags]),
  );
  return (await program.listening()).port;
}
