// The socket of a service manager such as systemd: it keeps what a service reports to it. A real datagram socket.

import { eventually } from "../deadline.ts";

/** The functions that `--unstable-net` brings. */
interface UnstableNet {
  listenDatagram(options: { transport: "unixpacket"; path: string }): {
    receive(): Promise<[bytes: Uint8Array, from: unknown]>;
    close(): void;
  };
}

/** The receiving end of the sd_notify protocol: all that was reported, in order. */
export class NotifySocket implements Disposable {
  readonly folder = Deno.makeTempDirSync();
  readonly path = `${this.folder}/manager.sock`;
  readonly told: string[] = [];
  readonly #socket = (Deno as unknown as UnstableNet).listenDatagram({
    transport: "unixpacket",
    path: this.path,
  });

  constructor() {
    this.#listen();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const [bytes] = await this.#socket.receive();
        this.told.push(new TextDecoder().decode(bytes));
      }
    } catch {
      // The test is over, and the socket closed.
    }
  }

  /** All that was told, without what is told at times: the signs of life, and how many workers there are. */
  get turns(): string[] {
    return this.told.filter((line) => !/^(WATCHDOG|STATUS)=/.test(line));
  }

  async hears(line: string, times = 1): Promise<void> {
    const count = () => this.told.filter((other) => other === line).length;
    await eventually(() => count() >= times, `${line} ${times} times`);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}
