// Serves an application in a worker of the command line: what it passes to `Deno.serve` or to a server of
// `node:http`, or its default export. Only such workers load this, and what it replaces of the
// platform.

import { fetchHandler, prepareFetchHandlers } from "../fetch/fetch_handler.ts";
import { everyInterface } from "../net/every_interface.ts";
import { listen } from "../net/listener.ts";
import { platformAddress } from "../net/worker_address.ts";
import { hostApplication, type HostingWorker, WebServer } from "../server.ts";
import { runCronOnce } from "../takeover/cron.ts";
import { platformError, replaceDenoServe } from "../takeover/deno_serve.ts";
import { HeldSignals } from "../takeover/held_signals.ts";
import { watchForIntervals } from "../takeover/interval_notice.ts";
import { takeOverNodeHttp } from "../takeover/node_http/node_http.ts";
import type { HostedServer, TakenServer } from "../takeover/serve_host.ts";
import { describeError, escapeForLog, type LogSink, logToStandardError } from "../telemetry/log.ts";
import { SideServers } from "../worker/side_servers.ts";

/** What has come of loading an application in a worker. */
export type LoadedApp =
  | {
    readonly kind: "servable";
    readonly server: WebServer;
    /** Called when the worker listens, before it accepts. */
    readonly onListen?: (address: Deno.Addr) => void;
  }
  /** `found` describes what the application has instead. */
  | { readonly kind: "nothing_to_serve"; readonly found: string }
  | { readonly kind: "failed"; readonly reason: string; readonly error: unknown };

/** Loads an application. Calls `note` with what the log is to mention of it, as a line. */
export type LoadApp = (app: string, note: (line: string) => void) => Promise<LoadedApp>;

/**
 * Serves in a worker what `load` makes of the application, unless that serves by itself: it calls
 * `run()` or `Deno.serve()`. For the command line's own module.
 */
export async function serveApp(load: LoadApp): Promise<void> {
  const application = new HostedApplication();
  await application.serve(load);
}

/** The application of this worker. */
class HostedApplication {
  readonly #sideServers = new SideServers();
  readonly #worker: HostingWorker;
  /** Resolves when the server of this worker has drained. */
  readonly #drained = Promise.withResolvers<void>();
  /** The listeners of the program that this worker holds back. */
  #heldSignals: HeldSignals | undefined;
  /** The server that the application has begun by a call of the platform, until its work is done. */
  #taken: Promise<void> | undefined;

  constructor() {
    this.#worker = hostApplication({
      sideServers: this.#sideServers,
      onDrained: (endsAt, log) => this.#callHeldSignals(endsAt, log),
    });
  }

  async serve(load: LoadApp): Promise<void> {
    const { link } = this.#worker;
    const hasRun = Promise.withResolvers<boolean>();
    link.moduleHasRun = hasRun.promise;
    try {
      await this.#serveLoaded(load);
    } finally {
      hasRun.resolve(true);
    }
  }

  async #serveLoaded(load: LoadApp): Promise<void> {
    const { link } = this.#worker;
    const app = await link.app;
    if (app === undefined) throw new TypeError("The worker was not told which application to load");
    replaceDenoServe(this);
    takeOverNodeHttp(this);
    this.#heldSignals = new HeldSignals();
    runCronOnce();
    // What one worker notes, all of them would.
    const note = (line: string) => void (link.isFirst && logToStandardError(escapeForLog(line)));
    const endWatch = link.isFirst ? watchForIntervals(() => note(intervalNotice(app))) : undefined;
    const loaded = await load(app, note);
    endWatch?.();
    if (link.isRunning) {
      if (loaded.kind === "failed") {
        // A check has not ended yet, so this is a failure to load.
        if (link.isIntroducing) {
          return link.send({ kind: "failed", isFinal: false, message: loaded.reason });
        }
        // A failure of an application that serves already ends the worker as any other does.
        throw loaded.error;
      }
      if (loaded.kind === "servable") {
        note(`${app} serves by a call, so its default export is not served`);
      }
      return await this.#taken;
    }
    switch (loaded.kind) {
      case "servable": {
        const { server, onListen } = loaded;
        return await this.#worker.serve(server, {
          servedBy: "its default export",
          runOptions: {},
          onListen,
        });
      }
      case "nothing_to_serve":
        // An application that has ended this thread while it was loaded looks like one that has
        // nothing: it does not come to the next turn.
        await new Promise((resolve) => setTimeout(resolve));
        return link.isRunning ? await this.#taken : link.rest(loaded.found);
      case "failed":
        return link.send({ kind: "failed", isFinal: false, message: loaded.reason });
    }
  }

  /** Serves by this worker what the application passes to a server of the platform. */
  begin(taken: TakenServer): HostedServer {
    const { link } = this.#worker;
    if (this.#worker.isTaken) return this.#beginSideServer(taken);
    const { servedBy, place, onListen } = taken;
    const routes = [{ pattern: "/", isExact: false, allow: undefined }];
    const introduction = { servedBy, routes, runOptions: place, hasOnEvent: false } as const;
    const server = serverOf(taken);
    const result = link.introduceAndWait(introduction, prepareFetchHandlers);
    if (result.kind === "failed") throw platformError(result.name, result.message);
    this.#taken = this.#worker.serve(server, {
      servedBy,
      runOptions: place,
      ...taken.servedBy === "http.Server.listen()"
        ? { prepared: taken.prepared, lateOptions: taken.limits, hooks: taken.hooks }
        : {},
      onListen,
    });
    return {
      get addr() {
        // The place of a standby is known when that is promoted.
        return link.address === undefined ? result.address : platformAddress(link.address);
      },
      finished: this.#drained.promise,
      close: (call) => link.close(call),
    };
  }

  /** Serves at a further address, as long as this worker serves. */
  #beginSideServer(taken: TakenServer): HostedServer {
    const { link } = this.#worker;
    const { servedBy, place, onListen } = taken;
    if (place.path !== undefined) {
      throw new TypeError(`Cannot use option "path" of a second ${servedBy}: expected a port`);
    }
    const hostname = place.hostname ??
      (servedBy === "Deno.serve()" ? "0.0.0.0" : everyInterface());
    const result = link.reserve(hostname, place.port ?? 8_000);
    if (result.kind === "failed") throw platformError(result.name, result.message);
    const hosted = {
      addr: result.address,
      finished: this.#drained.promise,
      close: (call: string) => link.close(call),
    };
    if (result.kind === "pretended") return hosted;
    const { address, port } = result;
    if (port === undefined) throw new TypeError("The supervisor has sent no address to listen at");
    const router = this.#worker.routerOf(serverOf(taken));
    const begin = () => {
      const side = { listener: listen(port), isQueueShared: port.listen === "shared", router };
      if (taken.servedBy === "Deno.serve()") this.#sideServers.add(side);
      else {
        const { prepared, hooks, limits } = taken;
        prepared.then(() =>
          this.#sideServers.add({ ...side, program: { hooks: hooks(), limits } })
        );
      }
      onListen?.(address);
    };
    // A socket of a standby would get connections that it does not accept.
    if (link.isStandby) link.assigned.then(begin);
    else begin();
    return hosted;
  }

  /** Calls what the program wants to have called when its process is to end. */
  async #callHeldSignals(endsAt: number, log: LogSink): Promise<void> {
    this.#drained.resolve();
    const { link } = this.#worker;
    await this.#heldSignals?.call({ report: () => link.end() }, endsAt, (signal, error) => {
      log(`listener to ${signal} failed: ${describeError(error)}`);
    });
  }
}

function intervalNotice(app: string): string {
  const advice = "the timer runs in every worker; WebServer.workerPlace selects one of them";
  return `${app} calls setInterval while it loads: ${advice}`;
}

function serverOf(taken: TakenServer): WebServer {
  const server = new WebServer();
  if (taken.servedBy === "Deno.serve()") server.addPath("/", fetchHandler(taken.handler));
  else server.addPath("/", taken.handler, { streamBody: true });
  return server;
}
