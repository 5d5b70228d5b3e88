// The methods of `http.ServerResponse` where it would reach a socket. They are replaced in the prototype,
// because frameworks replace the prototype of a response, and because a property of each response would
// cost more. A response that this server has not made, such as that of a test, keeps the runtime's.

import { nextTick } from "./next_tick.ts";
import {
  type Encoding,
  EXCHANGE,
  type NodeHeaders,
  type NodeHttp,
  type NodeResponse,
  type OwnFields,
  type WriteCallback,
} from "./node_types.ts";
import { replaceMethods } from "./replaced_methods.ts";

/** The methods that are replaced. */
interface ResponseMethods {
  _storeHeader(firstLine: string, headers: NodeHeaders): void;
  _send(data: string | Uint8Array, encoding?: Encoding, callback?: WriteCallback | null): boolean;
  _writeRaw(data: string | Uint8Array, encoding?: Encoding, callback?: WriteCallback): boolean;
  _flushOutput(socket: object): boolean | undefined;
  _finish(): void;
  write(...given: unknown[]): boolean;
  end(...given: unknown[]): unknown;
  flushHeaders(): void;
}

/** Replaces the methods of `http.ServerResponse`. */
export function replaceResponseMethods(http: NodeHttp): void {
  const { prototype } = http.ServerResponse;
  const original = prototype as NodeResponse & ResponseMethods;
  const { _storeHeader, _send, _writeRaw, _flushOutput, _finish, write, end, flushHeaders } =
    original;
  const ownFieldsKey = findOwnFields(http);
  const methods: ThisType<NodeResponse & ResponseMethods> & ResponseMethods = {
    _storeHeader(firstLine, headers) {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) return _storeHeader.call(this, firstLine, headers);
      const own = (this as unknown as Record<symbol, OwnFields | undefined>)[ownFieldsKey];
      exchange.storeHead(firstLine, headers, own);
    },
    _send(data, encoding, callback) {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) return _send.call(this, data, encoding, callback);
      return exchange.send(data, encoding, callback ?? undefined);
    },
    _writeRaw(data, encoding, callback) {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) return _writeRaw.call(this, data, encoding, callback);
      // All else that the runtime writes goes through `_send`.
      exchange.sendInformational(String(data));
      if (typeof callback === "function") nextTick(callback);
      return true;
    },
    _flushOutput(socket) {
      return this[EXCHANGE] === undefined ? _flushOutput.call(this, socket) : true;
    },
    _finish() {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) _finish.call(this);
      else exchange.finish();
    },
    write(...given) {
      const isTaken = write.apply(this, given);
      this[EXCHANGE]?.planToBegin();
      return isTaken;
    },
    end(...given) {
      const exchange = this[EXCHANGE];
      const [data, encoding, callback] = given;
      // Most responses are one text. All others take the way of the runtime.
      const isWhole = exchange !== undefined && this._header === null && !this.finished &&
        !this.destroyed && this._hasBody && !this.strictContentLength &&
        typeof data === "string" && data !== "" &&
        (encoding === undefined || encoding === "utf8" || encoding === "utf-8") &&
        callback === undefined;
      if (!isWhole) return end.apply(this, given);
      exchange.end(data);
      return this;
    },
    flushHeaders() {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) return flushHeaders.call(this);
      if (this._header === null) this._implicitHeader();
      exchange.planToBegin();
    },
  };
  replaceMethods(prototype, methods);
}

/** Finds the property in which a response keeps the fields that `setHeader` sets. */
function findOwnFields({ ServerResponse, IncomingMessage }: NodeHttp): symbol {
  const response = new ServerResponse(new IncomingMessage({}));
  (response as unknown as { setHeader(name: string, value: string): void }).setHeader("X-A", "b");
  const fields = response as unknown as Record<symbol, Record<string, unknown> | undefined>;
  const key = Object.getOwnPropertySymbols(response).find((key) =>
    Array.isArray(Object(fields[key])["x-a"])
  );
  if (key === undefined) {
    throw new TypeError("Cannot serve node:http: the runtime keeps fields in another way");
  }
  return key;
}
