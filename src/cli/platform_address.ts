// Where a program listens by the conventions of platforms: DENO_SERVE_ADDRESS, which wins over what
// the program asks for, and PORT and HOST, which fill in what it leaves open. Only the command line
// reads these variables.

import { isServingCall, type ServedBy } from "../ipc/messages.ts";
import { RUN_RULES, type RunOptions } from "../options/run_options.ts";

/** Returns a variable of the environment; undefined if there is none. */
type Variable = (name: string) => string | undefined;

/** The part of the options that is an address. */
export type AddressOptions = Pick<RunOptions, "hostname" | "port" | "path">;

/** What a variable comes to. */
export type AddressReading =
  | { readonly kind: "options"; readonly options: AddressOptions }
  | { readonly kind: "refused"; readonly reason: string };

/** The variable of the runtime that moves a server which calls `Deno.serve`. */
export const SERVE_ADDRESS = "DENO_SERVE_ADDRESS";

const NO_OPTIONS: AddressReading = { kind: "options", options: {} };

/** The address of every interface, where platforms expect a server. */
const EVERY_INTERFACE = "0.0.0.0";

/** Reads DENO_SERVE_ADDRESS: `tcp:host:port` or `unix:path`. */
export function readServeAddress(variable: Variable): AddressReading {
  const text = variable(SERVE_ADDRESS);
  if (text === undefined || text === "") return NO_OPTIONS;
  const [, hostname, port] = /^tcp:(?:\[(?=.*\]))?([^[\]]+)\]?:(\d+)$/.exec(text) ?? [];
  if (hostname !== undefined && isPort(Number(port))) {
    return { kind: "options", options: { hostname, port: Number(port) } };
  }
  const [, path] = /^unix:(.+)$/.exec(text) ?? [];
  if (path !== undefined) return { kind: "options", options: { path } };
  return refused(text, SERVE_ADDRESS, "tcp:host:port or unix:path");
}

/** What is known of the address already. */
export interface NamedAddress {
  /** What the program names. */
  readonly coded: AddressOptions;
  /** What the command line and the environment name, which wins. */
  readonly winning: AddressOptions;
  readonly servedBy: ServedBy;
}

/** What fills in the rest of an address. */
export type FilledAddress =
  | {
    readonly kind: "options";
    readonly options: AddressOptions;
    /** Whether the port is that of PORT. */
    readonly isPortOfPlatform: boolean;
    /** A line for the log, about a variable that is ignored. */
    readonly notice: string | undefined;
  }
  | Extract<AddressReading, { kind: "refused" }>;

/**
 * Returns what PORT, HOST and the defaults of `Deno.serve` and of `node:http` add to an address.
 * `everyInterface` returns the address of every interface by which Node listens.
 */
export function fillAddress(
  { coded, winning, servedBy }: NamedAddress,
  variable: Variable,
  everyInterface: () => string,
): FilledAddress {
  const isPath = (winning.path ?? coded.path) !== undefined &&
    winning.port === undefined && winning.hostname === undefined;
  if (isPath) return { kind: "options", options: {}, isPortOfPlatform: false, notice: undefined };
  const portText = (winning.port ?? coded.port) === undefined ? variable("PORT") ?? "" : "";
  const port = portText === "" ? undefined : Number(portText);
  if (port !== undefined && !isPort(port)) {
    return refused(portText, "PORT", RUN_RULES.port.expect(port) ?? "");
  }
  const isPortOfPlatform = port !== undefined;
  const isOpen = isPortOfPlatform || isServingCall(servedBy);
  const rest = { isPortOfPlatform, notice: undefined, kind: "options" } as const;
  if ((winning.hostname ?? coded.hostname) !== undefined) return { ...rest, options: { port } };
  const host = variable("HOST") ?? "";
  if (isAddress(host)) return { ...rest, options: { hostname: host, port } };
  const defaultHostname = servedBy === "http.Server.listen()" ? everyInterface() : EVERY_INTERFACE;
  const hostname = isOpen ? defaultHostname : undefined;
  if (host === "") return { ...rest, options: { hostname, port } };
  const notice = `HOST is ${JSON.stringify(host)}, neither an IP address nor localhost: ignored`;
  return { ...rest, options: { hostname, port }, notice };
}

function isPort(port: number): boolean {
  return RUN_RULES.port.expect(port) === undefined;
}

/** Shells set HOST to the name of the machine, so only what is meant as an address counts. */
function isAddress(host: string): boolean {
  return host === "localhost" || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) ||
    host.includes(":") && URL.canParse(`http://[${host}]`);
}

function refused(
  text: string,
  name: string,
  expected: string,
): Extract<AddressReading, { kind: "refused" }> {
  return {
    kind: "refused",
    reason: `Cannot use ${
      JSON.stringify(text)
    } as environment variable ${name}: expected ${expected}`,
  };
}
