// The `WebSocket` that a program holds of a server's socket: the platform's prototype and events, and
// a session in place of the platform's own connection. What a program can see of it is what
// `Deno.upgradeWebSocket` gives. The class is made with the first of them: the platform loads its own
// `WebSocket` when the name is read.

/** What the data of a message can be. */
export type MessageData = string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob;

/** The session of a socket. */
export interface SocketPort {
  /** One of the constants of `WebSocket`. */
  readonly readyState: number;
  /** The subprotocol; empty if there is none. */
  readonly protocol: string;
  /** The extensions; empty if there are none. */
  readonly extensions: string;
  /** How many bytes of messages wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends a message. The socket is open. */
  send(data: MessageData): void;
  /** Begins to close, unless that has begun. The code and the reason are such as a program may send. */
  close(code: number | undefined, reason: string): void;
}

/** A socket with the ways in which its session calls the program. Each runs the listeners at once. */
export interface SocketObject {
  readonly socket: WebSocket;
  open(): void;
  message(data: string | Uint8Array<ArrayBuffer>): void;
  error(message: string): void;
  close(code: number, reason: string, wasClean: boolean): void;
}

/** Makes the socket of a session. */
export function createSocketObject(port: SocketPort): SocketObject {
  createSocket ??= defineServerSocket();
  return new DispatchingSocket(createSocket(port));
}

let createSocket: ((port: SocketPort) => WebSocket) | undefined;

class DispatchingSocket implements SocketObject {
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  open(): void {
    this.socket.dispatchEvent(new Event("open"));
  }

  message(data: string | Uint8Array<ArrayBuffer>): void {
    const { socket } = this;
    this.socket.dispatchEvent(
      new MessageEvent("message", {
        data: typeof data === "string" ? data : inFormOf(socket.binaryType, data),
      }),
    );
  }

  error(message: string): void {
    const error = new Error(message);
    this.socket.dispatchEvent(new ErrorEvent("error", { error, message }));
  }

  close(code: number, reason: string, wasClean: boolean): void {
    this.socket.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
  }
}

/** The bytes are memory of their own. */
function inFormOf(type: BinaryType, bytes: Uint8Array<ArrayBuffer>): ArrayBuffer | Blob {
  return type === "blob" ? new Blob([bytes]) : bytes.buffer;
}

/** The codes with which a program may close (WHATWG WebSockets, `close()`). */
function checkCode(code: unknown): number {
  // As the platform converts it: to a whole number, up to the largest of 16 bits.
  const number = Math.min(Math.max(Math.round(Number(code)) || 0, 0), 0xffff);
  if (number === 1000 || (number >= 3000 && number <= 4999)) return number;
  throw new DOMException(
    `The close code must be either 1000 or in the range of 3000 to 4999: received ${number}`,
    "InvalidAccessError",
  );
}

/** How many bytes a reason may have: a Close frame has 125, of which the code takes two. */
const MAX_REASON_BYTES = 123;

function checkReason(reason: string): string {
  if (new TextEncoder().encode(reason).length > MAX_REASON_BYTES) {
    throw new DOMException("The close reason may not be longer than 123 bytes", "SyntaxError");
  }
  return reason;
}

function dataOf(value: unknown): MessageData {
  if (value instanceof Blob || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return value as MessageData;
  }
  return String(value);
}

/** Defines the class, with a prototype that inherits from that of the platform's sockets. */
function defineServerSocket(): (port: SocketPort) => WebSocket {
  const OPEN = 1;
  const PORT = Symbol("session");

  class ServerSocket extends EventTarget {
    declare readonly [PORT]: SocketPort;
    #binaryType: BinaryType = "arraybuffer";

    constructor(port: SocketPort) {
      super();
      // Programs list the keys of a socket, and see none, as with the platform's.
      Object.defineProperty(this, PORT, { value: port });
    }

    get readyState(): number {
      return this[PORT].readyState;
    }

    get protocol(): string {
      return this[PORT].protocol;
    }

    get extensions(): string {
      return this[PORT].extensions;
    }

    /** Empty, as for all sockets of a server. */
    get url(): string {
      return "";
    }

    get bufferedAmount(): number {
      return this[PORT].bufferedAmount;
    }

    get binaryType(): BinaryType {
      return this.#binaryType;
    }

    /** Any other value is ignored, as the platform does it. */
    set binaryType(type: BinaryType) {
      if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
    }

    send(...data: unknown[]): void {
      if (data.length === 0) {
        throw new TypeError(
          "Failed to execute 'send' on 'WebSocket': 1 argument required, but only 0 present",
        );
      }
      const port = this[PORT];
      if (port.readyState !== OPEN) {
        throw new DOMException("'readyState' not OPEN", "InvalidStateError");
      }
      const [value] = data;
      port.send(typeof value === "string" ? value : dataOf(value));
    }

    close(code?: number, reason?: string): void {
      const checkedCode = code === undefined ? undefined : checkCode(code);
      const checkedReason = reason === undefined ? "" : checkReason(String(reason));
      // A reason needs a code before it in the frame.
      const sentCode = checkedReason === "" ? checkedCode : checkedCode ?? 1000;
      this[PORT].close(sentCode, checkedReason);
    }
  }

  Object.defineProperty(ServerSocket.prototype, "constructor", { value: WebSocket });
  Object.setPrototypeOf(ServerSocket.prototype, WebSocket.prototype);
  return (port) => new ServerSocket(port) as unknown as WebSocket;
}
