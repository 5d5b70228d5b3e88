// Listens on Unix sockets. Each worker has its own, at a path that contains the number of its slot;
// a front end on the same machine chooses among them. A replacement moves its socket over the old
// one in one step, and the old worker still accepts what waits in its queue: no client is lost.
// Another server may own the path by now. So only a file that a `SocketClaim` covers is replaced.
// One path that a program names can lead to all of this: a symbolic link to the first slot's socket.

import { SocketClaim } from "./socket_claim.ts";
import { cannotListenAtPath, explainPathError } from "./socket_errors.ts";
import { linkTarget, SLOT, socketPath } from "./socket_path.ts";

/**
 * The longest path: the system's structure has 108 bytes, with a zero at the end (unix(7)); 104 on
 * macOS and the BSDs.
 */
const MAX_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

/** The length of the suffix of the temporary path at which a new worker first listens. */
const SUFFIX_LENGTH = ".01234567".length;

/**
 * Makes a unique path for a socket that later moves to its real path. When Deno closes a listener,
 * it removes the file at the path that the listener was opened with, even if another process owns
 * it.
 */
function temporaryPathFor(path: string): string {
  return `${path}.${crypto.randomUUID()}`.slice(0, path.length + SUFFIX_LENGTH);
}

const NOT_A_SOCKET = "something else than a socket is there; remove it, or pass another path";
const ANOTHER_LISTENS = "another process listens there; stop it, or pass another path";

/** How long to wait for a process that may listen. A Unix socket answers at once or never. */
const PROBE_MS = 1_000;

/**
 * Checks that workers can listen in this number of slots. Removes the sockets that an earlier
 * process has left there, and in higher slots if it had more workers.
 *
 * @throws {Error} if a file that is not a socket is there, another process listens, the folder is
 * missing or not writable, or the path is too long; the message says what to do
 */
export async function reserveSocketPaths(pattern: string, slots: number): Promise<void> {
  for (let slot = 1; slot <= slots; slot++) {
    const path = socketPath(pattern, slot);
    const length = new TextEncoder().encode(path).length + SUFFIX_LENGTH;
    if (length > MAX_PATH_BYTES) {
      throw cannotListenAtPath(
        path,
        `the path is too long: the system takes ${MAX_PATH_BYTES} bytes, and ${length} are needed`,
      );
    }
    await clear(path);
    tryFolder(path);
  }
  for (const slot of slotsIn(pattern)) {
    if (slot > slots) await clearIfStale(socketPath(pattern, slot));
  }
}

/** Returns the slots in which a socket may exist. */
function slotsIn(pattern: string): number[] {
  const path = socketPath(pattern, SLOT);
  const folderEnd = path.lastIndexOf("/", path.indexOf(SLOT)) + 1;
  const [name] = path.slice(folderEnd).split("/", 1);
  const digitsAt = name.indexOf(SLOT);
  return namesIn(path.slice(0, folderEnd) || ".").flatMap((other) => {
    const digits = /^[1-9][0-9]*/.exec(other.slice(digitsAt))?.[0];
    return digits !== undefined && name.replaceAll(SLOT, digits) === other ? [Number(digits)] : [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    // The folder may be writable but not readable: workers can still listen there.
    return [];
  }
}

/** Removes a socket that no process listens on. Leaves anything else unchanged. */
async function clearIfStale(path: string): Promise<void> {
  try {
    await clear(path);
  } catch {
    // Another process owns it. No worker listens there unless the fleet grows, which reports it.
  }
}

/** Removes a socket that no process listens on; throws if the path holds anything else. */
async function clear(path: string): Promise<void> {
  const found = lookAt(path);
  if (found === undefined) return;
  if (!found.isSocket) {
    throw cannotListenAtPath(path, NOT_A_SOCKET);
  }
  if (await isListening(path)) {
    throw cannotListenAtPath(path, ANOTHER_LISTENS, Deno.errors.AddrInUse);
  }
  // By now another process may have replaced it.
  removeSocket(path, SocketClaim.to(found));
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explainPathError(path, error);
  }
}

async function isListening(path: string): Promise<boolean> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error("no answer")), PROBE_MS);
  try {
    const connecting = Deno.connect({ transport: "unix", path });
    connecting.then((connection) => connection.close(), () => {});
    await Promise.race([connecting, timeout.promise]);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (error instanceof Deno.errors.PermissionDenied) {
      throw cannotListenAtPath(
        path,
        "a socket is there that this user may not look at; remove it, or pass another path",
      );
    }
    if (error instanceof Deno.errors.NotCapable) throw explainPathError(path, error);
    // If the socket is gone, no process listens. If it exists and does not answer, one does.
    return !(error instanceof Deno.errors.NotFound);
  } finally {
    clearTimeout(timer);
  }
}

/** Listens for a moment, to check that the folder exists and is writable. */
function tryFolder(path: string): void {
  listen(path, temporaryPathFor(path)).close();
}

/** Listens at a temporary path. The message of an error names the real path. */
function listen(path: string, temporaryPath: string): Deno.UnixListener {
  try {
    return Deno.listen({ transport: "unix", path: temporaryPath });
  } catch (error) {
    throw explainPathError(path, error);
  }
}

/**
 * Listens at a path, and replaces the socket of the slot's previous worker. `mode` has the file's
 * permissions; undefined leaves them to the umask. `claim` is the slot's: it changes to the new
 * file. Calls `onListening` just before the new socket replaces the old one.
 *
 * @throws {Deno.errors.AddrInUse} if another process listens there
 * @throws {Error} if the path holds a file that is not a socket, or the folder is missing or not
 * writable, with a message that says what to do; and what `onListening` throws
 */
export async function listenOnSocket(
  path: string,
  mode: number | undefined,
  claim: SocketClaim,
  onListening: () => void = () => {},
): Promise<Deno.UnixListener> {
  const temporaryPath = temporaryPathFor(path);
  const listener = listen(path, temporaryPath);
  try {
    if (mode !== undefined) Deno.chmodSync(temporaryPath, mode);
    if (!hasOwn(path, claim)) await clear(path);
    onListening();
    const isOverOwn = hasOwn(path, claim);
    claim.goOver(Deno.lstatSync(temporaryPath), () => moveTo(path, temporaryPath, isOverOwn));
  } catch (error) {
    listener.close();
    throw error;
  }
  return listener;
}

/** Returns whether the slot still owns the socket at its path. */
function hasOwn(path: string, claim: SocketClaim): boolean {
  const found = lookAt(path);
  return found !== undefined && claim.covers(found);
}

/**
 * Moves a socket to its path: over the slot's own socket, or else only if the path is free. Of
 * several processes that try the latter, one succeeds.
 */
function moveTo(path: string, temporaryPath: string, isOverOwn: boolean): void {
  if (isOverOwn) return Deno.renameSync(temporaryPath, path);
  try {
    Deno.linkSync(temporaryPath, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw explainPathError(path, error);
    throw cannotListenAtPath(path, ANOTHER_LISTENS, Deno.errors.AddrInUse);
  }
  Deno.removeSync(temporaryPath);
}

/**
 * Removes the socket of a slot, if the slot still owns it. No new client can connect; connections
 * that exist or wait to be accepted stay. A file of another server stays, too.
 */
export function removeSocket(path: string, claim: SocketClaim): void {
  try {
    if (claim.covers(Deno.lstatSync(path))) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Checks that a link can be made at a path that has no number, to the socket of the first slot.
 * Removes what an earlier process has left there: a link of that kind, or a socket.
 *
 * @throws {Error} if another file is there, or another process listens; the message says what to do
 */
export async function reserveSocketLink(path: string): Promise<void> {
  // The first slot is reserved, so no process listens there.
  if (isOwnLink(path)) Deno.removeSync(path);
  else await clear(path);
  tryLink(path);
}

/** Makes a link for a moment, to check that workers can. */
function tryLink(path: string): void {
  const temporaryPath = temporaryPathFor(path);
  try {
    Deno.symlinkSync(linkTarget(path), temporaryPath);
    Deno.removeSync(temporaryPath);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw explainPathError(path, error);
    throw cannotListenAtPath(
      path,
      "a link there needs the permission to read and write everywhere: run it with --allow-read and --allow-write without a list, or with -A",
    );
  }
}

/** Removes the link, as long as it leads to the socket of the first slot, whose claim is given. */
export function removeSocketLink(path: string, claim: SocketClaim): void {
  if (isOwnLink(path) && hasOwn(socketPath(path, 1), claim)) Deno.removeSync(path);
}

function isOwnLink(path: string): boolean {
  try {
    return Deno.readLinkSync(path) === linkTarget(path);
  } catch {
    // No link is there.
    return false;
  }
}
