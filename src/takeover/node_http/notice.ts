// Notices that the program uses `node:http`, at no cost for a program that does not: to load that
// module takes 12 to 20 ms in each thread. Each server of it is an event emitter, and the runtime's
// `EventEmitter` calls a function that can be replaced, `EventEmitter.init`, before the server exists.

import { EventEmitter } from "node:events";
import type { NodeHttp } from "./node_types.ts";
import { isHttp2, isHttpServer, type NodeNet } from "./refused_servers.ts";

type Init = (this: object, options?: unknown) => void;

/** The part of `EventEmitter` that the public types lack. */
interface Emitters {
  init: Init;
}

/** The global of the runtime that has the modules which are loaded already. */
interface BuiltinModules {
  readonly process: { getBuiltinModule(name: string): unknown };
}

/**
 * Calls `onLoaded` with `node:http` and `node:net` when the program makes its first server, also one of
 * `node:https` or `node:http2`, before the program can use that server.
 */
export function noticeNodeHttp(onLoaded: (http: NodeHttp, net: NodeNet) => void): void {
  const emitters = EventEmitter as unknown as Emitters;
  const { init } = emitters;
  let isNoticed = false;
  const notice: Init = function (this: object, options) {
    if (!isNoticed && (isHttpServer(this) || isHttp2(this))) {
      isNoticed = true;
      // Another library may have replaced it meanwhile, and calls this one.
      if (emitters.init === notice) emitters.init = init;
      const { process } = globalThis as unknown as BuiltinModules;
      onLoaded(
        process.getBuiltinModule("node:http") as NodeHttp,
        process.getBuiltinModule("node:net") as NodeNet,
      );
    }
    init.call(this, options);
  };
  emitters.init = notice;
}
