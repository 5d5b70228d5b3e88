// Looks for programs of others, which a test may start where they are installed.

import { CAN_START_PROGRAMS } from "../servers/started_app.ts";

/** Returns why a program cannot be started, for the name of a test; empty if it can be. */
export function hindranceTo(command: string): string {
  if (!CAN_START_PROGRAMS) return " (needs permissions)";
  return isInstalled(command) ? "" : ` (needs ${command})`;
}

/** Returns whether there is such a program in a folder of `PATH`. Starts nothing: a browser takes a while to tell its version. */
function isInstalled(command: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => isExecutable(`${folder}/${command}`));
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    // There is no such file.
    return false;
  }
}
