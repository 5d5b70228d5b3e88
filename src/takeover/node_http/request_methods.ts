// The methods of `http.IncomingMessage` where it would reach a socket, for the requests that this server
// has made. All others keep the runtime's.

import { EXCHANGE, type NodeHttp, type NodeRequest } from "./node_types.ts";
import { nextTick } from "./next_tick.ts";
import { replaceMethods } from "./replaced_methods.ts";

/** The methods that are replaced. */
interface RequestMethods {
  _read(size: number): void;
  _destroy(error: Error | null, callback: (error?: Error | null) => void): void;
}

/** Replaces the methods of `http.IncomingMessage`. */
export function replaceRequestMethods({ IncomingMessage }: NodeHttp): void {
  const { prototype } = IncomingMessage;
  const { _read, _destroy } = prototype as NodeRequest & RequestMethods;
  const methods: ThisType<NodeRequest> & RequestMethods = {
    _read(size) {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) return _read.call(this, size);
      if (!this._consuming) {
        this._consuming = true;
        // The runtime holds the reading back until the program asks for the body.
        this._readableState.readingMore = false;
      }
      exchange.readBody();
    },
    _destroy(error, callback) {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) return _destroy.call(this, error, callback);
      if (!this.readableEnded || !this.complete) {
        this.aborted = true;
        this.emit("aborted");
        exchange.cutOffRequest(error ?? undefined);
      }
      nextTick(() => callback(this.listenerCount("error") === 0 ? null : error));
    },
  };
  replaceMethods(prototype, methods);
}
