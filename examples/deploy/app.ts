// The service that the files beside this one deploy: it says what a parcel costs. What differs between one deployment and the
// next comes from the environment; see README.md for the figures that belong together.
//
//   deno run -A examples/deploy/app.ts
//   curl -i http://127.0.0.1:8000/rates
//   curl -i -d '{"reference":"A-17","zone":"europe","grams":1200}' http://127.0.0.1:8000/quotes
//
//   HOST, PORT               where it serves: 127.0.0.1 and 8000
//   LISTEN                   how its workers share the port: shared, or reuseport
//   SOCKET, SOCKET_MODE      Unix sockets instead, such as /run/mudpie/app.{n}.sock, and who may connect to them: 660
//   ADMIN_HOST, ADMIN_PORT   where it tells operators how it is, by /readyz and /metrics among others: 127.0.0.1, and nowhere
//   ISOLATION                what its workers are: web, or thread
//   SHUTDOWN_DELAY           how long it serves on after SIGTERM, in milliseconds: 0
//   DRAIN_TIMEOUT            how long it may then take over what is under way, in milliseconds: 20000
//   ACCESS_LOG               how it logs requests: text, json, or off
//   TRUST_PROXY              which front ends it believes about their clients: loopback, or ranges such as 10.0.0.0/8,fd00::/8; none
//   JOURNAL                  a file that gets a line for each quote; none
//   MUDPIE_THREADS           how many workers: one for each core (Mudpie's own)

import {
  HttpError,
  type RunOptions,
  type WebRequest,
  WebResponse,
  WebServer,
  type WebServerOptions,
} from "../../mod.ts";

/** What a parcel to a zone costs, in cents: to begin with, and for each kilogram that has begun. */
const RATES: Readonly<Record<string, { readonly base: number; readonly perKilogram: number }>> = {
  domestic: { base: 390, perKilogram: 60 },
  europe: { base: 890, perKilogram: 170 },
  world: { base: 1_490, perKilogram: 620 },
};

const MAX_GRAMS = 31_500;
const MAX_REFERENCE_LENGTH = 100;

interface Order {
  readonly reference: string;
  readonly zone: string;
  readonly grams: number;
}

function parseOrder(req: WebRequest): Order {
  const body = req.json<Partial<Order> | null>();
  const { reference, zone, grams } = typeof body === "object" && body !== null ? body : {};
  if (
    typeof reference !== "string" || reference === "" || reference.length > MAX_REFERENCE_LENGTH
  ) {
    throw new HttpError(422, `reference is a text of 1 to ${MAX_REFERENCE_LENGTH} characters`);
  }
  if (typeof zone !== "string" || !Object.hasOwn(RATES, zone)) {
    throw new HttpError(422, `zone is one of ${Object.keys(RATES).join(", ")}`);
  }
  if (!Number.isInteger(grams) || Number(grams) < 1 || Number(grams) > MAX_GRAMS) {
    throw new HttpError(422, `grams is a whole number from 1 to ${MAX_GRAMS}`);
  }
  return { reference, zone, grams: Number(grams) };
}

/** Each worker of each process has the file open; a line that is appended in one write never gets between another's. */
const journalPath = Deno.env.get("JOURNAL");
const journal = WebServer.isWorker && journalPath
  ? Deno.openSync(journalPath, { append: true, create: true })
  : undefined;
const encoder = new TextEncoder();

function quote(req: WebRequest): WebResponse {
  const { reference, zone, grams } = parseOrder(req);
  const { base, perKilogram } = RATES[zone];
  const made = { reference, cents: base + perKilogram * Math.ceil(grams / 1_000) };
  journal?.writeSync(encoder.encode(JSON.stringify(made) + "\n"));
  return WebResponse.json(made, { status: 201 });
}

function showRate(req: WebRequest<"/rates/:zone">): WebResponse {
  const { zone } = req.params;
  if (!Object.hasOwn(RATES, zone)) throw new HttpError(404, "there is no such zone");
  return WebResponse.json(RATES[zone]);
}

/** What the environment says, where it says something. */
function text(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

function number(name: string): number | undefined {
  const given = text(name);
  return given === undefined ? undefined : Number(given);
}

function whereToListen(): RunOptions {
  const path = text("SOCKET");
  if (path !== undefined) {
    return { path, pathMode: Number(`0o${text("SOCKET_MODE") ?? "660"}`) };
  }
  return {
    hostname: text("HOST"),
    port: number("PORT"),
    // A front end keeps its connections, so accepting need not be fast; and this mode loses none when a worker goes.
    listen: (text("LISTEN") ?? "shared") as RunOptions["listen"],
  };
}

/** The options, as they were given: run() checks them, and names the one that is wrong. */
function runOptions(): RunOptions {
  const adminPort = number("ADMIN_PORT");
  return {
    ...whereToListen(),
    admin: adminPort === undefined ? undefined : { hostname: text("ADMIN_HOST"), port: adminPort },
    isolation: text("ISOLATION") as RunOptions["isolation"],
    shutdownDelay: number("SHUTDOWN_DELAY"),
    drainTimeout: number("DRAIN_TIMEOUT") ?? 20_000,
  };
}

const server = new WebServer({
  maxBodyBytes: 10_000,
  trustProxy: text("TRUST_PROXY")?.split(","),
  accessLog: text("ACCESS_LOG") as WebServerOptions["accessLog"],
});
server.addExactPath("/rates", { GET: () => WebResponse.json(RATES) });
server.addExactPath("/rates/:zone", { GET: showRate });
server.addExactPath("/quotes", { POST: quote });
await server.run(runOptions());
journal?.close();
