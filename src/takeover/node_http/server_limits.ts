// The limits that a program sets on its `http.Server`, as options of this server. Programs set them
// before or after `listen`, so they are read when the worker begins to serve.

import type { WebServerOptions } from "../../options/server_options.ts";
import type { NodeServer } from "./node_types.ts";

type LimitName = "headersTimeout" | "keepAliveTimeout" | "maxHeaderSize" | "maxHeadersCount";

type OptionName = "headTimeout" | "keepAliveTimeout" | "maxHeadBytes" | "maxHeaderCount";

/** The limits of Node, and the options that they are here. */
const OPTION_NAMES: Readonly<Record<LimitName, OptionName>> = {
  headersTimeout: "headTimeout",
  keepAliveTimeout: "keepAliveTimeout",
  maxHeaderSize: "maxHeadBytes",
  maxHeadersCount: "maxHeaderCount",
};

/** The limits of a server that is not changed. */
export type DefaultLimits = Readonly<Pick<NodeServer, LimitName>>;

/** Reads the limits that a program has changed. What it leaves has the defaults of this server. */
export function readLimits(server: NodeServer, defaults: DefaultLimits): WebServerOptions {
  const options: Record<string, number> = {};
  for (const [name, option] of Object.entries(OPTION_NAMES)) {
    const value = server[name as LimitName];
    const isChanged = value !== defaults[name as LimitName];
    if (isChanged && typeof value === "number" && isMeant(option, value)) options[option] = value;
  }
  return options;
}

/** A time of 0 is none, in both. A count of 0 is none in Node, and this server always has one. */
function isMeant(option: OptionName, value: number): boolean {
  if (!Number.isFinite(value) || value < 0) return false;
  return value > 0 || option === "headTimeout" || option === "keepAliveTimeout";
}
