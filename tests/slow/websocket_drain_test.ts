// A fleet with a thousand WebSockets whose clients come back: a reload and a shutdown, as they look from outside.

import { assertEquals, assertGreater } from "@std/assert";
import { it } from "@std/testing/bdd";
import { SocketClient, type SocketEnd } from "../support/clients/socket_client.ts";
import { eventually, within } from "../support/deadline.ts";
import {
  acceptingWorkers,
  describeEachWay,
  startApp,
  TWO_WAYS,
} from "../support/servers/started_app.ts";

const SOCKETS = 1_000;
const WORKERS = 2;

/** How many connect at once: as many fit into the kernel's queue. */
const BATCH = 100;

/** In so many parts of 10 ms or more some WebSocket closes; without a spread it would be one for each worker. */
const MIN_PARTS = 10;
const PART_MS = 10;

/** Clients that come back whenever they are sent away, until the server refuses. */
class Crowd {
  readonly ends: SocketEnd[] = [];
  /** With what connections were refused. */
  readonly refusals: unknown[] = [];
  readonly #port: number;
  #open = new Set<SocketClient>();
  #isWanted = true;

  constructor(port: number) {
    this.#port = port;
  }

  get openCount(): number {
    return this.#open.size;
  }

  async gather(): Promise<void> {
    for (let i = 0; i < SOCKETS; i += BATCH) {
      await Promise.all(Array.from({ length: BATCH }, () => this.#connect()));
    }
  }

  async #connect(): Promise<void> {
    let client: SocketClient | undefined;
    while (client === undefined) {
      try {
        client = await SocketClient.open(this.#port);
      } catch (error) {
        // In "reuseport", the kernel resets a connection in the queue of a socket that is closed.
        if (!this.#isWanted) return;
        this.refusals.push(error);
      }
    }
    this.#open.add(client);
    client.closed.then((end) => this.#noteEnd(client, end));
  }

  async #noteEnd(client: SocketClient, end: SocketEnd): Promise<void> {
    this.ends.push(end);
    this.#open.delete(client);
    if (this.#isWanted) await this.#connect();
  }

  /** From now on, who is sent away stays away. */
  dismiss(): void {
    this.#isWanted = false;
  }
}

/** In how many parts of time something has ended. */
function countParts(ends: readonly SocketEnd[]): number {
  return new Set(ends.map(({ at }) => Math.floor(at / PART_MS))).size;
}

function codesOf(ends: readonly SocketEnd[]): number[] {
  return [...new Set(ends.map(({ code }) => code))];
}

describeEachWay((way) => {
  it("a reload of 1,000 WebSockets closes all with 1012, not in one instant, and all come back", async () => {
    await using app = await startApp("sockets.ts", {
      run: { ...way, workers: WORKERS, drainTimeout: 20_000 },
    });
    const crowd = new Crowd(app.port);
    await crowd.gather();
    const old = acceptingWorkers(app);
    await app.running.reload();
    for (const worker of old) await app.events.find("ended", (event) => event.worker === worker);
    const counted = () => app.running.stats().total.webSockets;
    await eventually(
      () => crowd.openCount === SOCKETS && counted().opened === SOCKETS + crowd.ends.length,
      "as many WebSockets as before",
    );
    assertEquals(codesOf(crowd.ends), [1012]);
    assertGreater(countParts(crowd.ends), MIN_PARTS);
    assertEquals([counted().open, counted().closes], [SOCKETS, { "1012": crowd.ends.length }]);

    crowd.dismiss();
    const before = crowd.ends.length;
    await within(app.running.shutdown(), "the end of the server");
    await eventually(() => crowd.openCount === 0, "the end of each WebSocket");
    assertEquals(codesOf(crowd.ends.slice(before)), [1001]);
    assertGreater(countParts(crowd.ends.slice(before)), MIN_PARTS);
  });
}, TWO_WAYS);
