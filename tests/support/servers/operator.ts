// An operator's view of a server: what its port tells, and the events that it sends.

import { within } from "../deadline.ts";
import { RawClient, type RawResponse, request } from "../clients/raw_client.ts";

/** Asks an operator's port on a connection of its own. */
export async function ask(port: number, path: string, method = "GET"): Promise<RawResponse> {
  using client = await RawClient.connect(port);
  return await client.ask(request(method, path));
}

/** Status and text of an answer. */
export async function told(port: number, path: string): Promise<[number, string]> {
  const { status, text } = await ask(port, path);
  return [status, text.trimEnd()];
}

/** Asks until the answer is this one. */
export async function becomes(port: number, path: string, expected: [number, string]) {
  let last: [number, string] = [0, ""];
  const asking = async () => {
    while (String(last) !== String(expected)) {
      last = await told(port, path);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await within(asking(), `${path} that answers ${expected}`).catch((error) => {
    throw new Error(`The last answer was ${last}`, { cause: error });
  });
}

/** Waits until nobody listens there any more: the runtime lets go of a socket when it has told whoever waits at it. */
export async function becomesClosed(port: number): Promise<void> {
  const connecting = async () => {
    for (;;) {
      try {
        (await RawClient.connect(port))[Symbol.dispose]();
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionRefused) return;
      }
    }
  };
  await within(connecting(), `a port ${port} that nobody listens at`);
}

/** The samples of `/metrics` by name and labels. */
export async function metrics(port: number): Promise<ReadonlyMap<string, number>> {
  const { text } = await ask(port, "/metrics");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(0, space), Number(line.slice(space + 1))];
  }));
}

/** One of the events that the page gets. */
interface PageEvent {
  readonly kind: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** The stream of events that the page gets. */
export class EventReader implements Disposable {
  readonly #client: RawClient;
  #text = "";

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async open(port: number): Promise<EventReader> {
    const client = await RawClient.connect(port);
    await client.send(request("GET", "/events"));
    const reader = new EventReader(client);
    reader.#text = await client.readUntil("\r\n\r\n");
    const status = reader.#text.split(" ", 2)[1];
    if (status !== "200") throw new Error(`The events were refused with ${status}`);
    reader.#text = reader.#text.slice(reader.#text.indexOf("\r\n\r\n") + 4);
    return reader;
  }

  /** The next event of that kind that fits. */
  async next(kind: string, fits: (event: PageEvent) => boolean = () => true): Promise<PageEvent> {
    for (;;) {
      const event = await this.#nextOfAny();
      if (event.kind === kind && fits(event)) return event;
    }
  }

  async #nextOfAny(): Promise<PageEvent> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const kind = /^event: (.*)$/m.exec(block)?.[1] ?? "";
        return { kind, data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null") };
      }
      const part = await this.#client.readOnce();
      if (part === null) throw new Error("The stream of events has ended");
      this.#text += part;
    }
  }

  /** Reads until the server ends the stream. */
  async ended(): Promise<void> {
    await this.#client.discardToEnd();
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
