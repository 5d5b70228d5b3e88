// Finds the module that the user has named, before anything is started. Loads nothing.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../runtime/error_message.ts";

/** Where a module is, or why it cannot be there. */
export type Location =
  | { readonly kind: "found"; readonly url: string }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * The schemes that a module may come by; what else stands before a colon belongs to a path, such as
 * one of Windows.
 */
const SCHEME = /^(?:file|https?):\/\//i;

/**
 * Finds the module that the user has named: an address, or a path from the folder in which the
 * program was started.
 */
export async function locate(app: string): Promise<Location> {
  const isAddress = SCHEME.test(app);
  if (isAddress && !URL.canParse(app)) {
    return refused(
      `Cannot load ${app}: expected an address such as https://host/app.ts, or a path`,
    );
  }
  const url = isAddress ? new URL(app) : pathToFileURL(resolve(Deno.cwd(), app));
  if (url.protocol !== "file:") return { kind: "found", url: url.href };
  // Asked first: a worker cannot ask the user at the terminal.
  const { state } = await Deno.permissions.query({ name: "read", path: url });
  if (state !== "granted") {
    return refused(
      `Cannot load ${app}: Deno was not given the permission to read it; ${ALLOW_READ}`,
    );
  }
  try {
    const { isDirectory } = await Deno.stat(url);
    return isDirectory
      ? refused(`Cannot load ${app}: it is a folder; name the module in it`)
      : { kind: "found", url: url.href };
  } catch (error) {
    return refused(
      error instanceof Deno.errors.NotFound
        ? `Cannot find ${app}: there is no such file in ${Deno.cwd()}`
        : `Cannot load ${app}: ${messageOf(error)}`,
    );
  }
}

const ALLOW_READ = "run with --allow-read, or with -A";

function refused(reason: string): Location {
  return { kind: "refused", reason };
}
