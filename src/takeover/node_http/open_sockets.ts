// The sockets of one `http.Server` that its program has seen: what `getConnections` counts, and what
// `closeAllConnections` closes.

/** A socket that can be closed. */
export interface OpenSocket {
  /** The response that is under way. */
  readonly _httpMessage: object | null;
  destroy(): unknown;
}

/** The open sockets of one server. */
export class OpenSockets {
  readonly #sockets = new Set<OpenSocket>();

  get size(): number {
    return this.#sockets.size;
  }

  add(socket: OpenSocket): void {
    this.#sockets.add(socket);
  }

  delete(socket: OpenSocket): void {
    this.#sockets.delete(socket);
  }

  /** Closes all of them, whatever is under way. */
  closeAll(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  /** Closes those without a request under way. */
  closeIdle(): void {
    for (const socket of [...this.#sockets]) if (socket._httpMessage === null) socket.destroy();
  }
}
