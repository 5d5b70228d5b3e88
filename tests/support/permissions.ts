// What this run of the tests may do. A test that needs more is left out, and says so.

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

/** Whether sockets of this machine may be opened. */
export const canUseNetwork: boolean = isGranted({ name: "net" });

/** Whether Deno may be run in a process of its own. */
export const canRunDeno: boolean = isGranted({ name: "run" }) && isGranted({ name: "read" });

/** Whether a variable of the environment may be read and written. */
export function canUseVariable(variable: string): boolean {
  return isGranted({ name: "env", variable });
}

/** Whether the files beside the tests may be read. */
export const canReadTests: boolean = isGranted({
  name: "read",
  path: new URL("../", import.meta.url),
});

/** Whether the sources of the server may be read. */
export const canReadSources: boolean = isGranted({
  name: "read",
  path: new URL("../../src/", import.meta.url),
});
