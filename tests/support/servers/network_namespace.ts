// A network of its own for a program, in which it may set what holds for the whole machine elsewhere. Linux alone has it, and only
// for root.

import { CAN_START_PROGRAMS } from "./started_app.ts";

/** Whether the kernel hands what waits in the queue of a closed socket over to another one. */
const MIGRATE_REQUESTS = "net.ipv4.tcp_migrate_req";

/** Returns the command that runs another one in a network of its own. */
export function inOwnNetwork(migrates: boolean, command: readonly string[]): string[] {
  const prepare = `ip link set lo up && sysctl -qw ${MIGRATE_REQUESTS}=${migrates ? 1 : 0}`;
  return ["unshare", "--net", "sh", "-c", `${prepare} && exec "$0" "$@"`, ...command];
}

/** Whether such a network can be made here, and has the setting: Linux 5.14 or later, and its tools. */
export function canMakeNetworks(): boolean {
  if (!CAN_START_PROGRAMS || Deno.build.os !== "linux") return false;
  const [program, ...args] = inOwnNetwork(true, ["true"]);
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    // The program does not exist.
    return false;
  }
}
